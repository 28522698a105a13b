"""The command line `onboard`: tenants and their events, repair, rejections, dead letters, and a local stack.

It finds the stack by its CloudFormation outputs through the ordinary boto3 chain, so AWS_ENDPOINT_URL and profiles
work; so does AWS_REGION. What reads has `--json`, which prints
one document on stdout and nothing else. No stack trace reaches a user. Knows every room of the domain. Begin with
`tenants`, the commands that are used most; `program` puts them together.

This module imports next to nothing: until `main` runs, Ctrl-C would show a stack trace.
"""

import os
import sys

from orchestrator.cli import exit_status


def main() -> None:
    """Run the command line and end with one of `exit_status`; Ctrl-C ends it at any moment without a stack trace."""
    if sys.stdout is None:
        _open_closed()
        ended = _complain("stdout is closed, so nothing can be printed")
        sys.exit(ended)
    _open_closed()
    try:
        import signal

        endings = (signal.SIGINT, signal.SIGTERM)
        for each in endings:
            signal.signal(each, _end_at_once)  # what interrupts the loading of a module can be lost in it
        from orchestrator.cli import program

        for each in endings:
            signal.signal(each, signal.default_int_handler)  # by SIGTERM, too, a command ends what it started
        ended = program.run()
        sys.stdout.flush()
        for each in endings:
            signal.signal(each, _end_at_once)
    except KeyboardInterrupt:
        ended = exit_status.INTERRUPTED
    except BrokenPipeError:
        _print_no_more()
        ended = exit_status.NO
    except OSError as error:
        _print_no_more()
        ended = _complain(": ".join(filter(None, (error.filename, error.strerror or str(error)))))
    sys.exit(ended)


def _open_closed() -> None:
    """Let stdin and stderr be there where the shell closed them: empty, and read by nobody."""
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115  # open to the end
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # the same


def _print_no_more() -> None:
    """Drop what is not printed yet: Python would try it again at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str) -> int:
    sys.stderr.write(f"onboard: {message}\n")
    return exit_status.NO


def _end_at_once(_number: int, _frame: object) -> None:
    os._exit(exit_status.INTERRUPTED)

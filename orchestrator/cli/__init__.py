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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains of what nobody reads
        ended = exit_status.NO
    sys.exit(ended)


def _end_at_once(_number: int, _frame: object) -> None:
    os._exit(exit_status.INTERRUPTED)

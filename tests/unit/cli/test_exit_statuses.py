"""How commands end: one set of exit statuses, one line on stderr, and nobody is asked before the words make sense."""

import ast
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer._completion_shared import get_completion_script

from orchestrator.cli import exit_status, program
from orchestrator.cli.help_pages import SECTIONS
from orchestrator.tenants import lifecycle
from tests.infra.source import modules, tree
from tests.pages import OPERATIONS, rows
from tests.unit.cli.command_line import Run, refusal, run, wrong_use
from tests.unit.cli.parser import ASK_AWS, COMMANDS, numbers, words

__all__ = ["run"]

NARROW = 80
SHORT = 55
NO_DIGITS = ("1_0", "+5", " 5", "5.", "1e1", "nan", "", "\N{ARABIC-INDIC DIGIT FIVE}")
STRIKE = """
import os, signal, sys

class Strike:
    def find_spec(self, name, *_):
        if name == sys.argv[2]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Strike())
from orchestrator.cli import main
main()
"""
"""Ctrl-C as a module is about to be loaded: the second word of the command line, of which `schema` knows nothing."""


@pytest.fixture
def _no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody be asked."""

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("AWS is asked")

    monkeypatch.setattr(boto3.Session, "client", asked)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example_that_its_parser_takes(name: str, run: Run) -> None:
    ran = run(*name.split(), "--help")
    assert (ran.code, ran.err) == (exit_status.DONE, "")
    examples = re.findall(r"^ +Example: onboard (.+)$", ran.out, re.MULTILINE)
    assert examples
    for example in examples:
        assert f"{example} ".startswith(f"{name} ")
        assert run(*shlex.split(example), "--help").code == exit_status.DONE


GROUPS = ["", *sorted({name.split()[0] for name in COMMANDS if " " in name})]


@pytest.mark.parametrize("group", GROUPS)
def test_a_list_of_commands_cuts_no_description_at_80_columns(
    group: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run(*group.split(), "--help").out.splitlines()
    assert [line for line in lines if line.startswith("  ") and (len(line) > NARROW or line.endswith("..."))] == []


def test_each_command_is_described_in_few_words() -> None:
    assert max(len(line) for lines in SECTIONS.values() for line in lines.values()) <= SHORT


def test_the_help_of_all_has_each_command_in_one_section(run: Run) -> None:
    listed = re.findall(r"^  ([a-z][\w-]*)  ", run("--help").out, re.MULTILINE)
    assert sorted(listed) == sorted({name.split()[0] for name in COMMANDS})


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_that_there_is_not_is_wrong_use_of_each_command(name: str, run: Run) -> None:
    line = wrong_use(run(*name.split(), "--no-such-option"))
    assert line == f"No such option: --no-such-option; see: onboard {name} --help"


@pytest.mark.parametrize("name", ASK_AWS)
def test_a_stack_that_is_not_there_is_a_failure_of_each_command(name: str, run: Run, tmp_path: Path) -> None:
    ran = run(*words(name, tmp_path), "--stack", "Elsewhere")
    assert (ran.code, ran.out) == (exit_status.NO, "")
    [line] = ran.err.splitlines()
    assert line.startswith("onboard: No stack Elsewhere found: ")


@pytest.mark.parametrize("name", ASK_AWS)
def test_each_command_that_is_interrupted_says_so_by_its_status_alone(
    name: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(boto3.Session, "client", interrupted)
    ran = run(*words(name, tmp_path))
    assert (ran.code, ran.out, ran.err) == (exit_status.INTERRUPTED, "", "")


@pytest.mark.parametrize("module", ["orchestrator.cli.program", "typer", "pydantic.main", "botocore.exceptions"])
def test_ctrl_c_while_modules_load_shows_no_stack_trace(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", STRIKE, "schema", module], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (exit_status.INTERRUPTED, "", "")


def test_without_ctrl_c_the_same_words_are_wrong_use() -> None:
    command = [sys.executable, "-c", STRIKE, "schema", "no-module"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == exit_status.WRONG_USE


def test_what_nobody_reads_any_more_ends_without_a_stack_trace() -> None:
    """As in `onboard schema | head -1`, with a reader that has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "orchestrator.cli", "schema"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (exit_status.NO, b"")


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("schema >/dev/full", "onboard: No space left on device\n"),
        ("--version >/dev/full", "onboard: No space left on device\n"),
        ("schema >&-", "onboard: stdout is closed, so nothing can be printed\n"),
        ("schema >&- 2>&-", ""),
        ("emit - <&-", "onboard: -: is not JSON: "),
        ("domains release acme acme.example <&-", "onboard: addresses of the domain lead nowhere after that: "),
    ],
)
def test_a_stream_that_is_full_or_closed_ends_without_a_stack_trace(where: str, says: str) -> None:
    command = ["sh", "-c", f'"$0" -m orchestrator.cli {where}', sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in {exit_status.NO, exit_status.WRONG_USE}
    assert (done.stdout, done.stderr.startswith(says), done.stderr.count("\n")) == ("", True, bool(says))


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"])
@pytest.mark.parametrize("value", ["localhost:47917", "127.0.0.1:4566", "ftp://localhost"])
def test_an_endpoint_without_a_scheme_is_one_line(
    name: str, value: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert refusal(run("list")) == f"{name} must begin with http:// or https://, not {value!r}"


def test_an_endpoint_that_is_no_address_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://")
    assert refusal(run("list")).startswith("AWS cannot be reached: Invalid endpoint: http://. Set credentials")


@pytest.mark.usefixtures("_no_aws")
@pytest.mark.parametrize("name", [name for name in COMMANDS if numbers(name)])
@pytest.mark.parametrize("text", NO_DIGITS)
def test_a_number_is_written_in_digits(name: str, text: str, run: Run, tmp_path: Path) -> None:
    for option in numbers(name):
        line = wrong_use(run(*words(name, tmp_path), f"{option}={text}"))
        assert re.match(rf"{option}: must be a (whole )?number, in digits", line)


@pytest.mark.usefixtures("_no_aws")
@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Usage"),
        ("emmit", "No such command 'emmit'. Did you mean 'emit'?"),
        ("operators nobody", "No such command 'nobody'"),
        ("show", "Missing argument 'ID'"),
        ("show acme globex", "Got unexpected extra argument(s) (globex)"),
        ("show Acme", "ID: 'Acme' must be 2 to 40 characters"),
        ("show ''", "ID: '' must be 2 to 40 characters"),
        ("retry acme 'two words'", "ID...: 'two words' must be"),
        ("list --limit", "Option '--limit' requires an argument"),
        ("list --limit 0", "--limit: 0 must be from 1 to 100000"),
        ("list --limit 5.0", "--limit: must be a whole number, in digits"),
        ("list --status lost", "--status LOST: must be one of PENDING, "),
        ("list --search 'a b'", "--search a b: must be 1 to 254 characters without spaces"),
        ("list --metadata seller", "--metadata seller: must be KEY=VALUE, such as "),
        ("list --metadata ''", "--metadata : must be KEY=VALUE, such as "),
        ("list --metadata a=b --first-sign-in expired", "--first-sign-in goes with COMPLETED tenants, not with "),
        ("list --stack two/words", "--stack: 'two/words' must be a letter, then"),
        ("emit", "Missing argument 'FILE...'"),
        ("emit no-such-file.json", "no-such-file.json: No such file or directory"),
        ("listen ''", "ID: '' must be 2 to 40 characters"),
        ("listen acme globex", "Got unexpected extra argument(s) (globex)"),
        ("listen Acme", "ID: 'Acme' must be 2 to 40 characters"),
        ("listen acme --clean", "--clean goes alone"),
        ("retry", "give either ids of tenants or --all-failed"),
        ("retry acme --step CreateUserPool", "--step, --error, --since and --limit go with --all-failed"),
        ("retry --all-failed --since tomorrow", "--since tomorrow: must be ISO 8601"),
        ("retry acme --redo Everything", "--redo Everything: must be one of "),
        ("retry acme --per-second 11", "--per-second: 11 must be from 0.1 to 10"),
        ("retry acme --redo ChooseTier", "--redo ChooseTier: must be one of CreateTenantGroup, "),
        ("emit /dev/null", "/dev/null: is not JSON: "),
        ("amend acme /dev/null", "/dev/null: is not JSON: "),
        ("preview-email --event /dev/null", "/dev/null: is not JSON: "),
        ("preview-email --html /dev/null/x.html", "--html /dev/null/x.html: Not a directory"),
        ("preview-email --templates /dev/null", "--templates /dev/null: there is no such folder"),
        ("watch --interval -1", "--interval: -1 must be 1 or more"),
        ("retry acme --per-second -0.5", "--per-second: -0.5 must be 0.1 or more"),
        ("list --limit -1", "--limit: -1 must be 1 or more"),
        ("watch --interval nan", "--interval: must be a number, in digits with at most one point"),
        ("resolve", "give exactly one of --host, --subdomain, --email and --code"),
        ("pools --correct", "--correct goes with --audit"),
        ("pools close", "Missing argument 'KEY'"),
        ("pools close acme", "KEY: 'acme' must be like shared-001"),
        ("pools open shared-001 shared-002", "Got unexpected extra argument(s) (shared-002)"),
        ("pools shut", "No such command 'shut'"),
        ("rejected list --since yesterday", "--since yesterday: must be ISO 8601"),
        ("rejected show 'two words'", "EVENT_ID: 'two words' must be 1 to 128 characters without spaces"),
        ("replay --since 2h", "Missing option '--until'"),
        ("replay --since 1h --until 2h", "--until must be after --since"),
        ("replay --since 2h --until tomorrow", "--until tomorrow: must be ISO 8601"),
        ("dlq replay", "give either ids of messages or --all"),
        (
            "dlq list --queue nowhere",
            "--queue nowhere: must be one of intake, parameters, mail_feedback, proof_requests, rules",
        ),
        ("domains verify acme --override", "--override needs DOMAIN and --reason"),
        ("domains release acme acme", "acme is not a domain name"),
        ("domains release acme acme.example", "addresses of the domain lead nowhere after that: give --yes"),
        ("resolve --email acme.example", "acme.example is not an email address"),
        ("operators add nobody", "EMAIL: 'nobody' must be an email address, like operator@ops.example"),
        ("operators add operator@ops.example --group all", "--group: 'all' is not one of 'viewers', 'operators'"),
        ("schema Unknown", "Unknown: must be one of TenantCreated, "),
        ("preview-email --locale German", "--locale German: is no locale"),
        ("up --port 80", "--port: 80 must be from 1024 to 65535"),
    ],
)
def test_wrong_use_is_one_line_that_says_what_is_right_and_nobody_is_asked(typed: str, says: str, run: Run) -> None:
    ran = run(*shlex.split(typed))
    if typed:
        assert wrong_use(ran).startswith(says)
    else:
        assert (ran.code, ran.out, ran.err.startswith(says)) == (exit_status.WRONG_USE, "", True)


class Terminal(io.StringIO):
    """A terminal at which this is typed, or happens."""

    def __init__(self, typed: str | type[BaseException]) -> None:
        super().__init__(typed if isinstance(typed, str) else "")
        self._happens = None if isinstance(typed, str) else typed

    def isatty(self) -> bool:
        return True

    def readline(self, *size: Any) -> Any:  # Any: as every file has it
        if self._happens:
            raise self._happens
        return super().readline(*size)


@pytest.mark.usefixtures("_no_aws")
@pytest.mark.parametrize(
    ("typed", "code", "says"),
    [
        ("n\n", exit_status.NO, "onboard: not agreed to; nothing was done"),
        (EOFError, exit_status.NO, "onboard: nobody answered; nothing was done"),
        (KeyboardInterrupt, exit_status.INTERRUPTED, ""),
    ],
)
def test_a_question_is_answered_with_no_by_no_by_the_end_and_by_ctrl_c(
    typed: str | type[BaseException], code: int, says: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    ran = run("domains", "release", "acme", "acme.example")
    assert ran.code == code
    assert ran.err.rstrip("\n").endswith(says)
    assert "Traceback" not in ran.err


def test_no_command_ends_with_a_status_of_its_own() -> None:
    ends = ("typer.Exit", "sys.exit", "os._exit", "SystemExit")
    found = [
        f"{name}: {ast.unparse(node)}"
        for name, path in modules("orchestrator").items()
        if name.startswith("orchestrator.cli")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ends
        if not re.fullmatch(r"[\w.]+\((exit_status\.[A-Z_]+|ended)\)", ast.unparse(node))
    ]
    assert found == []


def test_operations_lists_every_exit_status() -> None:
    listed = {int(status) for status, _ in rows(OPERATIONS, "| exit status | means |")}
    assert listed == {value for name, value in vars(exit_status).items() if name.isupper()}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_given_the_commands_and_options_that_there_are(shell: str) -> None:
    """By the variables that the script of that shell sets, which the program prints itself."""
    asked = {
        "bash": {"COMP_WORDS": "onboard li", "COMP_CWORD": "1", "_ONBOARD_COMPLETE": "complete_bash"},
        "zsh": {"_TYPER_COMPLETE_ARGS": "onboard li", "_ONBOARD_COMPLETE": "complete_zsh"},
        "fish": {
            "_TYPER_COMPLETE_ARGS": "onboard li",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "_ONBOARD_COMPLETE": "complete_fish",
        },
    }[shell]
    script = get_completion_script(prog_name="onboard", complete_var="_ONBOARD_COMPLETE", shell=shell)
    assert all(name in script for name in asked)
    command = [sys.executable, "-c", "from orchestrator.cli import main; main()"]
    done = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (exit_status.DONE, "")
    assert re.findall(r"\blist\b", done.stdout)
    assert "emit" not in done.stdout


@pytest.mark.usefixtures("_no_aws")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("list --status FA", ["FAILED"]),
        ("list --status ", lifecycle.STATUSES),
        ("retry --all-failed --step CreateT", ["CreateTenantAdmin", "CreateTenantGroup"]),
        ("retry --all-failed --error Thr", ["ThrottledError"]),
        ("retry acme --redo CreateA", ["CreateAppClient"]),
        ("retry acme --redo A", []),
        ("retry acme --redo Ch", []),
        ("retry acme --redo S", []),
        ("dlq list --queue p", ["parameters", "proof_requests"]),
        ("schema TenantA", ["TenantAbandoned"]),
        ("operators add operator@ops.example --group v", ["viewers"]),
    ],
)
def test_a_value_of_which_there_are_few_is_completed_and_nobody_is_asked(
    typed: str, completed: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_ONBOARD_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", f"onboard {typed}")
    with pytest.raises(SystemExit):
        program.app(prog_name="onboard", args=[], complete_var="_ONBOARD_COMPLETE")
    found = re.findall(r'"([A-Za-z_]+)"', capsys.readouterr().out)
    assert sorted(found) == sorted(completed)

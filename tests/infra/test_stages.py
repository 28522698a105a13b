"""The stages: what a mistake in their file is answered with, that all are checked, and what they bind."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack, Token
from pydantic.alias_generators import to_camel

from infra.app import build
from infra.configuration.choices import Configuration
from infra.configuration.stages import FILE, KEYS, TAG, choose, read
from orchestrator.aws.settings import REGIONAL_STACK_NAME
from tenant_onboarding.names import STACK_NAME
from tests.infra.source import ROOT

STAGES = ("dev", "staging", "prod")
MUST_BE_CHOOSABLE = {
    *("appDomain", "sender", "plans", "regions", "featurePlan"),
    *("openShards", "groupsPerPool", "appClientsPerPool", "identityProvidersPerPool", "quotaShare"),
    *("rejectedRetentionDays", "logRetentionDays", "keepData", "alarms", "operatorsMfa", "localCallbacks"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stages.toml"


def refused(file: Path, text: str, **context: object) -> list[str]:
    """Return the lines that a file and a context are refused with."""
    file.write_text(text)
    with pytest.raises(SystemExit) as ended:
        choose(App(context=context), file)
    return str(ended.value).split("\n")


def test_these_are_the_stages_and_all_are_right() -> None:
    assert FILE == ROOT / "stages.toml"
    assert tuple(read()) == STAGES


def test_a_stage_may_choose_whatever_the_command_line_may_but_to_be_local() -> None:
    assert set(KEYS) == {*map(to_camel, Configuration.model_fields), "account", "region"} - {"local"}
    assert set(KEYS) >= MUST_BE_CHOOSABLE
    assert set(read()["prod"]) >= MUST_BE_CHOOSABLE, "prod says all that matters, so that no default changes it unseen"


def test_prod_is_safe_and_dev_leaves_nothing() -> None:
    dev, staging, prod = (choose(App(context={"stage": name}))[1] for name in STAGES)
    assert (prod.keep_data, prod.alarms, prod.operators_mfa, prod.log_retention_days) == (True, True, "ON", 90)
    assert (staging.keep_data, staging.alarms, staging.operators_mfa) == (True, True, "ON")
    assert (dev.keep_data, dev.alarms, dev.operators_mfa, dev.log_retention_days) == (False, False, "OPTIONAL", 7)
    assert len({stage.app_domain for stage in (dev, staging, prod)}) == 3, "a tenant's host is of one stage"


def test_without_a_stage_the_defaults_hold_which_are_the_safe_ones() -> None:
    name, stage = choose(App())
    assert name == ""
    assert stage.model_dump() == {**Configuration().model_dump(), "account": "", "region": ""}


def test_the_command_line_overrides_the_stage() -> None:
    name, stage = choose(App(context={"stage": "dev", "appDomain": "mine.example", "alarms": "true"}))
    assert (name, stage.app_domain, stage.alarms, stage.log_retention_days) == ("dev", "mine.example", True, 7)


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("featurePlan = 'GOLD'", "featurePlan: must be 'LITE', 'ESSENTIALS' or 'PLUS', not 'GOLD'"),
        ("openShards = 0", "openShards: must be greater than or equal to 1, not 0"),
        ("openShards = '2'", "openShards: must be a valid integer, not '2'"),
        ("openShards = true", "openShards: must be a valid integer, not True"),
        ("alarms = 'yes'", "alarms: must be a valid boolean, not 'yes'"),
        ("appDomain = 7", "appDomain: must be a valid string, not 7"),
        ("logRetentionDays = 91", "logRetentionDays: must be one of 1, 3, 5, "),
        ("account = '1234'", "account: must be the 12 digits of an AWS account, as text, not '1234'"),
        ("account = 111122223333", "account: must be a valid string, not 111122223333"),
        ("region = 'Frankfurt'", "region: must be an AWS Region that has Amazon Cognito and Lambda SnapStart, like "),
        (
            "regions = ['Frankfurt']",
            "regions: must be different AWS Regions that have Amazon Cognito and Lambda SnapStart, ",
        ),
        ("plans.basic = 'gold'", "plans: must be like basic=pool,standard=bridge,premium=silo: "),
        ("apDomain = 'app.example'", "apDomain: no such key; the nearest is appDomain"),
        ("app_domain = 'app.example'", "app_domain: no such key; the nearest is appDomain"),
        ("APPDOMAIN = 'app.example'", "APPDOMAIN: no such key; the nearest is appDomain"),
        ("keep = true", "keep: no such key; the nearest is keepData"),
        ("local = true", "local: no such key; "),
        ("zzz = 1", "zzz: no such key; there are appDomain, sender, "),
        ("emailTemplates = 'nowhere'", "emailTemplates: there is no folder nowhere in this repository"),
    ],
)
def test_a_mistake_is_one_line_that_names_file_stage_and_key(file: Path, table: str, line: str) -> None:
    (said,) = refused(file, f"[prod]\n{table}\n")
    assert said.startswith(f"stages.toml: prod.{line}")


@pytest.mark.parametrize("context", [{}, {"stage": "dev"}, {"stage": "prod"}])
def test_every_stage_is_checked_whichever_is_chosen(file: Path, context: dict[str, str]) -> None:
    text = "[dev]\nalarms = 1\nzzz = 1\n[prod]\nsender = 'welcome'\n"
    assert [said.split(" ")[1] for said in refused(file, text, **context)] == [
        "dev.zzz:",
        "dev.alarms:",
        "prod.sender:",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[prod]\nsender = welcome\n", r"stages\.toml: .*\(at line 2, column \d+\)"),
        ("[prod]\n[prod]\n", r"stages\.toml: .*\(at line 2, column \d+\)"),
        ("alarms = true\n", r"stages\.toml: alarms: must be a stage like \[dev\] with keys below it, not True"),
        ("[Prod]\n", r"stages\.toml: Prod: a stage's name must be lower-case letters.*"),
    ],
)
def test_a_file_that_is_none_of_stages_is_refused(file: Path, text: str, line: str) -> None:
    (said,) = refused(file, text)
    assert re.fullmatch(line, said)


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    with pytest.raises(SystemExit, match=r"^stages\.toml: .*No such file"):
        read(file)
    file.write_bytes(b"\xff")
    with pytest.raises(SystemExit, match=r"^stages\.toml: .*utf-8"):
        read(file)


def test_an_unknown_stage_is_told_which_there_are(file: Path) -> None:
    said = refused(file, "[dev]\n[prod]\n", stage="production")
    assert said == ["context stage: must be one of dev, prod, as in stages.toml, not 'production'"]


@pytest.mark.parametrize(
    ("key", "meant"),
    [("apDomain", "appDomain"), ("app_domain", "appDomain"), ("Stage", "stage"), ("region", "regions")],
)
def test_a_mistyped_key_on_the_command_line_is_not_ignored(file: Path, key: str, meant: str) -> None:
    assert refused(file, "[dev]\n", **{key: "x"}) == [f"context {key}: no such key; the nearest is {meant}"]


def test_context_of_other_tools_is_not_looked_at() -> None:
    others = {"aws:cdk:enable-path-metadata": True, "@aws-cdk/core:newStyleStackSynthesis": "x", "team": "identity"}
    assert choose(App(context=others)) == choose(App())


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("eu-central-1", "eu-central-1", "eu-central-1"),
        ("eu-central-1 eu-west-1", "eu-west-1", "eu-west-1"),
        ("us-east-1 eu-west-1,us-west-2", "eu-central-1 us-west-2,eu-west-1", "eu-west-1, us-west-2"),
    ],
)
def test_two_stages_do_not_share_a_region_of_an_account(file: Path, one: str, other: str, shared: str) -> None:
    """Each would find the other's stacks there, or a trigger and a table of its own name."""
    (said,) = refused(file, bound("dev", one) + bound("prod", other))
    both = f"stages.toml: dev and prod both want {shared} of account 111122223333"
    assert said == f"{both}; stacks of all stages bear the same names"


def bound(name: str, regions: str, account: str = "111122223333") -> str:
    """Return a stage's table with its home Region and, after a blank, the others."""
    home, _, others = regions.partition(" ")
    return f"[{name}]\naccount = '{account}'\nregion = '{home}'\nregions = '{others}'\n"


@pytest.mark.parametrize(
    "text",
    [
        bound("dev", "eu-central-1") + bound("prod", "eu-central-1", "444455556666"),
        bound("dev", "eu-central-1 us-west-2") + bound("prod", "us-east-1 eu-west-1"),
        bound("dev", "eu-central-1") + bound("prod", "eu-central-1", account=""),
        bound("dev", "eu-central-1 us-east-1") + bound("prod", " us-east-1"),
    ],
)
def test_stages_of_other_accounts_or_regions_or_of_none_go_together(file: Path, text: str) -> None:
    file.write_text(text)
    assert set(read(file)) == {"dev", "prod"}


BOUND = "[dev]\n[prod]\naccount = '111122223333'\nregion = 'eu-central-1'\nregions = ['eu-west-1', 'eu-central-1']\n"


def stacks(monkeypatch: pytest.MonkeyPatch, file: Path, stage: str, **context: Any) -> dict[str, Any]:
    """Return the stacks of an app by name."""
    file.write_text(BOUND)
    monkeypatch.setattr("infra.app.choose", lambda app: choose(app, file))
    app = build(context={"stage": stage, "local": "true", **context})
    return {f"{each.stack_name} {each.region}": each for each in app.node.children if isinstance(each, Stack)}


def test_a_stage_may_bind_account_and_region_which_is_then_home(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """The CDK CLI refuses credentials of another account; home is given no second trigger."""
    found = stacks(monkeypatch, file, "prod")
    assert set(found) == {f"{STACK_NAME} eu-central-1", f"{REGIONAL_STACK_NAME} eu-west-1"}
    assert {each.account for each in found.values()} == {"111122223333"}
    assert {json.dumps(each.tags.tag_values()) for each in found.values()} == {json.dumps({TAG: "prod"})}
    assert {each.termination_protection for each in found.values()} == {True}


def test_a_stage_that_binds_nothing_is_deployed_wherever_the_credentials_lead(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    (home,) = stacks(monkeypatch, file, "dev", keepData="false").values()
    assert Token.is_unresolved(home.account)
    assert Token.is_unresolved(home.region)
    assert not home.termination_protection


def test_the_document_shows_how_the_stages_differ() -> None:
    page = (ROOT / "docs/deployment.md").read_text()
    heading = "".join(f" `{name}` |" for name in STAGES)
    (table,) = re.findall(rf"^\| \|{re.escape(heading)}\n\|[-|]+\n(.*?)\n\n", page, re.MULTILINE | re.DOTALL)
    rows = [re.fullmatch(r"\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|", row) for row in table.splitlines()]
    chosen = [choose(App(context={"stage": name}))[1] for name in STAGES]
    assert {row[1]: list(row.groups()[1:]) for row in rows if row} == {
        "domain of the app": [f"`{stage.app_domain}`" for stage in chosen],
        "who may put events": [
            ", ".join(f"`{source}`" for source in stage.event_sources) or "whom IAM allows" for stage in chosen
        ],
        "data when the stack is deleted": ["stays" if stage.keep_data else "goes" for stage in chosen],
        "days that logs and rejected events are kept": [str(stage.log_retention_days) for stage in chosen],
        "days that `TenantCreated` is kept for a replay": [str(stage.archive_days) for stage in chosen],
        "alarms": ["yes" if stage.alarms else "no" for stage in chosen],
        "operators need an authenticator app": ["yes" if stage.operators_mfa == "ON" else "no" for stage in chosen],
    }
    assert all(rows), "each row has as many cells as the heading"
    assert all(stage.log_retention_days == stage.rejected_retention_days for stage in chosen)

"""The guide to users says what the code does: paths, problems, how long links are good, and what keeps what."""

import re

from handlers import account, account_problems, proofs
from handlers.problems import DEFECT, INVALID_REQUEST, METHOD_NOT_ALLOWED, NO_SUCH_PATH, UNAVAILABLE
from infra import account_api
from infra.http_api import Bounds
from orchestrator.users import links, statuses, store, works
from orchestrator.users.contract import (
    BASE_PATH,
    CONFIRM,
    FORGOT_PASSWORD,
    REGISTER,
    RESET_PASSWORD,
    Confirmed,
    LinkRequest,
    OfAHost,
    Proof,
    Registration,
)
from tenant_onboarding.names import EMAIL_DOMAINS, INVITE_ONLY, OPEN
from tests.unit.documents.document_rules import ROOT

GUIDE = (ROOT / "docs/users.md").read_text()
LIMITS = (ROOT / "docs/limits.md").read_text()
BODIES: dict[str, type[OfAHost]] = {
    REGISTER: Registration,
    FORGOT_PASSWORD: LinkRequest,
    CONFIRM: Proof,
    RESET_PASSWORD: Proof,
}
SUCCESS = {REGISTER: 202, FORGOT_PASSWORD: 202, CONFIRM: 201, RESET_PASSWORD: 204}
BY_API_GATEWAY = ("429", "")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of each row of the table with such a heading."""
    table = GUIDE.split(f"\n{heading}\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


def test_every_path_is_listed_with_its_fields_and_its_answer() -> None:
    found = {
        request.strip("`").removeprefix("POST "): (set(re.findall(r"`(\w+)`", body)), int(answer.split()[0]))
        for request, body, answer in rows("| request | body | answer |")
    }
    assert found == {
        path: ({*model.model_fields, *OfAHost.model_fields}, SUCCESS[path]) for path, model in BODIES.items()
    }
    assert found.keys() == {path for path, methods in proofs.ALLOWED.items() if "POST" in methods}
    (confirmed,) = Confirmed.model_fields.values()
    assert f'`{{"{confirmed.alias}": "…"}}`' in GUIDE


def test_every_problem_is_listed_with_its_status_and_no_other() -> None:
    kinds = (*account_problems.KINDS, INVALID_REQUEST, NO_SUCH_PATH, METHOD_NOT_ALLOWED, DEFECT, UNAVAILABLE)
    listed = [(status, name.strip("`")) for status, name, *_ in rows("| status | problem | means | your page says |")]
    assert sorted(listed) == sorted([*((str(int(kind.status)), kind.name) for kind in kinds), BY_API_GATEWAY])
    assert f"more than {account.MOST_BYTES // 1024} KB" in GUIDE


def test_links_are_good_for_as_long_as_the_guide_says() -> None:
    hours = {purpose: seconds // 3600 for purpose, seconds in links.LASTS.items()}
    assert f"a link, good for {hours[works.REGISTRATION]} hours" in GUIDE
    assert f"The link is good for {hours[works.INVITATION] // 24} days" in GUIDE
    assert hours[works.RESET] == 1
    assert "good for one hour" in GUIDE


def test_whatever_a_tenant_may_say_of_registering_is_listed() -> None:
    said = [name.strip("`") for name, _ in rows("| `users.signUp` | who may register |")]
    assert said == [INVITE_ONLY, EMAIL_DOMAINS, OPEN]


def test_the_items_that_hold_a_persons_data_are_named_as_they_are() -> None:
    where = " ".join(place for place, *_ in rows("| where | what | how long |"))
    assert re.findall(r"`([A-Z]+)#…`", where) == [store.ROW.rstrip("#"), "SECRET"]
    assert links.key("acme", "token")["item"].startswith("SECRET#")
    assert f"`--role` is `{statuses.MEMBER}` unless" in GUIDE


def test_the_limits_of_the_account_api_are_those_that_are_deployed() -> None:
    """A row is of paths that have the same bounds, each on its own."""
    table = LIMITS.split("| path | requests a second | at once |\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    told = [[cell.strip() for cell in row.strip("|").split("|")] for row in table]
    links, proved, sign_ins = [Bounds(a_second=int(second), at_once=int(at_once)) for _, second, at_once in told]
    of_links, of_proofs = [{f"{BASE_PATH}{path}" for path in re.findall(r"`(.+?)`", paths)} for paths, *_ in told[:2]]
    assert dict.fromkeys(of_links, links) | dict.fromkeys(of_proofs, proved) == account_api.ANYBODYS
    assert set(account_api.OF_SESSIONS.values()) == {sign_ins}

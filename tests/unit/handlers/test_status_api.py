"""The status API holds to its own description, lets in whom it should, and says what went wrong and no more."""

import json
import re
from collections import Counter
from functools import partial
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import Case, GenerationMode

from handlers import api, openapi, problems
from handlers.api_parameters import MOST_ROWS, ROWS
from orchestrator import status
from orchestrator.aws import cursor
from orchestrator.aws.errors import UnexpectedError
from orchestrator.aws.settings import Settings
from orchestrator.operations import Resent, Retried
from orchestrator.status.contract import OPENAPI_PATH, RetryAccepted, WelcomeResent
from orchestrator.tenants import lifecycle, transitions
from tests.unit.conftest import tenant_created
from tests.unit.faults import (
    ALWAYS,
    access_denied,
    answer,
    answered,
    lost_response,
    refused,
    server_error,
    throttled,
)
from tests.unit.handlers.api_gateway import OPERATOR, TOKEN, VIEWER, Answer, Claims, ask, claims, event, get, post, wsgi
from tests.unit.handlers.invocations import CONTEXT, SECRET
from tests.unit.handlers.logs_and_metrics import log
from tests.unit.handlers.status_api import acme, fail, kind, problem, stack
from tests.unit.simulated_aws import Stack
from tests.unit.start_keys import strict
from tests.unit.status.failure import FAILURE

__all__ = ["acme", "log", "stack"]


DOCUMENT = json.loads(api.description())
OPERATIONS = {
    operation["operationId"]: (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


# What is read


def test_a_tenant_is_shown_as_the_command_line_shows_it(acme: Stack) -> None:
    assert get("/onboardings/acme").document == status.show(acme.clients, acme.settings, "acme")
    fail(acme)
    found = get("/onboardings/acme")
    assert (found.status, found.document["failure"]) == (200, FAILURE)
    assert found.document == status.show(acme.clients, acme.settings, "acme")


def test_tenants_are_listed_page_by_page(stack: Stack) -> None:
    for number in range(5):
        stack.receive(tenant_created(f"tenant-{number}"), f"event-{number}")
    first = get("/onboardings?limit=3").document
    rest = get(f"/onboardings?limit=3&cursor={first['nextCursor']}").document
    assert rest["nextCursor"] is None
    rows = first["onboardings"] + rest["onboardings"]
    assert rows == status.list_tenants(stack.clients, stack.settings)


def test_a_list_is_narrowed_by_status_tier_and_time(acme: Stack) -> None:
    acme.change(statusChangedAt="2026-01-01T00:00:10.000Z")
    for narrowed, number in {
        "status=IN_PROGRESS": 1,
        "status=FAILED": 0,
        "tier=pool": 1,
        "tier=silo": 0,
        "since=2026-01-01T00:00:10Z": 1,
        "since=2026-01-01T01:00:10.0%2B01:00": 1,
        "since=2026-01-01T00:00:10.001Z": 0,
        "until=2026-01-01T00:00:10Z": 0,
        "until=2026-01-01T00:00:10.001Z&status=IN_PROGRESS&tier=pool": 1,
    }.items():
        assert len(get(f"/onboardings?{narrowed}").document["onboardings"]) == number, narrowed


def test_a_list_is_narrowed_by_metadata(stack: Stack) -> None:
    for tenant_id, customer in (("acme", "cus_1"), ("globex", "cus_2=&?"), ("initech", "cus_1")):
        stack.receive(tenant_created(tenant_id, metadata={"stripe": customer}), f"event-{tenant_id}")
    for narrowed, found in {
        "metadata=stripe%3Dcus_1": ["acme", "initech"],
        "metadata=stripe=cus_1": ["acme", "initech"],
        "metadata=stripe%3Dcus_2%3D%26%3F": ["globex"],
        "metadata=stripe%3Dcus_1&search=In": ["initech"],
        "metadata=stripe%3Dcus_1&status=FAILED": [],
        "metadata=other%3Dcus_1": [],
        "metadata=stripe%3Dcus": [],
    }.items():
        rows = get(f"/onboardings?{narrowed}").document["onboardings"]
        assert [row["tenantId"] for row in rows] == found, narrowed
    (row,) = get("/onboardings?search=globex").document["onboardings"]
    assert row["metadata"] == get("/onboardings/globex").document["metadata"] == {"stripe": "cus_2=&?"}


def test_without_a_limit_a_page_has_as_many_rows_as_is_said(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []

    def list_page(*arguments: Any) -> status.Page:
        limits.append(arguments[3])
        return status.Page([], None)

    monkeypatch.setattr(status, "list_page", list_page)
    for query in ("", "?limit=1", "?limit=100"):
        assert get(f"/onboardings{query}").status == 200
    assert limits == [ROWS, 1, MOST_ROWS]


def test_a_list_is_searched_by_the_beginning_of_ids(acme: Stack) -> None:
    for tenant_id in ("acid", "bold"):
        acme.receive(tenant_created(tenant_id), tenant_id)
    fail(acme)
    first = get("/onboardings?search=AC&limit=1").document
    rest = get(f"/onboardings?search=ac&limit=1&cursor={first['nextCursor']}").document
    assert [row["tenantId"] for row in first["onboardings"] + rest["onboardings"]] == ["acid", "acme"]
    narrowed = get("/onboardings?search=a&status=FAILED&tier=pool").document
    assert [(row["tenantId"], row["failure"]) for row in narrowed["onboardings"]] == [("acme", FAILURE)]


def test_a_list_is_searched_by_what_leads_to_a_tenant(acme: Stack) -> None:
    acme.receive(tenant_created("globex", routing={"subdomain": "glx", "tenantCode": "GL-1"}), "globex")
    host = {"kind": "host", "value": f"glx.{acme.settings.app_domain}", "tenantId": "globex", "state": "RESERVED"}
    code = {"kind": "tenantCode", "value": "GL-1", "tenantId": "globex", "state": "RESERVED"}
    for search, rows, held in (
        (f"GLX.{acme.settings.app_domain}.", ["globex"], [host]),
        ("glx", ["globex"], [host]),
        ("gl-1", ["globex"], [code]),
        (f"{host['value']}&status=FAILED", [], [host]),
        ("%40", [], []),
    ):
        page = get(f"/onboardings?search={search}").document
        assert ([row["tenantId"] for row in page["onboardings"]], page["holders"]) == (rows, held), search


def test_one_request_gives_the_list_and_the_summary(acme: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "summary", partial(status.summary, clock=lambda: 1_800_000_000.0))
    alone = get("/onboardings").document
    assert alone["summary"] is None
    assert get("/onboardings?summary=false").document == alone
    both = get("/onboardings?status=IN_PROGRESS&summary=true").document
    assert both == alone | {"summary": get("/onboardings/summary").document}


def test_rejected_events_are_listed_page_by_page(acme: Stack) -> None:
    for number, named in enumerate(("acme", "<b>", "acme")):
        acme.receive({"tenantId": named}, f"event-{number}")
        key = (named if named == "acme" else "UNKNOWN", f"REJECTED#event-{number}")
        acme.change(*key, statusChangedAt=f"2026-01-01T00:00:0{number}.000Z")
    first = get("/rejections?limit=2").document
    rest = get(f"/rejections?cursor={first['nextCursor']}").document
    assert [row["tenantId"] for row in first["rejections"] + rest["rejections"]] == ["acme", None, "acme"]
    assert rest["nextCursor"] is None
    assert first["rejections"] + rest["rejections"] == status.list_rejected(acme.clients, acme.settings)
    refusal = get("/rejections?cursor=AAAA")
    assert problem(refusal)["errors"][0]["pointer"] == "/query/cursor"
    assert kind(get("/rejections?status=FAILED")) == "invalid-request"


def test_the_summary_is_no_tenant(acme: Stack) -> None:
    found = get("/onboardings/summary").document
    assert found["tenants"]["IN_PROGRESS"] == {"pool": 1, "bridge": 0, "silo": 0}
    assert "SUMMARY" not in json.dumps(found)
    assert acme.receive(tenant_created("summary"), "event-2") == "rejected"


def test_every_answer_is_for_the_asker_only(acme: Stack) -> None:
    answers = [get("/onboardings"), get("/onboardings/acme"), get("/onboardings/nobody"), get("/", None), get("/x")]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert not [name for answer in answers for name in answer.headers if name.startswith("Access-Control")]


# What is done


def test_a_retry_is_what_the_command_line_does(acme: Stack) -> None:
    fail(acme)
    done = post("/onboardings/acme/retry")
    assert (done.status, done.document) == (
        202,
        {"tenantId": "acme", "attempt": 2, "how": "started", "message": "attempt 2 started"},
    )
    assert (acme.record()["status"], acme.record()["attempt"]) == ("IN_PROGRESS", 2)


def test_a_retry_does_the_step_again_that_the_failure_names(acme: Stack) -> None:
    made = acme.record()["steps"] | {"AssignSharedPool": {"status": "DONE", "begun": 1, "settled": 1}}
    acme.change(steps=made | {"CreateTenantGroup": {"status": "DONE", "begun": 1, "settled": 1}})
    fail(acme)
    acme.change(failure=FAILURE | {"command": "retry", "redo": "CreateTenantGroup"})
    redo = get("/onboardings/acme").document["failure"]["redo"]
    done = post(f"/onboardings/acme/retry?redo={redo}")
    assert (done.status, done.document["attempt"]) == (202, 2)
    assert acme.record()["steps"]["CreateTenantGroup"]["status"] == "PENDING"
    assert acme.record()["steps"]["AssignSharedPool"]["status"] == "DONE"


def test_a_step_that_cannot_be_redone_is_refused_with_the_reason(acme: Stack) -> None:
    fail(acme)
    refused = post("/onboardings/acme/retry?redo=AssignSharedPool")
    assert (refused.status, kind(refused)) == (409, "refused")
    assert "a shared user pool is other tenants' too" in refused.document["detail"]


def test_a_refusal_that_ends_with_a_command_ends_with_it(acme: Stack) -> None:
    fail(acme)
    acme.change(abandonment={"since": "2026-01-01T00:00:00.000Z"})
    detail = post("/onboardings/acme/retry").document["detail"]
    assert detail == "acme: its abandonment was begun; run: onboard abandon acme"


@pytest.mark.parametrize(("step", "command"), [("CreateTenantGroup", "retry"), ("RemoveTenantGroup", "abandon")])
def test_a_failure_from_before_says_too_what_mends_it(acme: Stack, step: str, command: str) -> None:
    fail(acme)
    earlier = {name: FAILURE[name] for name in ("error", "message", "nextAction")}
    acme.change(failure=earlier | {"step": step})
    shown, (row,) = get("/onboardings/acme").document, get("/onboardings").document["onboardings"]
    for failure in (shown["failure"], row["failure"]):
        assert (failure["command"], failure["redo"]) == (command, None)


def test_of_two_operators_who_retry_one_is_told_that_it_runs(acme: Stack) -> None:
    fail(acme)
    answers = [post("/onboardings/acme/retry"), post("/onboardings/acme/retry")]
    assert [answer.status for answer in answers] == [202, 409]
    assert problem(answers[1])["detail"] == "acme: is IN_PROGRESS; only a FAILED tenant can be retried."
    assert acme.record()["attempt"] == 2


def test_of_two_operators_at_the_very_same_moment_one_retries(acme: Stack) -> None:
    """The second comes in between the first one's look and its write."""
    fail(acme)
    inner: list[Answer] = []

    def rival(request: Any) -> Any:
        if not inner:
            inner.append(post("/onboardings/acme/retry"))
        return answer(request)

    with acme.wire.strikes("TransactWriteItems", rival):
        outer = post("/onboardings/acme/retry")
    assert (inner[0].status, outer.status) == (202, 409)
    assert acme.record()["attempt"] == 2


def test_a_welcome_is_sent_again_by_the_function_that_sends_them(acme: Stack) -> None:
    said = answered(tenantId="acme", sent=True, message="its welcome email was sent again")
    with acme.wire.strikes("Invoke", said) as asked:
        done = post("/onboardings/acme/resend-welcome")
    assert (done.status, done.document["sent"], asked.struck) == (200, True, 1)
    with acme.wire.strikes("Invoke", answered(tenantId="acme", sent=False, message="its admin has signed in already")):
        refusal = post("/onboardings/acme/resend-welcome")
    assert (refusal.status, problem(refusal)["detail"]) == (409, "acme: its admin has signed in already.")


@pytest.mark.parametrize("action", ["retry", "resend-welcome"])
def test_nothing_is_done_to_nobody(stack: Stack, action: str) -> None:
    found = post(f"/onboardings/nobody/{action}")
    assert (found.status, kind(found)) == (404, "no-such-tenant")
    assert set(stack.wire.operations()) == {"GetItem"}


# Who may


PATHS = ("/onboardings", "/onboardings?summary=true", "/onboardings/summary", "/onboardings/acme", "/rejections")
ACTIONS = ("/onboardings/acme/retry", "/onboardings/acme/resend-welcome")
WHO: dict[str, tuple[Claims | None, int, int]] = {
    "nobody": (None, 401, 401),
    "no claims": ({}, 401, 401),
    "a viewer": (VIEWER, 200, 403),
    "an operator": (OPERATOR, 200, 409),
    "both": (claims("viewers", "operators"), 200, 409),
    "one of no group": (claims(), 403, 403),
    "one of another group": (claims("admins"), 403, 403),
    "a tenant's admin": (claims("acme"), 403, 403),
    "a group of a like name": (claims("operators-of-acme", "myviewers"), 403, 403),
    "groups that are no list": (claims(**{"cognito:groups": "admins,operators"}), 403, 403),
    "an operator's ID token": (claims("operators", token_use="id"), 401, 401),
    "a token of no use": (claims("operators", token_use=None), 401, 401),
    "a token of nobody": (claims("operators", sub=None), 401, 401),
}
"""What the function itself makes of claims, were the gateway to let them in: reading, and acting on a tenant that is
not FAILED. That the gateway lets in nobody else's tokens is told by the end-to-end matrix and the template's rules."""


@pytest.mark.parametrize(("who", "reads", "acts"), WHO.values(), ids=WHO.keys())
def test_who_may_read_and_who_may_act(acme: Stack, who: Claims | None, reads: int, acts: int) -> None:
    nothing_sent = answered(tenantId="acme", sent=False, message="no")
    with acme.wire.strikes("Invoke", nothing_sent, times=100):
        assert {get(path, who).status for path in PATHS} == {reads}
        assert {post(path, who).status for path in ACTIONS} == {acts}
    if who is not None and acts == 401:
        assert get("/onboardings", who).headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("refused_who", [None, claims("admins")], ids=["nobody", "a stranger"])
def test_a_stranger_learns_nothing_and_costs_nothing(acme: Stack, refused_who: Claims | None) -> None:
    acme.wire.attempts.clear()
    for path in (*PATHS, "/onboardings/nobody", "/onboardings?limit=0", "/x"):
        assert get(path, refused_who).status in {401, 403}
        assert post(path, refused_who).status in {401, 403}
    assert acme.wire.operations() == []


def test_a_viewer_changes_nothing_by_any_method(acme: Stack) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in (*PATHS, *ACTIONS, OPENAPI_PATH):
            assert ask(method, path, VIEWER).status == 403


def test_the_description_alone_needs_no_token(stack: Stack) -> None:
    assert get(OPENAPI_PATH, None).document == DOCUMENT
    assert (ask("HEAD", OPENAPI_PATH, None).status, ask("HEAD", "/onboardings", None).status) == (200, 401)
    assert get(f"{OPENAPI_PATH}/", None).status == 401
    assert post(OPENAPI_PATH, None).status == 401
    assert stack.wire.operations() == []


# What goes wrong


WRONG: dict[str, list[tuple[str, str | None]]] = {
    "limit=0": [("/query/limit", "must be greater than or equal to 1")],
    "limit=101": [("/query/limit", "must be less than or equal to 100")],
    **{
        f"limit={text}": [("/query/limit", "must be a whole number, in digits")]
        for text in ("x", "", "1_0", "5.0", "%2B5", "-5", "%205", "5%0A", "0x5", "%D9%A5", "1e1", "1,2")
    },
    "status=FAILED,PENDING": [("/query/status", None)],
    "status=FAILED&status=PENDING": [("/query/status", None)],
    "status=failed&tier=gold": [("/query/status", None), ("/query/tier", "must be 'pool', 'bridge' or 'silo'")],
    "since=yesterday": [("/query/since", "must be a time like 2026-01-31T12:00:00Z")],
    "since=260": [("/query/since", "must be a time like 2026-01-31T12:00:00Z")],
    "since=2026-01-01T00:00:00": [("/query/since", "must be a time like 2026-01-31T12:00:00Z")],
    "until=2026-02-30T00:00:00Z": [("/query/until", "must be a time like 2026-01-31T12:00:00Z")],
    "until=9999-12-31T23:59:59-12:00": [("/query/until", "must be a time like 2026-01-31T12:00:00Z")],
    "cursor=AAAA": [("/query/cursor", "is not of this list; ask for the first page with the same filters")],
    f"cursor={'A' * 1_201}": [("/query/cursor", "must have at most 1200 characters")],
    **{
        f"search={text}": [("/query/search", "must be 1 to 254 characters without spaces")]
        for text in ("", "a%20b", "ac%0A", "a" * 255, "%E2%80%83")
    },
    **{
        f"metadata={text}": [("/query/metadata", "must be KEY=VALUE, such as stripeCustomer=cus_NffrFeUfNV2Hib")]
        for text in ("", "stripe", "a%3D", "%3Db", "a.b%3Dc", "a%3Db%0A", f"a%3D{'b' * 201}")
    },
    **{f"summary={text}": [("/query/summary", "must be true or false")] for text in ("", "1", "True", "yes", "null")},
    "summary=true&summary=true": [("/query/summary", "must be true or false")],
    "state=FAILED": [
        (
            "/query/state",
            "is no parameter here; there are cursor, limit, metadata, search, since, status, summary, tier, until",
        ),
    ],
    "a/b~c=1": [("/query/a~1b~0c", None)],
}


@pytest.mark.parametrize("query", WRONG)
def test_every_wrong_parameter_is_named_with_what_would_be_right(stack: Stack, query: str) -> None:
    found = get(f"/onboardings?{query}")
    assert (found.status, kind(found)) == (400, "invalid-request")
    errors = [(error["pointer"], error["detail"]) for error in problem(found)["errors"]]
    assert [pointer for pointer, _ in errors] == [pointer for pointer, _ in WRONG[query]]
    assert all(detail in {None, told} for (_, told), (_, detail) in zip(errors, WRONG[query], strict=True))
    assert stack.wire.operations() == []


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("search=acme", "zzz"),
        ("since=2026-01-02T00:00:00Z", {"FAILED": ["2026-01-01T00:00:00.000Z", "acme"]}),
        ("until=2026-01-02T00:00:00Z", {"FAILED": ["2026-01-03T00:00:00.000Z", "acme"]}),
    ],
)
def test_a_cursor_that_somebody_made_up_of_a_place_elsewhere_is_a_wrong_parameter(
    stack: Stack, query: str, place: object
) -> None:
    name, _, value = query.partition("=")
    times = {name: value.replace("Z", ".000Z")} if name != "search" else {name: value}
    text = cursor.to_text(place, status.Wanted(**times))
    with stack.wire.strikes("Query", strict, times=ALWAYS):
        found = get(f"/onboardings?{query}&cursor={text}")
    assert (found.status, problem(found)["errors"][0]["pointer"]) == (400, "/query/cursor")


def test_only_lists_take_parameters(acme: Stack) -> None:
    found = get("/onboardings/acme?verbose=1")
    assert problem(found)["detail"] == "verbose is no parameter here; there are none."


@pytest.mark.parametrize("tenant_id", ["a", "Acme", "a" * 41, "acme%2F..", "acm\u00e9", "acme%00"])
def test_what_is_no_tenants_id_is_looked_for_nowhere(stack: Stack, tenant_id: str) -> None:
    found = get(f"/onboardings/{tenant_id}")
    assert kind(found) in {"invalid-request", "no-such-path"}
    assert stack.wire.operations() == []


METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PROPFIND", "PUT", "TRACE", "get", "")


def test_other_paths_and_methods_are_told_apart(acme: Stack) -> None:
    assert kind(get("/")) == "no-such-path"
    assert kind(get("/onboardings/")) == "no-such-path"
    assert kind(get("/onboardings/acme/retry/now")) == "no-such-path"
    for method in METHODS:
        for path, allowed in api.ALLOWED.items():
            allow = {"GET": ("GET", "HEAD"), "POST": ("POST",)}[allowed]
            if method not in allow:
                found = ask(method, re.sub("<.+?>", "acme", path))
                assert (found.status, found.headers["Allow"]) == (405, ", ".join(allow))
                assert method == "HEAD" or kind(found) == "method-not-allowed"


@pytest.mark.parametrize("query", ["limit=1", "limit=0", "nonsense", "cursor=x"])
def test_a_method_that_there_is_not_is_told_before_what_was_given_to_it(acme: Stack, query: str) -> None:
    found = ask("DELETE", f"/onboardings?{query}")
    assert (found.status, kind(found)) == (405, "method-not-allowed")


@pytest.mark.parametrize("path", [re.sub("<.+?>", "acme", path) for path in api.ALLOWED])
@pytest.mark.parametrize("more", ["%0A", "%0D%0A", "%20", "%00", "%0A%0A"])
def test_a_path_that_has_something_more_behind_it_is_another(acme: Stack, path: str, more: str) -> None:
    acme.wire.attempts.clear()
    for method in ("GET", "POST"):
        found = ask(method, f"{path}{more}")
        assert (found.status, kind(found)) in {(404, "no-such-path"), (400, "invalid-request")} or found.status == 405
    assert acme.wire.operations() == []


@pytest.mark.parametrize("path", ["/onboardings", "/onboardings?limit=0", "/onboardings/nobody", "/x", OPENAPI_PATH])
def test_head_is_answered_as_get_is_but_for_the_body(acme: Stack, path: str) -> None:
    whole, headers = get(path), ask("HEAD", path)
    assert (headers.status, headers.headers, headers.text) == (whole.status, whole.headers, "")


def test_every_answer_is_held_to_https_and_to_its_kind_of_content(acme: Stack) -> None:
    asked = [get("/onboardings"), get("/onboardings", None), get("/x"), ask("DELETE", "/rejections"), get(OPENAPI_PATH)]
    for found in [*asked, Answer(*seen(api.handler({}, CONTEXT)))]:
        assert found.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert found.headers["X-Content-Type-Options"] == "nosniff"


def seen(answered: dict[str, Any]) -> tuple[int, dict[str, str], str]:
    return answered["statusCode"], answered["headers"], answered["body"]


TROUBLE: dict[str, tuple[Any, str]] = {
    "throttled": (throttled, "unavailable"),
    "an error inside AWS": (server_error, "unavailable"),
    "no answer": (lost_response, "unavailable"),
    "a missing permission": (access_denied(f"dynamodb:GetItem on {SECRET}"), "defect"),
    "a table that is gone": (refused("ResourceNotFoundException", f"no table of {SECRET}"), "defect"),
}


@pytest.mark.parametrize(("strike", "told"), TROUBLE.values(), ids=TROUBLE.keys())
def test_what_aws_refuses_is_told_without_its_words(
    acme: Stack,
    log: list[dict[str, Any]],
    strike: Any,
    told: str,
) -> None:
    with acme.wire.strikes("GetItem", strike, times=9):
        found = get("/onboardings/acme")
    assert (kind(found), found.status) == (told, 503 if told == "unavailable" else 500)
    assert found.headers.get("Retry-After") == (str(problems.RETRY_AFTER_SECONDS) if told == "unavailable" else None)
    (line,) = [line for line in log if line["message"] == "request failed"]
    assert line["error"].endswith("Error")
    assert line["where"]
    assert SECRET not in found.text + json.dumps(log)


def test_a_defect_names_nobody_and_shows_no_trace(
    acme: Stack,
    log: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def show(*_: object) -> None:
        raise RuntimeError(f"cannot find {SECRET}")

    monkeypatch.setattr(status, "show", show)
    found = get("/onboardings/acme")
    assert (found.status, kind(found)) == (500, "defect")
    everything = found.text + json.dumps(log) + "".join(capfd.readouterr()) + caplog.text
    assert SECRET not in everything
    assert "Traceback" not in everything
    (line,) = [line for line in log if line["message"] == "request failed"]
    assert (line["error"], line["code"]) == (UnexpectedError.__name__, "RuntimeError")
    assert line["where"][-1].startswith("show:")


def test_an_answer_that_its_model_does_not_know_is_a_defect(acme: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads what the description does not tell."""
    monkeypatch.setattr(status, "show", lambda *_: {"tenantId": "acme", "password": SECRET})
    found = get("/onboardings/acme")
    assert (found.status, SECRET in found.text) == (500, False)


@pytest.mark.parametrize("broken", [{}, {"requestContext": {}}, {"requestContext": None}, {"rawPath": "/"}], ids=str)
def test_whatever_comes_in_an_answer_goes_out(broken: dict[str, Any]) -> None:
    """API Gateway would show an error that left as one of its own, and some emulators its trace."""
    assert api.handler(broken, CONTEXT)["statusCode"] == 500


def test_settings_that_are_missing_are_a_defect(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "settings", Settings.from_environment)
    assert kind(get("/onboardings/acme")) == "defect"


def test_who_did_what_is_logged_without_a_name(
    acme: Stack,
    log: list[dict[str, Any]],
) -> None:
    fail(acme)
    post("/onboardings/acme/retry")
    (line,) = [line for line in log if line["message"] == "retried"]
    assert (line["user"], line["tenantId"], line["how"]) == (OPERATOR["sub"], "acme", "started")


# Its own description


def test_the_description_tells_every_path_and_method_and_no_other() -> None:
    told = {(path.replace("{", "<").replace("}", ">"), method) for method, path in OPERATIONS.values()}
    assert told | {(OPENAPI_PATH, "GET")} == set(api.ALLOWED.items())


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_problem_of_an_operation_is_told(operation: str) -> None:
    method, path = OPERATIONS[operation]
    answers = DOCUMENT["paths"][path][method.lower()]["responses"]
    for code, told in answers.items():
        if int(code) >= 400 and code != "429":
            assert problems.MEDIA_TYPE in told["content"]
    assert {"400", "401", "403", "429", "500", "503"} <= answers.keys()
    assert ("404" in answers) == ("{" in path)
    assert ("409" in answers) == (method == "POST")
    assert "422" not in answers


def test_the_description_is_whole_and_says_how_to_get_in() -> None:
    text = json.dumps(DOCUMENT)
    schemas = DOCUMENT["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/(\w+)"', text)) == schemas.keys()
    assert not schemas.keys() & set(openapi.NOT_OURS)
    assert DOCUMENT["security"] == [{"operators": []}]
    assert DOCUMENT["components"]["securitySchemes"]["operators"]["scheme"] == "bearer"


KNOWN = (None, "acme", "umbrella", "tyrell")
"""Whoever comes to mind, and the tenants that there are."""
RIGHT = [
    (name, tenant_id)
    for name, (_, path) in OPERATIONS.items()
    for tenant_id in (KNOWN if "{tenantId}" in path else KNOWN[:1])
]
WITHOUT_PARAMETERS = {"getSummary"}
EXAMPLES = 60


@pytest.fixture
def described(acme: Stack) -> Any:
    """The API as its own description tells it, with a tenant in progress, one that FAILED, and one COMPLETED."""
    for tenant_id in ("umbrella", "tyrell"):
        acme.receive(tenant_created(tenant_id), tenant_id)
    fail(acme, "umbrella")
    table, completed = acme.settings.tenants_table, acme.record("tyrell")
    assert transitions.move(acme.clients.dynamodb, table, completed, lifecycle.COMPLETED)
    return schemathesis.openapi.from_wsgi(OPENAPI_PATH, wsgi)


def with_a_cursor_of_its_own(case: Case[Any]) -> Case[Any]:
    """No made-up text is a cursor, so one that the list itself gave takes its place."""
    if case.query and "cursor" in case.query:
        del case.query["cursor"]
        cursor = case.call().json()["nextCursor"]
        case.query |= {"cursor": cursor} if cursor else {}
    return case


def codes_of(acme: Stack, cases: Any) -> Counter[int]:
    """Send made-up requests, hold each answer to the description by every check there is, and return the codes."""
    codes: Counter[int] = Counter()

    @hypothesis_settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send(case: Case[Any]) -> None:
        response = case.call()
        codes[response.status_code] += 1
        case.validate_response(response)

    with acme.wire.strikes("Invoke", answered(tenantId="acme", sent=True, message="sent"), times=1_000):
        send()
    return codes


@pytest.mark.parametrize(("operation", "tenant_id"), RIGHT)
def test_what_the_description_allows_is_answered_as_it_says(
    acme: Stack, described: Any, operation: str, tenant_id: str | None
) -> None:
    method, path = OPERATIONS[operation]
    parameters = {"path_parameters": {"tenantId": tenant_id}} if tenant_id else {}
    cases = described[path][method].as_strategy(headers={"Authorization": TOKEN}, **parameters)
    codes = codes_of(acme, cases.map(with_a_cursor_of_its_own))
    if tenant_id is None and "{" in path:
        assert codes.keys() == {404}
    elif operation == "retryOnboarding":
        assert codes.keys() <= ({202, 409} if tenant_id == "umbrella" else {409})  # a step that there is not is refused
    else:
        assert codes.keys() == {200}


@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - WITHOUT_PARAMETERS))
def test_what_the_description_forbids_is_refused_as_it_says(acme: Stack, described: Any, operation: str) -> None:
    method, path = OPERATIONS[operation]
    cases = described[path][method].as_strategy(GenerationMode.NEGATIVE, headers={"Authorization": TOKEN})
    codes = codes_of(acme, cases)
    # Written into an address, what was wrong may have become right; the checks know, and let nothing wrong pass.
    assert codes.keys() <= {200, 400, 404}
    assert codes[400] + codes[404] > EXAMPLES / 2


def test_results_of_operations_are_documents_that_the_api_knows() -> None:
    assert set(Retried("acme", 2, "attempt 2 started", "started").document()) == {
        field.alias for field in RetryAccepted.model_fields.values()
    }
    assert set(Resent("acme", "sent", sent=True).document()) == {
        field.alias for field in WelcomeResent.model_fields.values()
    }


def test_the_event_of_the_tests_is_api_gateways() -> None:
    """Repeated parameters are joined by commas, and there are none where there is no query."""
    made = event("GET", "/onboardings?status=A&status=B&x=", OPERATOR)
    assert made["queryStringParameters"] == {"status": "A,B", "x": ""}
    assert "queryStringParameters" not in event("GET", "/onboardings", OPERATOR)

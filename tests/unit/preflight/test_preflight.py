"""The preflight says what will stop onboarding, is sure of what it says, and stands every failure of a reading."""

import threading
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from orchestrator import preflight
from orchestrator.aws import writes
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.identity import last_convergence
from orchestrator.preflight import readings
from orchestrator.preflight.quotas import QUOTAS
from orchestrator.preflight.readings import ACTIONS
from orchestrator.tenants import open_sign_up
from orchestrator.users import budgets
from tests.unit.conftest import REGION
from tests.unit.faults import ALWAYS, Wire, _answer, access_denied, answered, refused, throttled, unreachable
from tests.unit.identity.shared_pool_rows import put_row
from tests.unit.preflight.account import ABROAD, NOW, Account, healthy, of

RESTS_ON = {
    "dynamodb:BatchGetItem": {"lagging", "parameters"},
    "dynamodb:Query": {"arrivals", "lagging", "open-sign-up", "registration", "shared-user-pools"},
    "cognito-idp:ListUserPools": {"user-pools"},
    "lambda:GetAccountSettings": {"lambda-concurrency"},
    "lambda:GetFunctionConfiguration": {"trigger"},
    "ses:GetAccount": {"mail-sandbox", "mail-sending", "mail-quota", "mail-rate"},
    "ses:GetEmailIdentity": {"sender-identity"},
    "sns:ListSubscriptionsByTopic": {"alarm-listeners"},
    "servicequotas:ListServiceQuotas": set(),
}
"""The checks that know nothing where an action is not allowed; without Service Quotas limits are assumed."""


@pytest.fixture(scope="module")
def looking(_session: boto3.Session) -> Clients:
    """Clients for all tests, as a dozen of them take longer to make than to use."""
    return Clients(_session)


@pytest.fixture
def account(looking: Clients, clients: Clients, settings: Settings, wire: Wire) -> Account:
    """An account with which nothing is wrong."""
    return healthy(looking, settings, wire)


def test_where_nothing_is_wrong_everything_is_right(account: Account) -> None:
    """But for SSM parameters, whose limit nobody tells, every limit was read."""
    found = account.look()
    assert {each.status for each in found.findings} == {"OK"}
    assert {each.check for each in found.findings if each.source == "assumed"} == {"parameters"}
    assert (found.first, found.tenants_a_day) == (None, 0)
    assert {each["do"] for each in found.document()["findings"]} == {""}
    assert found.document()["counted"] == {"OK": len(found.findings), "UNKNOWN": 0, "WARN": 0, "FAIL": 0}


def test_it_looks_at_every_region_and_changes_nothing(account: Account) -> None:
    found = account.look()
    abroad = {each.check for each in found.findings if each.region == ABROAD}
    assert abroad == {"sender-identity", "mail-sandbox", "mail-sending", "mail-quota", "user-pools", "trigger"}
    assert abroad < {each.check for each in found.findings if each.region == REGION}
    assert set(account.wire.operations()) == set(ACTIONS)


# What is not right


@pytest.mark.parametrize("verified", [False, None])
@pytest.mark.parametrize("region", [REGION, ABROAD])
def test_a_sender_that_is_not_verified_in_a_region_fails_there(
    account: Account, region: str, verified: bool | None
) -> None:
    account.verified[region] = verified
    found = account.look()
    (failed,) = [each for each in found.findings if each.status != "OK"]
    assert (failed.check, failed.region, failed.status) == ("sender-identity", region, "FAIL")
    assert f"in {region}: welcome@product.example" in failed.do


def test_the_identity_that_covers_the_sender_is_the_one_that_counts(account: Account) -> None:
    account.with_settings(sender_identity_arn=f"arn:aws:ses:{REGION}:123456789012:identity/product.example")
    assert account.find("sender-identity").status == "FAIL"
    assert "product.example" in account.find("sender-identity").do


def test_the_sandbox_stops_welcome_emails_which_are_sent_from_home(account: Account) -> None:
    account.ses["ProductionAccessEnabled"] = False
    found = account.look()
    assert of(found, "mail-sandbox").status == "FAIL"
    assert of(found, "mail-sandbox", ABROAD).status == "WARN"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"SendingEnabled": False}, "FAIL"),
        ({"EnforcementStatus": "SHUTDOWN"}, "FAIL"),
        ({"EnforcementStatus": "PROBATION"}, "WARN"),
    ],
)
def test_sending_may_be_stopped(account: Account, changes: dict[str, Any], status: str) -> None:
    account.ses |= changes
    assert account.find("mail-sending").status == status


@pytest.mark.parametrize(
    ("most", "sent", "status"),
    [(200, 159, "OK"), (200, 160, "WARN"), (200, 199, "WARN"), (200, 200, "FAIL"), (-1, 1e9, "OK"), (0, 0, "FAIL")],
)
def test_the_emails_of_a_day_are_bounded(account: Account, most: float, sent: float, status: str) -> None:
    account.ses["SendQuota"] = {"Max24HourSend": most, "SentLast24Hours": sent}
    assert account.find("mail-quota").status == status


def test_tenants_who_come_faster_than_they_may_be_mailed_are_warned_of(account: Account) -> None:
    account.ses["SendQuota"] = {"Max24HourSend": 10.0, "SentLast24Hours": 0.0}
    account.completed(0.2, pool=10)
    found = account.look()
    assert (of(found, "mail-quota").status, of(found, "mail-quota").value) == ("WARN", 10)
    assert of(found, "mail-quota", ABROAD).status == "OK"


@pytest.mark.parametrize(("tenants", "share", "status"), [(6, 0.4, "OK"), (7, 0.4, "WARN"), (7, 0.3, "OK")])
def test_tenants_who_come_faster_than_peoples_mail_leaves_room_for_are_warned_of(
    account: Account, tenants: int, share: float, status: str
) -> None:
    account.with_settings(people_mail_share=share)
    account.ses["SendQuota"] = {"Max24HourSend": 10.0, "SentLast24Hours": 0.0}
    account.completed(0.2, pool=tenants)
    found = account.find("mail-quota")
    assert (found.status, found.value) == (status, tenants)
    assert ("peopleMailShare" in found.do) == (status == "WARN")


def test_bounces_that_close_registration_are_said(account: Account) -> None:
    for number in range(5):
        actions = budgets.bounced(account.settings.users_table, f"message-{number}", NOW)
        writes.transact(account.clients.dynamodb, actions)
        found = account.find("registration")
        assert found.status == ("WARN" if number == 4 else "OK")
    assert (found.value, found.says) == (5, "registration is closed: 5 of 0 emails to people bounced today")
    assert account.find("mail-quota").status == "OK"


def test_an_account_that_has_sent_too_much_for_registration_is_said(account: Account) -> None:
    account.ses["SendQuota"] |= {"Max24HourSend": 50_000.0, "SentLast24Hours": 25_000.0}
    found = account.find("registration")
    assert (found.status, "25000 of the 50000 emails" in found.says) == ("WARN", True)


@pytest.mark.parametrize(
    ("rate", "open_shards", "status", "wanted"),
    [(1.0, 1, "WARN", 4.5), (4.5, 1, "OK", 4.5), (13.0, 3, "WARN", 13.5), (14.0, 3, "OK", 13.5), (14.0, 9, "OK", 13.5)],
)
def test_a_burst_that_ses_would_throttle_is_warned_of(
    account: Account, rate: float, open_shards: int, status: str, wanted: float
) -> None:
    """One shared user pool takes 4.5 tenants a second, three or more are bounded by the account's quota."""
    account.with_settings(open_shards=open_shards)
    account.ses["SendQuota"]["MaxSendRate"] = rate
    found = account.find("mail-rate")
    assert (found.status, found.value, found.limit) == (status, wanted, rate)
    assert ("SES throttles" in found.says) == (status == "WARN")
    account.with_settings(quota_share=0.05)
    assert account.find("mail-rate").status == "OK"


def test_a_rate_that_ses_does_not_tell_is_not_taken_to_be_enough(account: Account) -> None:
    del account.ses["SendQuota"]["MaxSendRate"]
    assert account.find("mail-rate").status == "UNKNOWN"
    assert account.find("mail-quota").status == "OK"


def granted(account: Account, code: str, value: float) -> None:
    """Let AWS grant the account another quota."""
    account.quotas[code]["Value"] = value


@pytest.mark.parametrize(("quota", "status"), [(4, "OK"), (3.75, "WARN"), (3, "FAIL")])
def test_user_pools_are_counted_against_the_quota_that_was_read(account: Account, quota: float, status: str) -> None:
    granted(account, "L-66E6DF30", quota)
    account.user_pools(3)
    found = account.find("user-pools")
    assert (found.status, found.value, found.limit, found.source) == (status, 3, quota, "read")
    assert account.find("user-pools", ABROAD).status == "OK"


def test_a_quota_is_known_by_its_name_too(account: Account) -> None:
    account.quotas["L-00000000"] = account.quotas.pop("L-66E6DF30") | {"Value": 7.0}
    assert (account.find("user-pools").limit, account.find("user-pools").source) == (7, "read")


def test_a_quota_that_is_not_listed_is_assumed(account: Account) -> None:
    del account.quotas["L-66E6DF30"]
    found = account.find("user-pools")
    assert (found.limit, found.source) == (1_000, "assumed")
    assert "Service Quotas does not list it" in found.says


def test_more_user_pools_than_are_counted_are_said_to_be_more(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A count that was cut short is no reason to say that all is well."""
    monkeypatch.setattr(readings, "USER_POOLS_A_CALL", 2)
    monkeypatch.setattr(readings, "MOST_PAGES", 2)
    account.user_pools(4)
    assert (account.find("user-pools").status, account.find("user-pools").value) == ("OK", 4)
    account.user_pools(1)
    found = account.find("user-pools")
    assert (found.status, found.value) == ("UNKNOWN", 4)
    assert "at least" in found.says
    granted(account, "L-66E6DF30", 4)
    assert account.find("user-pools").status == "FAIL"


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([], "OK"),
        ([{"groups": 7}], "OK"),
        ([{"groups": 8}], "WARN"),
        ([{"groups": 10}], "FAIL"),
        ([{"groups": 10}, {"groups": 0}], "OK"),
        ([{"groups": 10}, {"status": "CLOSED"}], "FAIL"),
        ([{"status": "OPENING", "steps": {"CreateUserPool": {"leaseUntil": 10**16}}}], "WARN"),
        ([{"status": "OPENING", "steps": {"CreateUserPool": {"leaseUntil": 0}}}], "FAIL"),
    ],
)
def test_shared_user_pools_fail_when_none_has_room(account: Account, rows: list[dict[str, Any]], status: str) -> None:
    account.with_settings(groups_per_pool=10)
    for number, row in enumerate(rows):
        put_row(account.clients, account.settings, number, **row)
    assert account.find("shared-user-pools").status == status


@pytest.mark.parametrize(
    ("check", "code", "setting", "counter"),
    [
        ("app-clients-per-pool", "L-5EAB0605", "app_clients_per_pool", "appClients"),
        ("identity-providers-per-pool", "L-1B44D826", "identity_providers_per_pool", "identityProviders"),
    ],
)
def test_a_limit_that_was_chosen_above_the_quota(
    account: Account, check: str, code: str, setting: str, counter: str
) -> None:
    """It fails once a shared user pool comes near the quota, and only if the quota was read."""
    account.with_settings(**{setting: 900})
    granted(account, code, 900)
    assert account.find(check).status == "OK"
    granted(account, code, 100)
    put_row(account.clients, account.settings, 1, **{counter: 79})
    assert account.find(check).status == "WARN"
    put_row(account.clients, account.settings, 1, **{counter: 80})
    assert account.find(check).status == "FAIL"
    account.with_settings(**{setting: 1_001})
    del account.quotas[code]
    put_row(account.clients, account.settings, 1, **{counter: 1_000})
    assert (account.find(check).status, account.find(check).source) == ("WARN", "assumed")


@pytest.mark.parametrize(
    ("check", "code", "paced"), [("cognito-calls", "L-B7575496", 13.5), ("cognito-calls-in-a-pool", "L-BC27731B", 4.5)]
)
def test_a_pace_above_the_rate_quota_is_warned_of(account: Account, check: str, code: str, paced: float) -> None:
    granted(account, code, paced)
    assert account.find(check).status == "OK"
    granted(account, code, paced - 0.5)
    found = account.find(check)
    assert (found.status, found.value) == ("WARN", paced)
    account.with_settings(quota_share=0.5)
    assert account.find(check).status == "OK"


@pytest.mark.parametrize(("at_once", "status"), [(50, "OK"), (10, "WARN"), (0, "FAIL")])
def test_new_accounts_may_run_a_few_functions_only(account: Account, at_once: int, status: str) -> None:
    account.at_once = at_once
    assert account.find("lambda-concurrency").status == status


def test_a_region_without_the_trigger_fails_and_says_what_to_deploy(account: Account) -> None:
    name = account.settings.token_claims_arn.split(":")[6]
    account.clients.in_region(ABROAD).functions.delete_function(FunctionName=name)
    found = account.look()
    assert (of(found, "trigger").status, of(found, "trigger", ABROAD).status) == ("OK", "FAIL")
    assert "TenantOnboardingRegional in eu-west-1" in of(found, "trigger", ABROAD).do


def test_somebody_must_have_confirmed_to_hear_of_alarms(account: Account) -> None:
    topics, topic = account.clients.topics, account.settings.alarm_topic_arn
    (subscription,) = topics.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    asked = subscription | {"SubscriptionArn": "PendingConfirmation", "Protocol": "email"}
    members = "".join(f"<{name}>{value}</{name}>" for name, value in asked.items())
    body = (
        "<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult>"
        f"<Subscriptions><member>{members}</member></Subscriptions>"
        "</ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>"
    )
    assert account.find("alarm-listeners").value == 1
    with account.wire.strikes("ListSubscriptionsByTopic", xml(200, body)):
        found = account.find("alarm-listeners")
    assert (found.status, found.value) == ("WARN", 0)
    account.with_settings(alarm_topic_arn="")
    assert account.find("alarm-listeners").says == "there are no alarms"


def xml(status: int, body: str) -> Callable[[AWSPreparedRequest], AWSResponse]:
    """Return a strike that answers as services do that speak XML."""

    def strike(request: AWSPreparedRequest) -> AWSResponse:
        response = _answer(status, {}, {})(request)
        response._content = body.encode()  # type: ignore[attr-defined]  # the stubs lack it
        return response

    return strike


# What could not be read


def test_every_action_is_accounted_for() -> None:
    assert RESTS_ON.keys() == set(ACTIONS.values())


@pytest.mark.parametrize("operation", ACTIONS)
def test_an_action_that_is_not_allowed_is_named_by_what_rests_on_it_and_changes_nothing_else(
    account: Account, operation: str
) -> None:
    action = ACTIONS[operation]
    denied = access_denied(action)
    if operation.endswith("ByTopic"):  # SNS speaks XML
        denied = xml(403, "<ErrorResponse><Error><Code>AuthorizationError</Code></Error></ErrorResponse>")
    before = account.look()
    with account.wire.strikes(operation, denied, times=ALWAYS):
        found = account.look()
    unknown = [each for each in found.findings if each.status == "UNKNOWN"]
    assert {each.check for each in unknown} == RESTS_ON[action]
    assert {(each.says, each.do) for each in unknown} <= {
        (f"not known: {action} is not allowed", f"Allow {action} to whoever looks.")
    }
    assert {each.status for each in found.findings} <= {"OK", "UNKNOWN"}
    others = [each for each in found.findings if each.check not in RESTS_ON[action] and each.source == "read"]
    for each in others:
        same = of(before, each.check, each.region)
        assert (each.status, each.value, each.limit, each.says) == (same.status, same.value, same.limit, same.says)


def test_without_service_quotas_limits_are_assumed_and_each_line_says_so(account: Account) -> None:
    with account.wire.strikes("ListServiceQuotas", access_denied("servicequotas:ListServiceQuotas"), times=ALWAYS):
        found = account.look()
    assumed = {each.check: each for each in found.findings if each.source == "assumed"}
    assert len(assumed) == len(QUOTAS) + 1
    del assumed["parameters"]
    assert {each.limit for each in assumed.values()} == {quota.default for quota in QUOTAS}
    assert all(
        "AWS's default: servicequotas:ListServiceQuotas is not allowed" in each.says for each in assumed.values()
    )


FAULTS: dict[str, Callable[..., AWSResponse]] = {
    "unreachable": unreachable,
    "throttled": throttled,
    "an error inside AWS": refused("InternalFailure", status=500),
    "an answer that nobody understands": answered(Surprise=1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_aws_answers_nothing_is_raised_and_nothing_fails(account: Account, fault: str) -> None:
    """A page without its list is no empty list."""
    strikes = [account.wire.strikes(operation, FAULTS[fault], times=ALWAYS) for operation in ACTIONS]
    for strike in strikes:
        strike.__enter__()  # in the way of those that answer
    try:
        found = preflight.look(account.clients, account.settings, lambda: NOW)
    finally:
        for strike in strikes:
            strike.__exit__(None, None, None)
    assert {each.status for each in found.findings} <= {"OK", "UNKNOWN"}
    unknown = {each.check for each in found.findings if each.status == "UNKNOWN"}
    assert unknown >= {"user-pools", "arrivals", "sender-identity"} - ({"trigger"} if "answer" in fault else set())
    assert "Surprise" not in str(found.document())


def test_what_does_not_answer_in_time_is_left_and_keeps_nothing_waiting(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "PATIENCE_SECONDS", 5.0)
    over = threading.Event()

    def never(request: AWSPreparedRequest) -> AWSResponse:
        over.wait(30)
        return refused("InternalFailure")(request)

    try:
        with account.wire.strikes("GetAccount", never, times=ALWAYS):
            found = account.look()
    finally:
        over.set()
    slow = {each.check for each in found.findings if each.status != "OK"}
    assert slow == RESTS_ON["ses:GetAccount"]
    assert {each.says for each in found.findings if each.check in slow} == {"not known: no answer within 5 seconds"}


def test_nothing_lags_where_there_is_nothing_and_nobody_knows_where_nobody_has_converged(account: Account) -> None:
    assert account.find("lagging").status == "OK"
    account.completed(1, silo=1)
    found = account.find("lagging")
    assert (found.status, found.value) == ("UNKNOWN", None)
    assert found.do.endswith("onboard converge")


@pytest.mark.parametrize(
    ("counted", "status", "lag"),
    [({"changed": 3, "unchanged": 4, "left": 0, "failed": 0}, "OK", 0), ({"left": 1, "failed": 2}, "WARN", 3)],
)
def test_who_lags_is_what_the_last_convergence_could_not_change(
    counted: dict[str, int], status: str, lag: int, account: Account
) -> None:
    last_convergence.write(account.clients, account.settings, counted)
    found = account.find("lagging")
    assert (found.status, found.value) == (status, lag)


def test_all_that_was_looked_at_may_lag_once_settings_have_changed(account: Account) -> None:
    counted = {"changed": 3, "unchanged": 4, "left": 1, "failed": 0}
    last_convergence.write(account.clients, account.settings, counted)
    account.with_settings(access_token_minutes=5)
    found = account.find("lagging")
    assert (found.status, found.value) == ("WARN", 8)
    assert found.says.startswith("user pools, app clients and admins at most")


def open_tenant(account: Account, tenant_id: str = "acme") -> None:
    """Let anybody register with a tenant."""
    for action in open_sign_up.put(account.settings.tenants_table, tenant_id, "OPEN"):
        account.clients.dynamodb.put_item(**action["Put"])


@pytest.mark.parametrize(("declared", "status"), [("", "FAIL"), ("captcha", "OK"), ("firewall", "OK")])
def test_a_tenant_that_is_open_to_anybody_needs_a_declared_protection(
    account: Account, declared: Any, status: str
) -> None:
    account.with_settings(open_sign_up=declared)
    assert (account.find("open-sign-up").status, account.find("open-sign-up").value) == ("OK", 0)
    open_tenant(account)
    open_tenant(account, "globex")
    found = account.find("open-sign-up")
    assert (found.status, found.value) == (status, 2)
    assert declared in found.says
    assert found.do.endswith("declare it by the setting openSignUp, then deploy.")

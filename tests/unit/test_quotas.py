"""The proxy's rate quotas let through what Cognito would, and no more."""

import json

import pytest

from tests.e2e.aws_proxy import Call
from tests.e2e.faults import throttled
from tests.e2e.quotas import BY_OPERATION, CATEGORIES, PER_USER_POOL, Quotas


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def call(operation: str, user_pool: str | None = None) -> Call:
    body = json.dumps({"UserPoolId": user_pool} if user_pool else {}).encode()
    return Call(f"cognito-idp:{operation}", None, 0, body)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quotas(clock: Clock) -> Quotas:
    return Quotas(clock=clock)


def passing(quotas: Quotas, *calls: Call) -> int:
    return sum(quotas.choose(each) is None for each in calls)


def test_a_user_pool_takes_five_of_an_operation_a_second_and_an_account_fifteen(quotas: Quotas) -> None:
    assert passing(quotas, *[call("CreateGroup", "one")] * 9) == PER_USER_POOL
    assert passing(quotas, *[call("CreateGroup", f"pool-{number}") for number in range(20)]) == 10


def test_operations_of_one_category_share_its_quota_and_no_other(quotas: Quotas) -> None:
    assert passing(quotas, *[call("CreateUserPool")] * 10, *[call("UpdateUserPool")] * 10) == 15
    assert passing(quotas, *[call("ListUserPools")] * 20) == 15


def test_what_is_throttled_gets_through_when_time_has_passed(quotas: Quotas, clock: Clock) -> None:
    assert passing(quotas, *[call("CreateGroup", "one")] * 6) == 5
    clock.now += 0.4
    assert passing(quotas, *[call("CreateGroup", "one")] * 6) == 2
    clock.now += 3_600
    assert passing(quotas, *[call("CreateGroup", "one")] * 6) == 5


def test_a_refused_call_takes_from_none_of_its_quotas(quotas: Quotas) -> None:
    assert passing(quotas, *[call("CreateGroup", "one")] * 100) == 5
    assert passing(quotas, *[call("CreateGroup", f"pool-{number}") for number in range(20)]) == 10


def test_a_refusal_is_a_throttling_and_counted(quotas: Quotas) -> None:
    answers = [quotas.choose(call("CreateUserPoolClient", "one")) for _ in range(7)]
    assert answers[5:] == [throttled] * 2
    assert quotas.refused == {"CreateUserPoolClient": 2}


def test_the_optimum_is_the_time_that_the_tightest_quota_needs(quotas: Quotas, clock: Clock) -> None:
    for _ in range(40):
        quotas.choose(call("CreateGroup", "one"))
        clock.now += 0.2
    seconds, bound = quotas.optimum()
    assert (round(seconds, 6), bound) == (7.0, "CreateGroup in one")


def test_a_scale_slows_every_quota_alike(clock: Clock) -> None:
    slow = Quotas(0.2, clock)
    assert passing(slow, *[call("CreateGroup", "one")] * 6) == 5
    clock.now += 3.0
    assert passing(slow, *[call("CreateGroup", "one")] * 6) == 3
    assert passing(slow, *[call("AdminCreateUser", "one")] * 60) == 50
    clock.now += 1.0
    assert passing(slow, *[call("AdminCreateUser", "one")] * 60) == 10


def test_other_services_and_operations_are_free(quotas: Quotas) -> None:
    others = Call("dynamodb:UpdateItem", None, 0, b"{}"), call("GetUser")
    assert passing(quotas, *others * 500) == 1_000


def test_every_operation_is_in_one_category() -> None:
    operations = [operation for each in CATEGORIES.values() for operation in each.operations]
    assert len(operations) == len(set(operations)) == len(BY_OPERATION)

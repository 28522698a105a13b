"""Operations: what is done to somebody in the register, by an admin of the tenant, by oneself, or by an operator.

The row says what should be from the moment that an operation begins; when it is done, Amazon Cognito enforces that. A
work of the ledger brings the two together, `OP#{ulid}`, and each user has at most one that is not done. Whoever comes
to such a row carries its operation out first; if nobody comes, reconcile does.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED, Change, Item
from orchestrator.aws.errors import PlacementRaisedError, TenantNotLiveError, TransientError, cancellation_codes
from orchestrator.identity.tenant_region import clients_there
from orchestrator.tenants import due, fence
from orchestrator.tenants.ledger import Begun, Ledger, Made, Record, Turn, timestamp
from orchestrator.tenants.records import read_item, read_record
from orchestrator.tenants.refusals import DoneError
from orchestrator.tenants.work import Work
from orchestrator.users import counts, enforcement, local_users, store, withdrawals, works
from orchestrator.users.hosts import SuspendedError
from orchestrator.users.ids import new_ulid
from orchestrator.users.refusals import BUSY, LastAdminError, NotAllowedError, NotPossibleError, UnderWayError
from orchestrator.users.statuses import ACTIVE, ADMIN, DISABLED, INVITED, REMOVED, Status
from orchestrator.users.works import APPLY_CHANGE, OPERATION, Claim

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

What = Literal["DISABLE", "ENABLE", "ROLE", "NAME", "REMOVE"]
POSSIBLE: dict[What, tuple[Status, ...]] = {
    "DISABLE": (ACTIVE,),
    "ENABLE": (DISABLED,),
    "ROLE": (INVITED, ACTIVE, DISABLED),
    "NAME": (ACTIVE,),
    "REMOVE": (INVITED, ACTIVE, DISABLED),
}
"""In which statuses each can be done to somebody."""
LEADS_TO: dict[What, Status] = {"DISABLE": DISABLED, "ENABLE": ACTIVE, "REMOVE": REMOVED}
ONLY_TAKES: tuple[What, ...] = ("DISABLE", "REMOVE")
"""What makes and enables nothing: the placement alone counts, whatever the tenant's status is."""
KEPT_SECONDS = 30 * 24 * 3600
"""An operation that is over is kept for so long, for whoever asks what was done."""


@dataclass(frozen=True)
class Wanted:
    """What is to be done to somebody; `value` is the role or the name."""

    what: What
    value: str = ""

    def applied(self, row: Item) -> Item:
        """Return the row as it is to be."""
        if self.what in {"ROLE", "NAME"}:
            return row | {self.what.lower(): self.value}
        return row | {"status": LEADS_TO[self.what]}


@dataclass(frozen=True)
class By:
    """Who asks: an id that names nobody, and the row; operators have none."""

    id: str
    row: Item | None = None


OPERATOR = By("operator")
"""Whoever asks on the command line, with rights of AWS's own."""
Part = tuple[dict[str, Any], Callable[[Item], Exception]]
"""An action of a transaction, and what its refusal means, by the item as it was then."""


@dataclass(frozen=True)
class Operations:
    """What is done to the people of one tenant, by its record as it was read."""

    clients: "Clients"
    settings: "Settings"
    tenant: Record

    def change(self, row: Item, wanted: Wanted, by: By, claim: Claim) -> Item:
        """Do something to somebody, and return the row as it is then; nothing is done to what is so already.

        Raises LastAdminError, NotAllowedError, NotPossibleError, UnderWayError, SuspendedError of `hosts`,
        TransientError, and what AWS answers. What had begun by then goes on: whoever asks again meets it.
        """
        if store.OPERATION in row:
            self.carry_out(row, claim)
            row = self._read(row)
        if wanted.applied(row) == row:
            return row
        if row["status"] not in POSSIBLE[wanted.what]:
            raise NotPossibleError(row["status"])
        withdrawn = withdrawals.of(self.clients, self.settings, self.tenant, row) if wanted.what == "REMOVE" else None
        if row["status"] == INVITED and not (withdrawn and withdrawn.may_be_in_cognito):
            self._transact(self._on_invited(row, wanted, by, withdrawn))
        else:
            self.carry_out(self._begin(row, wanted, by, withdrawn), claim)
        return wanted.applied(row) if wanted.what == "REMOVE" else self._read(row)

    def carry_out(self, row: Item, claim: Claim) -> None:
        """Carry out the operation that a row names; raises as `change`. One that is done is no error."""
        key = {"tenantId": row["tenantId"], "item": row[store.OPERATION]}
        operation = read_item(self.clients.dynamodb, self.settings.users_table, key)
        if operation is None:
            raise _changed(row)
        work = Work(self.settings.users_table, key, OPERATION, self._fence(operation["what"], operation))
        turn = Turn(APPLY_CHANGE, claim.owner, operation["attempt"], operation["redriveCount"], claim.lease_until)
        try:
            Ledger(self.clients.dynamodb, work).perform(turn, lambda begun: self._enforce(begun, row))
        except DoneError:
            return
        except (PlacementRaisedError, TenantNotLiveError):
            raise SuspendedError from None
        except TransientError as error:
            if error.code in BUSY:
                raise UnderWayError from None
            raise

    def _begin(self, row: Item, wanted: Wanted, by: By, withdrawn: "withdrawals.Withdrawal | None") -> Item:
        """Write down what is to be, and that it is under way; return the row."""
        now, number = time.time(), new_ulid()
        operation = works.operation_key(row["tenantId"], number) | works.begun(OPERATION, APPLY_CHANGE)
        operation |= {
            "userId": row["userId"],
            "what": wanted.what,
            "by": by.id,
            "createdAt": timestamp(now),
            "placement": fence.placement_of(self.tenant),
            OPERATION.changed_at: timestamp(now),
        }
        begun = wanted.applied(row) | {store.OPERATION: operation["item"]}
        facts = {name: operation[name] for name in ("userId", "placement")} | {"operation": operation["item"]}
        tenants, users = self.settings.tenants_table, self.settings.users_table
        look = due.put(tenants, row["tenantId"], due.PERSON, number, now + due.GRACE_SECONDS, **facts)
        self._transact(
            [
                *self._changed(row, begun, wanted.what, by),
                *((action, _changed) for action in (withdrawn.actions if withdrawn else ())),
                ({"Put": {"TableName": users, "Item": operation}}, _changed),
                (look, _changed),
            ]
        )
        return begun

    def _on_invited(self, row: Item, wanted: Wanted, by: By, withdrawn: "withdrawals.Withdrawal | None") -> list[Part]:
        """Return what gives somebody who is INVITED another role, or ends the invitation: nobody is in Cognito."""
        if withdrawn is None:
            return self._changed(row, wanted.applied(row), wanted.what, by)
        users = self.settings.users_table
        checks = self._changed(row, row, wanted.what, by)
        ends = [*store.invitation_ended(users, row), *withdrawn.actions]
        return [*checks[:-1], *((action, _changed) for action in ends)]

    def _changed(self, row: Item, becomes: Item, what: What, by: By) -> list[Part]:
        """Return what must hold for a row to change, how people are counted then, and last the change of the row."""
        users, parts = self.settings.users_table, list[Part]()
        around = self._fence(what, self.tenant)
        parts.append((around.check(), lambda _: SuspendedError()))
        if by.row and _key(by.row) != _key(row):
            parts.append((is_admin(users, by.row), lambda _: NotAllowedError()))
        parts += [(action, lambda _: LastAdminError()) for action in counts.changed(users, row, becomes)]
        change = Change(users, _key(row)).require("[status] = ? AND [role] = ?", row["status"], row["role"])
        change.require(f"attribute_not_exists([{store.OPERATION}])")
        for name in becomes.keys() - _key(row).keys():
            if row.get(name) != becomes[name]:
                change.set(name, becomes[name])
        if row.get(store.EXPIRES_AT) and becomes["status"] != INVITED:
            change.remove(store.EXPIRES_AT)
        return [*parts, (change.action(), _changed)]

    def _enforce(self, begun: Begun, row: Item) -> Made:
        """Do in Cognito what an operation is, and return what ends it."""
        operation, users = begun.record, self.settings.users_table
        pool = row.get("userPoolId") or self.tenant["resources"]["userPoolId"]
        who = {"UserPoolId": pool, "Username": row.get("username") or local_users.user_name(self.tenant, row["email"])}
        enforcement.apply(clients_there(self.clients, self.settings, self.tenant).cognito, operation["what"], row, who)
        now = time.time()

        def over(change: Change) -> None:
            OPERATION.enter(change, works.DONE, timestamp(now)).set(store.EXPIRES_AT, int(now) + KEPT_SECONDS)

        number = operation["item"].partition("#")[2]
        looked_at = due.over(self.settings.tenants_table, due.key(row["tenantId"], due.PERSON, number), now)
        ended = store.removed(users, row, now) if operation["what"] == "REMOVE" else [store.settled(users, row)]
        return Made(amend=over, together_with=[*ended, looked_at], refusal=_changed(row))

    def _fence(self, what: What, named_by: Item) -> fence.Fence:
        statuses = fence.WHATEVER_STATUS if what in ONLY_TAKES else fence.LIVE
        return fence.around(statuses)(self.settings, named_by)

    def _read(self, row: Item) -> Item:
        found = read_item(self.clients.dynamodb, self.settings.users_table, _key(row))
        if found is None:
            raise _changed(row)
        return found

    def _transact(self, parts: list[Part]) -> None:
        try:
            writes.transact(self.clients.dynamodb, [action for action, _ in parts])
        except ClientError as error:
            for code, (_, meaning) in zip(cancellation_codes(error), parts, strict=False):
                if code == CONDITION_FAILED:
                    raise meaning(self.tenant) from None
            raise


def left_behind(clients: "Clients", settings: "Settings", now: float) -> Iterator[Item]:
    """Yield the keys of what is due of operations that nobody has finished; `now` in epoch seconds."""
    return due.read(clients, settings, due.PERSON, now)


def finish(clients: "Clients", settings: "Settings", found: Item, claim: Claim) -> str:
    """Carry out an operation that is due, by its key; return `over` if that is done, empty if somebody else has it.

    One whose tenant is suspended goes on once that is live again. One whose tenant is being removed is given up: what
    there is of the user is the remover's.
    """
    key = {name: found[name] for name in ("tenantId", "item")}
    item = read_item(clients.dynamodb, settings.tenants_table, key)
    tenant = read_record(clients.dynamodb, settings.tenants_table, found["tenantId"])
    if item is None or "due" not in item:
        return ""
    row = read_item(clients.dynamodb, settings.users_table, store.row_key(found["tenantId"], item["userId"]))
    is_over = tenant is None or row is None or row.get(store.OPERATION) != item["operation"]
    if tenant is None or row is None or is_over or fence.placement_of(tenant) != item["placement"]:
        writes.transact(clients.dynamodb, [due.over(settings.tenants_table, key, time.time())])
        return "over"
    try:
        Operations(clients, settings, tenant).carry_out(row, claim)
    except (SuspendedError, UnderWayError):
        due.put_off(clients, settings, key, time.time(), 0)
        return ""
    return "over"


def _key(row: Item) -> dict[str, str]:
    return {name: row[name] for name in ("tenantId", "item")}


def is_admin(table: str, row: Item) -> dict[str, Any]:
    """Return the ConditionCheck that whoever asks is an admin who is ACTIVE."""
    return writes.check(Change(table, _key(row)).require("[status] = ? AND [role] = ?", ACTIVE, ADMIN))


def _changed(row: Item) -> TransientError:
    return TransientError(f"{row['tenantId']}: the user changed meanwhile", code="RecordChanged")

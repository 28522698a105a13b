"""Many people at once: each row of a CSV file becomes an invitation, so many a day as the tenant's mail budget allows.

Safe to repeat, whatever interrupted it: whoever is invited stays so, and is mailed once. A request whose budget is used
up would be dropped behind the queue, so none is put on it that the day has no room for.
"""

import csv
import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from orchestrator.operations import users
from orchestrator.operations.users import Document, RefusedError
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import read_item
from orchestrator.users import addresses, budgets, invitations, local_users, statuses, store, works
from orchestrator.users.invitations import Guest
from tenant_onboarding.contracts.fields import EmailAddress, Name
from tenant_onboarding.names import USERNAME_MAX

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

COLUMNS = ("email", "name", "role")
MOST_ROWS = 10_000
"""Of one file; more people are several files."""
ADDRESS: TypeAdapter[str] = TypeAdapter(EmailAddress)
NAME: TypeAdapter[str] = TypeAdapter(Name)


@dataclass(frozen=True)
class Refused:
    """What nobody is invited by: where it is in the file, and why."""

    line: int
    email: str
    why: str


@dataclass
class Imported:
    """What became of a file's people."""

    tenant_id: str
    invited: int = 0
    before: int = 0
    """Who was invited before, and is mailed already, or will be."""
    left: int = 0
    """Who is not invited yet, for the day's budget is used up."""
    refused: list[Refused] = field(default_factory=list)

    def document(self) -> Document:
        """Return it as JSON has it."""
        refused = [{"line": each.line, "email": each.email, "why": each.why} for each in self.refused]
        counted = {"invited": self.invited, "before": self.before, "left": self.left}
        return {"tenantId": self.tenant_id, **counted, "refused": refused}


@dataclass(frozen=True)
class Row:
    """Somebody whom a line of the file names."""

    line: int
    guest: Guest


def read(settings: "Settings", tenant: Record, text: str) -> tuple[list[Row], list[Refused]]:
    """Return the people of a file, and what nobody can be invited by; raises RefusedError for what is no such file."""
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows, refused, seen = list[Row](), list[Refused](), dict[str, int]()
    try:
        header = [each.strip().lower() for each in next(lines, [])]
        if "email" not in header or not set(header) <= set(COLUMNS) or len(set(header)) < len(header):
            raise RefusedError(
                f"The first line must name the columns, email and maybe name and role: {','.join(header)}"
            )
        for cells in lines:
            if not any(map(str.strip, cells)):
                continue
            line, email = lines.line_num, dict(zip(header, cells, strict=False)).get("email", "").strip()
            try:
                guest = _guest(settings, tenant, header, cells, seen)
            except ValueError as error:
                refused.append(Refused(line, email, str(error)))
                continue
            seen[guest.email] = line
            rows.append(Row(line, guest))
            if len(rows) > MOST_ROWS:
                raise RefusedError(f"A file may have {MOST_ROWS} people; put the others into another file")
    except csv.Error as error:
        raise RefusedError(f"Line {lines.line_num} is no CSV: {error}") from None
    return rows, refused


def _guest(settings: "Settings", tenant: Record, header: list[str], cells: list[str], seen: Mapping[str, int]) -> Guest:
    """Return whom a line names, who is `seen` on none before; raises ValueError, which says what is wrong."""
    if len(cells) != len(header):
        raise ValueError(f"has {len(cells)} cells, and the first line {len(header)}")
    given = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    email = _valid("email", ADDRESS, given["email"]).lower()
    if len(local_users.user_name(tenant, email)) > USERNAME_MAX:
        raise ValueError("email is too long for a user name of this tenant")
    if email in seen:
        raise ValueError(f"is on line {seen[email]} already")
    name = _valid("name", NAME, given["name"]) if given.get("name") else ""
    role, roles = given.get("role") or statuses.MEMBER, statuses.roles(settings)
    if role not in roles:
        raise ValueError(f"role must be one of {', '.join(roles)}")
    return Guest(email, name, role)


def _valid(column: str, kind: "TypeAdapter[str]", value: str) -> str:
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        raise ValueError(f"{column} {error.errors()[0]['msg']}") from None


def invite(
    clients: "Clients",
    settings: "Settings",
    tenant_id: str,
    text: str,
    advance: Callable[[], None],
    *,
    dry_run: bool = False,
) -> Imported:
    """Invite the people of a file, by its text, and return what became of them; `advance` is called for each.

    With `dry_run` the file is only looked at. Raises RefusedError, TransientError and what AWS answers; whoever was
    invited by then stays so.
    """
    tenant = users.live(clients, settings, tenant_id)
    rows, refused = read(settings, tenant, text)
    imported = Imported(tenant_id, refused=refused)
    if dry_run:
        imported.left = len(rows)
        return imported
    room = _room(clients, settings, tenant_id)
    for row in rows:
        advance()
        if _is_mailed(clients, settings, tenant_id, row.guest.email):
            imported.before += 1
        elif not tenant["federated"] and room <= 0:
            imported.left += 1
        else:
            room -= _invite(clients, settings, tenant, row, imported)
    return imported


def _invite(clients: "Clients", settings: "Settings", tenant: Record, row: Row, imported: Imported) -> bool:
    """Invite somebody; tell whether that takes room, as it does but for whoever is a user already."""
    answer = invitations.invite(clients, settings, tenant, row.guest).answer
    if answer == "user":
        imported.refused.append(Refused(row.line, row.guest.email, "is a user of the tenant already"))
    elif answer == "not_live":
        raise RefusedError(users.not_live(tenant))
    elif answer == "invited":
        imported.invited += 1
    else:
        imported.before += 1
    return answer != "user"


def _room(clients: "Clients", settings: "Settings", tenant_id: str) -> int:
    """Return for how many invitations the tenant's budget of the day has room."""
    key = budgets.invited_key(tenant_id, time.time())
    charged = read_item(clients.dynamodb, settings.users_table, key) or {}
    return settings.mails_per_tenant_day - int(charged.get("mailed", 0))


def _is_mailed(clients: "Clients", settings: "Settings", tenant_id: str, email: str) -> bool:
    """Tell whether somebody is invited whose mail is charged already: another request would only be dropped."""
    table = settings.users_table
    row = store.find(clients.dynamodb, table, tenant_id, addresses.hashed(clients, settings, email))
    if row is None or row["status"] != statuses.INVITED:
        return False
    return read_item(clients.dynamodb, table, works.link_key(tenant_id, row["userId"])) is not None


def everybody(clients: "Clients", settings: "Settings", tenant_id: str) -> Iterator[Document]:
    """Yield all people of a tenant, as its admins see them, a query a thousand."""
    from orchestrator.users import members

    cursor = None
    while True:
        page = members.page(clients, settings, tenant_id, members.LOOKED_THROUGH, cursor)
        yield from map(members.document, page.rows)
        if page.cursor is None:
            return
        cursor = page.cursor

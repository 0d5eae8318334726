"""The dry run: what each row of an uploaded file would become, in few queries, writing nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from django.conf import settings

from contracts.domain.canonical import canonical, sha256_of
from contracts.domain.terms import Terms
from contracts.models import ContractVersion
from contracts.rules import rules_of
from tenants.models import Membership
from tenants.roles import CLIENT, VENDOR, Role
from tickets.domain.bulk_faults import Fault, Wrong
from tickets.domain.bulk_file import Limits, Table, read
from tickets.domain.bulk_reader import Reader
from tickets.domain.bulk_rows import TicketRow, TimeRow, ticket_row, time_row
from tickets.models import BulkImport, BulkRow, Ticket
from tickets.models.bulk import BulkKind, BulkOutcome

KEYS_AT_ONCE = 1_000


@dataclass(slots=True)
class Checked:
    """One row with what would become of it; `row` is there unless something is wrong."""

    number: int
    key: str
    outcome: str
    row: TicketRow | TimeRow | None = None
    wrong: list[Wrong] = field(default_factory=list)
    person: Membership | None = None
    ticket_id: int | None = None


def limits() -> Limits:
    return Limits(settings.BULK_MOST_BYTES, settings.BULK_MOST_ROWS, settings.BULK_MOST_CELL)


def table_of(bulk: BulkImport) -> Table:
    return read(bytes(bulk.content), limits())


def fingerprint(bulk: BulkImport, rows: Iterable[Checked]) -> str:
    """Return what a confirmation is of: these bytes, this mapping, this outcome of each row."""
    shown = [[row.number, row.key, row.outcome] for row in rows]
    return sha256_of(canonical([bulk.sha256, bulk.mapping, bulk.system, bulk.environment, shown]))


def check(bulk: BulkImport, now: datetime) -> list[Checked]:
    """Return every row of the file with what it would become now."""
    table = table_of(bulk)
    readers = [
        (number, Reader(table, bulk.mapping, row, bulk.contract.zone)) for number, row in table.rows
    ]
    if bulk.kind == BulkKind.TICKETS:
        rows = [(number, ticket_row(reader), reader) for number, reader in readers]
        return TicketCheck(bulk, now).all(rows)
    return TimeCheck(bulk, now).all(
        [(number, time_row(reader), reader) for number, reader in readers]
    )


class RowCheck:
    """What both kinds ask of a row that could be read."""

    def __init__(self, bulk: BulkImport, now: datetime) -> None:
        self.bulk, self.now = bulk, now
        self.seen: set[str] = set()
        members = Membership.objects.active().select_related("user").order_by("duty_order", "pk")
        self.members = list(members.filter(tenant_id=bulk.tenant_id))

    def all(self, rows: list) -> list[Checked]:
        known = self.known([row for _number, row, _reader in rows if row is not None])
        return [self.one(number, row, reader, known) for number, row, reader in rows]

    def one(self, number: int, row, reader: Reader, known) -> Checked:
        checked = Checked(number, reader.text("source_key"), BulkOutcome.WRONG, wrong=reader.wrong)
        if row is not None:
            checked.row, checked.key = row, self.key_of(row)
            if checked.key in self.seen:
                reader.fault("source_key", Fault.TWICE)
            self.seen.add(checked.key)
            self.look(checked, reader, known)
        if not reader.wrong:
            checked.outcome = BulkOutcome.SKIPPED if checked.key in known else BulkOutcome.CREATED
        return checked

    def person(self, email: str, roles: Iterable[str]) -> Membership | None:
        allowed = set(roles)
        mine = (m for m in self.members if m.role in allowed)
        return next((m for m in mine if m.user.email.casefold() == email), None)


class TicketCheck(RowCheck):
    """A ticket needs a requester, a place of the contract, and a version in force."""

    def __init__(self, bulk: BulkImport, now: datetime) -> None:
        super().__init__(bulk, now)
        versions = ContractVersion.objects.filter(contract=bulk.contract_id)
        rows = versions.exclude(activated_at=None).order_by("-effective_on")
        self.versions = [(v.effective_on, rules_of(v).terms) for v in rows]
        order = (Role.SERVICE_OWNER, Role.REQUESTER)
        clients = sorted(
            (m for m in self.members if m.role in CLIENT), key=lambda m: order.index(Role(m.role))
        )
        self.usual = clients[0] if clients else None

    def known(self, rows: list[TicketRow]) -> set[str]:
        imported = Ticket.objects.filter(tenant_id=self.bulk.tenant_id, source=self.bulk.source)
        return set(imported.values_list("source_key", flat=True))

    def key_of(self, row: TicketRow) -> str:
        return row.source_key

    def look(self, checked: Checked, reader: Reader, known: set[str]) -> None:
        row = checked.row
        checked.person = self.person(row.requester, CLIENT) if row.requester else self.usual
        if checked.person is None:
            reader.fault("requester", Fault.NO_PERSON)
        for name, at in (("received_at", row.received_at), ("closed_at", row.closed_at)):
            if at is not None and at > self.now:
                reader.fault(name, Fault.FUTURE)
        if (terms := self.terms_on(row.received_at)) is None:
            reader.fault("received_at", Fault.NO_VERSION)
            return
        self.place(checked, reader, terms)

    def place(self, checked: Checked, reader: Reader, terms: Terms) -> None:
        """Name the row's system by its key, or by its name in one of the languages."""
        row = checked.row
        wanted = row.system.casefold()
        named = [
            system for system in terms.systems
            if wanted in {system.key.casefold(), *(n.casefold() for n in system.name.values())}
        ]  # fmt: skip
        system = named[0] if named else terms.system(self.bulk.system)
        if system is None or (wanted and not named):
            reader.fault("system", Fault.NO_PLACE)
            return
        environment = row.environment.casefold()
        if not environment:
            usual = self.bulk.environment
            environment = usual if usual in system.environments else system.environments[0]
        if environment not in system.environments:
            reader.fault("environment", Fault.NO_PLACE)
        checked.row = replace(row, system=system.key, environment=environment)

    def terms_on(self, at: datetime) -> Terms | None:
        contract, day = self.bulk.contract, self.bulk.contract.local_date(at)
        if day < contract.starts_on or (contract.ends_on and day >= contract.ends_on):
            return None
        return next((terms for since, terms in self.versions if since <= day), None)


class TimeCheck(RowCheck):
    """Work needs a ticket of this client and a person of its team; it was imported by its own key."""

    def known(self, rows: list[TimeRow]) -> set[str]:
        tickets = Ticket.objects.filter(tenant_id=self.bulk.tenant_id)
        wanted = sorted({row.ticket for row in rows})
        self.tickets: dict[str, int] = {}
        for start in range(0, len(wanted), KEYS_AT_ONCE):
            some = wanted[start : start + KEYS_AT_ONCE]
            theirs = tickets.filter(source=self.bulk.source, source_key__in=some)
            self.tickets |= dict(theirs.values_list("source_key", "pk"))
            self.tickets |= dict(tickets.filter(key__in=some).values_list("key", "pk"))
        done = BulkRow.objects.filter(tenant_id=self.bulk.tenant_id, kind=BulkKind.TIME)
        done = done.filter(source=self.bulk.source, outcome=BulkOutcome.CREATED)
        return set(done.values_list("source_key", flat=True))

    def key_of(self, row: TimeRow) -> str:
        """Return the row's own key, else one of all that it says."""
        if row.source_key:
            return row.source_key
        told = (row.ticket, row.person, row.starts_at, row.ends_at, row.note)
        return sha256("\n".join(map(str, told)).encode()).hexdigest()[:40]

    def look(self, checked: Checked, reader: Reader, known: set[str]) -> None:
        row = checked.row
        checked.person = self.person(row.person, VENDOR)
        checked.ticket_id = self.tickets.get(row.ticket)
        if checked.person is None:
            reader.fault("person", Fault.NO_PERSON)
        if checked.ticket_id is None:
            reader.fault("ticket", Fault.NO_TICKET)
        if row.ends_at > self.now:
            reader.fault("starts_at", Fault.FUTURE)

"""
Alerts are taken in: counted where they are known, folded into a ticket or given one of their own.

A message is one transaction under the lock of its source, so two that come at once come one after
the other. No alert is asked for by itself: a thousand cost a few queries, and those of their tickets.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.domain.scope import Facts
from contracts.models import Contract
from tenants.errors import Refused
from tenants.models import Membership
from tenants.roles import Role
from tickets.domain import alert as rules
from tickets.domain.alert import HEARTBEAT, Heard, Known, Place, Route, Window
from tickets.domain.priority import priority_of
from tickets.models import Alert, AlertSource, AlertWindow, Ticket
from tickets.models.choices import Activity, Channel, TicketType
from tickets.services.alert_recovery import close_recovered, heed
from tickets.services.intake import open_ticket

LONGEST_TITLE = 200
REMEMBERED = timedelta(days=60)  # maintenance that ended longer ago holds nothing back
COLUMNS = [
    *("count", "heard_at", "ended_at", "told_at"),
    *("ticket", "placed_at", "window", "problem"),
]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message, by the number of its alerts."""

    new: int = 0
    repeated: int = 0
    recovered: int = 0
    late: int = 0
    tickets: int = 0
    held_back: int = 0

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


@transaction.atomic
def take_in(*, source: AlertSource, alerts: Sequence[rules.Alert], now: datetime) -> Taken:
    """
    Take the alerts of one message in, and end the silence of their source.

    Each word is kept. Where the contract has no place for it, the row says why it has no ticket.
    """
    source = AlertSource.objects.select_for_update(of=["self"]).get(pk=source.pk)
    source.heard_at = max(now, source.heard_at)
    source.save(update_fields=["heard_at"])
    intake = Intake(source, now)
    return intake.take([*alerts, *intake.voice_is_back()])


def raise_silence(source: AlertSource, since: datetime, now: datetime) -> Taken:
    """Raise the alert that a source has been silent since; the caller has locked the source."""
    minutes = source.silent_after_minutes
    with translation.override(source.tenant.language):  # a ticket's title is the client's
        name = _("%(source)s is silent") % {"source": source.name}
        told = ngettext("no message for %d minute", "no message for %d minutes", minutes) % minutes
    silence = rules.Alert(
        fingerprint=HEARTBEAT, name=name, firing=True, started_at=since, severity="high",
        summary=told,
    )  # fmt: skip
    return Intake(source, now).take([silence])


@transaction.atomic
def open_after_window(alert_id: int, now: datetime) -> int:
    """
    Give an alert that outlasted its maintenance a ticket, from the maintenance's end on.

    Return 0 where a message did so meanwhile, or it is over.
    """
    source_id = Alert.objects.values_list("source_id", flat=True).get(pk=alert_id)
    source = AlertSource.objects.select_for_update(of=["self"]).get(pk=source_id)
    rows = Alert.objects.firing().filter(pk=alert_id, ticket=None).select_related("window")
    if (row := rows.first()) is None:
        return 0
    Intake(source, now).place(row, word_of(row), not_before=row.window.over_at())
    row.save(update_fields=["ticket", "placed_at", "window", "problem"])
    return 1


def word_of(row: Alert) -> rules.Alert:
    """Return the rule's view of a row."""
    return rules.Alert(
        fingerprint=row.fingerprint,
        name=row.name,
        firing=row.ended_at is None,
        started_at=row.started_at,
        ended_at=row.ended_at,
        severity=row.severity,
        summary=row.summary,
        labels=row.labels,
    )


@dataclass
class Intake:
    """One message of a locked source: what is known is loaded once and kept up to date."""

    source: AlertSource
    now: datetime
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.routes = routes_of(self.source)
        self.windows = windows_at(self.source, self.now)
        self.places = places_of(self.source)
        self.known: dict[tuple[str, datetime], Alert] = {}
        self.last: dict[str, Alert] = {}

    def take(self, alerts: Sequence[rules.Alert]) -> Taken:
        self.load({alert.fingerprint for alert in alerts})
        changed: dict[int, Alert] = {}
        for alert in alerts:
            row = self.hear(alert)
            changed[id(row)] = row
        Alert.objects.bulk_create(row for row in changed.values() if row.pk is None)
        Alert.objects.bulk_update((row for row in changed.values() if row.pk), COLUMNS)
        self.tell_tickets(list(changed.values()))
        return Taken(**self.counts)

    def tell_tickets(self, rows: list[Alert]) -> None:
        """Let each ticket heed what is over, or what came back to it."""
        held = {row.ticket_id for row in rows if row.ticket_id}
        over = {row.ticket_id for row in rows if row.ticket_id and row.ended_at}
        quiet = Ticket.objects.open().filter(pk__in=held, restored_at__isnull=False)
        for ticket_id in sorted(over | set(quiet.values_list("pk", flat=True))):
            heed(ticket_id, self.now)
            if self.source.settle_minutes == 0:
                close_recovered(ticket_id, self.now)

    def load(self, fingerprints: set[str]) -> None:
        rows = Alert.objects.filter(source=self.source, fingerprint__in=fingerprints)
        for row in rows.order_by("started_at"):
            self.keep(row)

    def keep(self, row: Alert) -> None:
        self.known[row.fingerprint, row.started_at] = self.last[row.fingerprint] = row

    def hear(self, alert: rules.Alert) -> Alert:
        row = self.find(alert)
        heard = rules.hear(row and Known(row.ended_at is None, row.told_at), alert, self.now)
        if heard is Heard.AGAIN:
            alert, heard = replace(alert, started_at=self.now), Heard.NEW
        self.note(heard.value)
        if row is None or heard is Heard.NEW:
            return self.begin(alert)
        row.count += 1
        row.heard_at = self.now
        if heard is Heard.RECOVERED:
            self.end(row, alert)
        elif heard is Heard.REPEATED and row.ticket_id is None:
            self.try_again(row, alert)
        return row

    def find(self, alert: rules.Alert) -> Alert | None:
        """Return the episode of a word; one that does not say when it began means the last one."""
        if alert.started_at is not None:
            return self.known.get((alert.fingerprint, alert.started_at))
        last = self.last.get(alert.fingerprint)
        return None if last and last.ended_at and alert.firing else last

    def begin(self, alert: rules.Alert) -> Alert:
        row = Alert(
            tenant_id=self.source.tenant_id,
            source=self.source,
            fingerprint=alert.fingerprint,
            started_at=alert.started_at or alert.ended_at or self.now,
            name=alert.name,
            severity=alert.severity,
            summary=alert.summary,
            labels=dict(alert.labels),
            first_heard_at=self.now,
            heard_at=self.now,
            **self.where(alert),
        )
        self.keep(row)
        self.place(row, alert, not_before=self.source.made_at)
        if not alert.firing:
            self.end(row, alert)
        return row

    def where(self, alert: rules.Alert) -> dict[str, object]:
        route = self.route(alert)
        return {
            "contract_id": route.contract,
            "system": route.system,
            "environment": route.environment,
            "priority": self.priority(alert, route),
        }

    def route(self, alert: rules.Alert) -> Route:
        source = self.source
        own = Route({}, source.contract_id, source.system, source.environment)
        return rules.route_of(alert, self.routes) or own

    @staticmethod
    def priority(alert: rules.Alert, route: Route) -> str:
        return route.priority or priority_of(*rules.impact_and_urgency(alert.severity))

    def end(self, row: Alert, alert: rules.Alert) -> None:
        row.ended_at = rules.ends_at(alert, row.started_at, self.now)
        row.told_at = self.now

    def try_again(self, row: Alert, alert: rules.Alert) -> None:
        """Give a ticket to what is told again and has none: its maintenance or its problem is over."""
        held = next((w for w in self.windows if w.key == row.window_id), None)
        if held is None or held.ends_at <= self.now:
            self.place(row, alert, not_before=held.ends_at if held else self.source.made_at)

    def place(self, row: Alert, alert: rules.Alert, *, not_before: datetime) -> None:
        """Put an alert where it belongs: under its maintenance, into an open ticket, or into a new one."""
        route = Route({}, row.contract_id, row.system, row.environment)
        at = rules.clock_starts_at(alert, self.now, not_before)
        if held := rules.held_back_by(route, at, self.windows):
            row.window_id = held.key
            self.note("held_back")
        elif (joined := self.join(row, alert, route)) is not None:
            row.ticket_id = joined
        else:
            row.ticket = self.open(row, alert, at)
        row.placed_at = self.now if row.ticket_id else None

    def join(self, row: Alert, alert: rules.Alert, route: Route) -> int | None:
        ticket_id = rules.fold(alert, route, row.priority, self.places, self.now)
        if ticket_id is not None:
            self.remember(ticket_id, row)
        return ticket_id

    def open(self, row: Alert, alert: rules.Alert, at: datetime) -> Ticket | None:
        """Open the ticket of an alert; None, with the reason on the row, where that is not possible."""
        contract = Contract.objects.select_related("tenant").get(pk=row.contract_id)
        impact, urgency = rules.impact_and_urgency(alert.severity)
        title = f"{alert.name}: {alert.summary}" if alert.summary else alert.name
        try:
            ticket = open_ticket(
                contract=contract,
                actor=None,
                requester=requester_of(contract.tenant_id),
                type=TicketType.INCIDENT,
                title=title[:LONGEST_TITLE],
                description=words_of(alert),
                system=row.system,
                environment=row.environment,
                symptom=alert.name[:LONGEST_TITLE],
                impact=impact,
                urgency=urgency,
                priority=row.priority,
                channel=Channel.ALERT,
                facts=Facts(activity=Activity.MONITORING.value),
                received_at=at,
                now=self.now,
            )
        except Refused as refusal:
            row.problem = str(refusal.message)[:200]
            return None
        row.problem = ""
        self.places.append(
            Place(
                ticket.pk, row.system, row.environment, ticket.priority,
                self.now, self.now, frozenset({row.name}), frozenset({row.fingerprint}),
            )
        )  # fmt: skip
        self.note("tickets")
        return ticket

    def remember(self, ticket_id: int, row: Alert) -> None:
        self.places = [
            replace(
                place,
                heard_at=self.now,
                names=place.names | {row.name},
                fingerprints=place.fingerprints | {row.fingerprint},
            )
            if place.ticket == ticket_id
            else place
            for place in self.places
        ]

    def voice_is_back(self) -> list[rules.Alert]:
        """Return the end of the source's own silence, where it was silent."""
        rows = Alert.objects.firing().filter(source=self.source, fingerprint=HEARTBEAT)
        return [replace(word_of(row), firing=False, ended_at=self.now) for row in rows]

    def note(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


# --- what is known ---


def routes_of(source: AlertSource) -> list[Route]:
    return [
        Route(row.match, row.contract_id, row.system, row.environment, row.priority)
        for row in source.routes.all()
    ]


def windows_at(source: AlertSource, now: datetime) -> list[Window]:
    """Return the maintenance of the client's contracts that has begun."""
    rows = AlertWindow.objects.filter(tenant_id=source.tenant_id, starts_at__lte=now)
    rows = rows.filter(ends_at__gte=now - REMEMBERED)
    return [
        Window(row.pk, row.contract_id, row.system, row.environment, row.starts_at, row.over_at())
        for row in rows
        if row.over_at() > row.starts_at
    ]


def places_of(source: AlertSource) -> list[Place]:
    """Return the open tickets of a source with what they hold, in one query."""
    rows = Alert.objects.filter(source=source, ticket__in=Ticket.objects.open())
    found: dict[int, list[Alert]] = {}
    for row in rows.select_related("ticket").order_by("ticket_id", "pk"):
        found.setdefault(row.ticket_id, []).append(row)
    return [
        Place(
            ticket_id,
            held[0].system,
            held[0].environment,
            held[0].ticket.priority,
            held[0].ticket.registered_at,
            max(row.heard_at for row in held),
            frozenset(row.name for row in held),
            frozenset(row.fingerprint for row in held),
        )
        for ticket_id, held in found.items()
    ]


def requester_of(tenant_id: int) -> Membership:
    """
    Return who is told of tickets that nobody asked for: the client's service owner, else a requester.

    :raises Refused: if the client has nobody.
    """
    people = Membership.objects.active().filter(tenant_id=tenant_id)
    for role in (Role.SERVICE_OWNER, Role.REQUESTER):
        if found := people.filter(role=role).order_by("duty_order", "pk").first():
            return found
    raise Refused(_("This client has nobody for whom a ticket could be opened."))


def words_of(alert: rules.Alert) -> str:
    """Return what the source said, as the ticket shows it."""
    labels = "\n".join(f"{name}: {text}" for name, text in sorted(alert.labels.items()))
    parts = (alert.summary, alert.description, labels)
    return "\n\n".join(part for part in parts if part)[:5000]

"""
Which rows a month's report is made of. Every query stops before the month's end.

A report reaches the tickets up to `last_ticket`: ticket numbers are given under a lock that is held
until the commit, so at the moment of the report all of them are there, and no later one ever is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from contracts.domain.clock import Event
from contracts.models import Period
from reports.domain.metrics import Effort, Step
from reports.domain.releases import WATCHED
from tenants.models import AuditEvent
from tenants.reading import read
from tickets.models import (
    Assignment,
    Correction,
    Decision,
    Delivery,
    Dispute,
    Estimate,
    LedgerEntry,
    Obligation,
    Release,
    RoutineRun,
    Ticket,
    TicketCounter,
    TimeEntry,
)
from tickets.models.choices import ObligationKind

SEEN_BY_CLIENT = (
    *("sent", "accepted", "declined", "expired", "withdrawn", "cancelled"),
    *("delivered", "delivery_accepted", "delivery_refused"),
)
MEASURED_ONLY = (ObligationKind.CLIENT_DECISION,)


@dataclass(frozen=True, slots=True)
class Reach:
    """
    The tickets that a month's report may speak of.

    Tickets after `known_ticket` (the last one of the month before's report) that were received
    before the month were written down too late for their own; None where there is no such report.
    """

    contract_id: int
    starts_at: datetime
    ends_at: datetime
    last_ticket: int
    known_ticket: int | None

    def is_late(self, number: int, received_at: datetime) -> bool:
        if self.known_ticket is None:
            return False
        return received_at < self.starts_at and number > self.known_ticket

    def known(self, prefix: str = "") -> Q:
        """Keep the contract's tickets that the report may speak of, of whatever age."""
        return Q(
            **{
                f"{prefix}contract_id": self.contract_id,
                f"{prefix}number__lte": self.last_ticket,
                f"{prefix}received_at__lt": self.ends_at,
            }
        )

    def late(self, prefix: str = "") -> Q:
        if self.known_ticket is None:
            return Q(pk__in=())
        received, number = f"{prefix}received_at__lt", f"{prefix}number__gt"
        return Q(**{received: self.starts_at, number: self.known_ticket})


def alive(reach: Reach) -> QuerySet[Ticket]:
    """Keep the tickets to which anything can have happened in the month."""
    closed_before = Q(closed_at__lt=reach.starts_at)
    has_clock = Q(pk__in=clocks(reach).values("ticket_id"))
    return Ticket.objects.filter(reach.known()).filter(~closed_before | has_clock | reach.late())


def last_ticket_now() -> int:
    """Return the tenant's last ticket number that is committed, 0 before the first."""
    return TicketCounter.objects.values_list("last", flat=True).first() or 0


def tickets(reach: Reach) -> list[tuple]:
    """Return id, key, number, type, title, symptom, received_at by number."""
    return read(
        alive(reach)
        .order_by("number")
        .values_list("pk", "key", "number", "type", "title", "symptom", "received_at")
    )


def titles_of(keys: Iterable[str]) -> dict[str, str]:
    """Return the titles of tickets as they are now, by key."""
    return dict(Ticket.objects.filter(key__in=list(keys)).values_list("key", "title"))


def verdicts(reach: Reach) -> list[tuple]:
    """Return ticket id, then the columns of a decision, with priority and system as it knew them."""
    return read(
        Decision.objects.filter(ticket__in=alive(reach).values("pk"), at__lt=reach.ends_at)
        .order_by("pk")
        .values_list(
            "ticket_id",
            "at",
            "stage_id",
            "outcome",
            "pending",
            "clause_id",
            "activity",
            "kind",
            KeyTextTransform("priority", "facts"),
            KeyTextTransform("system", "facts"),
            KeyTextTransform("cause", "facts"),
        )
    )


def holdings(reach: Reach) -> list[tuple]:
    """Return ticket id, at, stage id, tier and team of every assignment so far."""
    return read(
        Assignment.objects.filter(ticket__in=alive(reach).values("pk"), at__lt=reach.ends_at)
        .order_by("pk")
        .values_list("ticket_id", "at", "stage_id", "tier", "team")
    )


def happenings(reach: Reach) -> list[tuple]:
    """Return ticket id, verb, at and cause of the steps so far, from the audit trail."""
    return read(
        AuditEvent.objects.filter(
            subject_type="tickets.ticket",
            subject_id__in=alive(reach).values("pk"),
            verb__in=list(Step),
            at__lt=reach.ends_at,
        )
        .order_by("pk")
        .values_list("subject_id", "verb", "at", KeyTextTransform("cause", "data"))
    )


def clocks(reach: Reach) -> QuerySet[Obligation]:
    """Keep the promises that were running in the month; those decided before it are told."""
    told = Q(missed_at__lt=reach.starts_at) | Q(stopped_at__lt=reach.starts_at)
    undecided = ~told | Q(missed_at=None, stopped_at=None)
    mine = Obligation.objects.filter(
        reach.known("ticket__"), contract_id=reach.contract_id, started_at__lt=reach.ends_at
    ).exclude(kind__in=MEASURED_ONLY)
    return mine.filter(undecided | Q(told & reach.late("ticket__")))


def clock_rows(reach: Reach) -> list[tuple]:
    """
    Return id, ticket id, version id, stage id, kind, attempt and creditable of those promises, by
    ticket; then `at`, `within` and `hours` of the line with which each ledger starts.
    """
    start = Q(ledger__event=Event.START, ledger__at__lt=reach.ends_at)
    return read(
        clocks(reach)
        .annotate(start=FilteredRelation("ledger", condition=start))
        .order_by("ticket__number", "pk")
        .values_list(
            *("pk", "ticket_id", "ticket__version_id", "stage_id", "kind", "attempt", "creditable"),
            *("start__at", "start__within", "start__hours"),
        )
    )


def ledger_rows(reach: Reach) -> list[tuple]:
    """
    Return obligation id, event, at, within, hours, cause and id of the ledgers' lines, by id.

    Without the lines with which they start: those stand beside the promise.
    """
    rows = read(
        LedgerEntry.objects.filter(obligation__in=clocks(reach).values("pk"), at__lt=reach.ends_at)
        .exclude(event=Event.START)
        .order_by()
        .values_list("obligation_id", "event", "at", "within", "hours", "cause", "pk")
    )
    rows.sort(key=itemgetter(-1))
    return rows


def offer_steps(reach: Reach) -> Iterator[tuple]:
    """Yield ticket key, estimate, verb, at, revision and amount of what the client saw of estimates."""
    estimate, revision, amount = (
        KeyTransform(name, "data") for name in ("estimate", "revision", "amount")
    )
    key = Ticket.objects.filter(pk=OuterRef("subject_id")).values("key")
    return (
        AuditEvent.objects.filter(
            subject_type="tickets.ticket",
            subject_id__in=Estimate.objects.filter(reach.known("ticket__")).values("ticket_id"),
            verb__in=[f"estimate.{step}" for step in SEEN_BY_CLIENT],
            at__lt=reach.ends_at,
        )
        .order_by("subject_id", "pk")
        .annotate(key=Subquery(key))
        .values_list("key", estimate, "verb", "at", revision, amount)
        .iterator()
    )


# --- releases ---


def released(reach: Reach) -> Iterator[tuple]:
    """
    Yield id, name, kind, system, released_at and documents of the releases to speak of.

    They were recorded in the month, or released in it or in the days before it that are watched.
    """
    watched = Q(released_at__gte=reach.starts_at - WATCHED, written_at__lt=reach.ends_at)
    recorded = Q(written_at__gte=reach.starts_at, written_at__lt=reach.ends_at)
    return (
        Release.objects.filter(watched | recorded, contract_id=reach.contract_id)
        .order_by("released_at", "pk")
        .values_list("pk", "name", "kind", "system", "released_at", "documents")
        .iterator()
    )


def deliveries(reach: Reach, releases: Iterable[int]) -> Iterator[tuple]:
    """Yield release id and ticket key of what the releases fix, as far as the report knows."""
    return (
        Delivery.objects.filter(
            reach.known("ticket__"), release__in=list(releases), at__lt=reach.ends_at
        )
        .order_by("release_id", "ticket__number")
        .values_list("release_id", "ticket__key")
        .iterator()
    )


# --- routine tasks ---


def routine_runs(reach: Reach) -> Iterator[tuple]:
    """Yield title, kind, system, due_on, closes_at, done_at and answers of runs that end in it."""
    return (
        RoutineRun.objects.filter(
            task__contract=reach.contract_id,
            closes_at__gt=reach.starts_at,
            closes_at__lte=reach.ends_at,
        )
        .order_by("closes_at", "pk")
        .values_list("title", "kind", "system", "due_on", "closes_at", "done_at", "answers")
        .iterator()
    )


# --- work ---


def effort(period: Period) -> tuple[list[Effort], int]:
    """
    Return the minutes worked, by stream and tier, and how many of closed months went off in them.

    What was corrected in the month counts as nothing in it; what was worked in a closed month and
    corrected in this one goes off here, as far as there are minutes to take it from.
    """
    corrected = Correction.objects.filter(period=period)
    worked = _minutes(TimeEntry.objects.filter(period=period).exclude(corrections__in=corrected))
    taken = _minutes(TimeEntry.objects.filter(corrections__in=corrected).exclude(period=period))
    left = {key: max(0, total - taken.get(key, 0)) for key, total in worked.items()}
    rows = [Effort(stream, tier, total) for (stream, tier), total in left.items() if total]
    return rows, sum(worked.values()) - sum(left.values())


def _minutes(entries: QuerySet[TimeEntry]) -> dict[tuple[str, str], int]:
    rows = entries.values("stage__stream", "tier").annotate(total=Sum("minutes"))
    return {
        (row["stage__stream"], row["tier"]): row["total"]
        for row in rows.order_by("stage__stream", "tier")
    }


def open_disputes(period: Period) -> QuerySet[Dispute]:
    """Keep the contract's disputes that were open when the month closed, or that are open now."""
    rows = Dispute.objects.filter(ticket__contract_id=period.contract_id)
    return rows.open_before(period.closed_at) if period.closed_at else rows.open()


def dispute_rows(period: Period) -> Iterator[tuple]:
    """Yield ticket, clause and outcome that are disputed, since when, and whether it was ruled."""
    ruled = ~Q(ruled_at=None)
    if period.closed_at is not None:
        ruled &= Q(ruled_at__lt=period.closed_at)
    rows = open_disputes(period).annotate(ruled=ExpressionWrapper(ruled, BooleanField()))
    return (
        rows.order_by("opened_at", "pk")
        .values_list(
            "ticket__key", "decision__clause_id", "decision__outcome", "opened_at", "ruled"
        )
        .iterator()
    )

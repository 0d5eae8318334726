"""
The rows of the monitoring's part of a report, each as it was at the month's end.

Columns that go on changing are read from the audit trail, or beside the instant at which they were
written; alerts are added up by the database, so a storm is as small as its tickets.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from reports.domain import findings
from reports.domain.outages import Turned
from reports.queries import Reach
from tenants.models import AuditEvent
from tickets.domain.alert import HEARTBEAT
from tickets.models import Alert, AlertSource, AlertWindow, Decision, SecurityFinding
from tickets.models.ticket import Ticket


def events(model: Any, ids: Any, verbs: Collection[str], before: datetime) -> QuerySet[AuditEvent]:
    """Keep what the trail says of rows of a model, in the order of writing."""
    return AuditEvent.objects.filter(
        subject_type=model._meta.label_lower, subject_id__in=ids, verb__in=verbs, at__lt=before
    ).order_by("subject_id", "pk")


# --- availability ---


def turns(reach: Reach, tickets: Collection[int]) -> Iterator[tuple]:
    """Yield ticket id, verb, at and the end that a recovery tells, of steps that end an outage."""
    rows = events(Ticket, tickets, [step.value for step in Turned], reach.ends_at)
    return rows.values_list(
        "subject_id", "verb", "at", KeyTextTransform("ended_at", "data")
    ).iterator()


def environments(reach: Reach, tickets: Collection[int]) -> dict[int, str]:
    """Return the environment of tickets, as their last decision of the month knew it."""
    rows = Decision.objects.filter(ticket__in=tickets, at__lt=reach.ends_at).order_by("pk")
    return dict(rows.values_list("ticket_id", KeyTextTransform("environment", "facts")))


def silences(reach: Reach) -> list[tuple]:
    """Return system, environment, ticket key, beginning and known end of the sources' silences."""
    known_end = Case(When(told_at__lt=reach.ends_at, then=F("ended_at")))
    rows = Alert.objects.filter(
        contract_id=reach.contract_id,
        fingerprint=HEARTBEAT,
        first_heard_at__lt=reach.ends_at,
        started_at__lt=reach.ends_at,
    ).annotate(known_end=known_end)
    rows = rows.filter(Q(known_end=None) | Q(known_end__gt=reach.starts_at))
    return list(
        rows.order_by("started_at", "pk").values_list(
            "system", "environment", ticket_then(reach), "started_at", "known_end"
        )
    )


def maintenance(reach: Reach) -> list[tuple]:
    """
    Return id, system, environment, beginning, end and reason of the contract's maintenance.

    It begins when it was agreed at the earliest: nobody agrees away an outage that has begun.
    """
    agreed = AuditEvent.objects.filter(
        subject_type=AlertWindow._meta.label_lower,
        subject_id=OuterRef("pk"),
        verb="alert_window.agreed",
    )
    rows = AlertWindow.objects.annotate(agreed_at=Subquery(agreed.values("at")[:1]))
    rows = rows.filter(contract_id=reach.contract_id, agreed_at__lt=reach.ends_at)
    found = rows.filter(starts_at__lt=reach.ends_at, ends_at__gt=reach.starts_at).values_list(
        "pk", "system", "environment", "starts_at", "agreed_at", "ends_at", "cancelled_at", "reason"
    )
    return [
        (pk, system, environment, max(starts, agreed_at), min(ends, cancelled or ends), reason)
        for pk, system, environment, starts, agreed_at, ends, cancelled, reason in found.order_by(
            "starts_at", "pk"
        )
    ]


# --- alerts ---


def ticket_then(reach: Reach) -> Case:
    """Return the ticket that an alert had at the month's end, or an empty text."""
    unknown = Q(placed_at=None, first_heard_at__lt=reach.ends_at)
    placed = Q(placed_at__lt=reach.ends_at) | unknown
    return Case(When(Q(ticket__isnull=False) & placed, then=F("ticket__key")), default=Value(""))


def alert_groups(reach: Reach) -> list[tuple]:
    """Return source id, ticket key, when it was registered, window id, alerts and silences among them."""
    rows = Alert.objects.filter(
        contract_id=reach.contract_id,
        first_heard_at__gte=reach.starts_at,
        first_heard_at__lt=reach.ends_at,
    ).annotate(held=ticket_then(reach))
    rows = rows.annotate(
        registered=Case(When(~Q(held=""), then=F("ticket__registered_at"))),
        kept_back=Case(When(held="", then=F("window_id"))),
    )
    groups = rows.values("source_id", "held", "registered", "kept_back").annotate(
        alerts=Count("pk"), silences=Count("pk", filter=Q(fingerprint=HEARTBEAT))
    )
    return list(
        groups.order_by("registered", "held", "source_id", "kept_back").values_list(
            "source_id", "held", "registered", "kept_back", "alerts", "silences"
        )
    )


def source_names(reach: Reach, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return name and kind of sources by id: the name that they had at the month's end."""
    verbs = ("alert_source.created", "alert_source.changed")
    name_then = KeyTextTransform("name", KeyTransform("plan", "data"))
    named = events(AlertSource, ids, verbs, reach.ends_at).values_list("subject_id", name_then)
    names = dict(named)
    rows = AlertSource.objects.filter(pk__in=ids).values_list("pk", "name", "kind")
    return {pk: (names.get(pk) or name, kind) for pk, name, kind in rows}


def windows(ids: Collection[int]) -> dict[int, tuple[datetime, datetime, str]]:
    """Return beginning, end as agreed, and reason of maintenance by id."""
    rows = AlertWindow.objects.filter(pk__in=ids)
    return {pk: told for pk, *told in rows.values_list("pk", "starts_at", "ends_at", "reason")}


def recovered(reach: Reach, keys: Collection[str]) -> set[str]:
    """Return those of the tickets that closed by themselves before anybody worked on them."""
    tickets = dict(Ticket.objects.filter(key__in=keys).values_list("pk", "key"))
    rows = events(Ticket, list(tickets), (Turned.RECOVERED,), reach.ends_at)
    return {tickets[pk] for pk in rows.values_list("subject_id", flat=True)}


# --- security findings ---

FINDING_STEPS = [step.value for step in findings.Turned]


def findings_of(reach: Reach) -> list[tuple]:
    """Return id, title, system, severity, source, reference and found_at of those to speak of."""
    rows = SecurityFinding.objects.filter(contract_id=reach.contract_id, found_at__lt=reach.ends_at)
    rows = rows.filter(Q(ended_at=None) | Q(ended_at__gte=reach.starts_at))
    return list(
        rows.order_by("pk").values_list(
            "pk", "title", "system", "severity", "source", "reference", "found_at"
        )
    )


def finding_turns(reach: Reach, ids: Collection[int]) -> Iterator[tuple]:
    """Yield finding id, verb, at, due date, last day, reason and ticket of what happened to findings."""
    told = ("due_at", "expires_on", "reason", "ticket")
    rows = events(SecurityFinding, ids, FINDING_STEPS, reach.ends_at)
    return rows.values_list(
        "subject_id", "verb", "at", *(KeyTextTransform(name, "data") for name in told)
    ).iterator()

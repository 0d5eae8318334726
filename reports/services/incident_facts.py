"""The facts of one incident as of an instant, from its own rows: what its report is drafted from."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from contracts.rules import rules_of
from reports.domain.incident import SCHEMA, ClockLine, Delivered, Moment, in_order, times
from reports.domain.plain import plain
from tenants import roles
from tenants.models import AuditEvent
from tickets.models import Assignment, Comment, Handoff, Obligation, Ticket
from tickets.models.choices import Lane, ObligationKind

TOLD = (
    *("ticket.opened", "ticket.started", "ticket.paused", "ticket.resumed", "ticket.restored"),
    *("ticket.resolved", "ticket.reopened", "ticket.closed", "emergency.declared"),
    *("handoff.offered", "handoff.accepted", "handoff.defaulted", "clock.missed"),
)
LONGEST = 500  # characters of a message that the timeline keeps
MEASURED_ONLY = (ObligationKind.CLIENT_DECISION,)


def incident_facts(ticket: Ticket, now: datetime) -> dict[str, Any]:
    """Return what stands beside the words of people; clients may read all of it."""
    decision = ticket.stage.decision
    system = rules_of(ticket.version).terms.system(ticket.system)
    return plain(
        {
            "schema": SCHEMA,
            "told_until": now,
            "ticket": {
                name: getattr(ticket, name)
                for name in (
                    "key",
                    "title",
                    "system",
                    "environment",
                    "priority",
                    "impact",
                    "urgency",
                )
            },
            "client": ticket.tenant.name,
            "contract": ticket.contract.number,
            "timezone": ticket.contract.timezone,
            "system": dict(system.name) if system else {},
            "verdict": {"outcome": decision.outcome, "clause": decision.clause_id},
            "times": times(
                ticket.received_at, acknowledged_at(ticket), ticket.restored_at, ticket.resolved_at
            ),
            "timeline": in_order([*_steps(ticket), *_said(ticket), *_owners(ticket)]),
            "clocks": list(_clocks(ticket)),
            "delivered": list(_delivered(ticket)),
        }
    )


def acknowledged_at(ticket: Ticket) -> datetime | None:
    """Return when a vendor person first spoke to the client."""
    rows = Comment.objects.filter(
        ticket=ticket, lane=Lane.PUBLIC, author__role__in=roles.VENDOR
    ).order_by("at")
    return rows.values_list("at", flat=True).first()


def evidence_of(ticket: Ticket) -> dict[str, str]:
    """Return what operation wrote when it offered the ticket to maintenance; empty without."""
    last = Handoff.objects.filter(ticket=ticket).order_by("pk").last()
    return last.evidence if last else {}


def note_of(ticket: Ticket, verb: str) -> str:
    """Return what the last step of a kind was explained with."""
    rows = AuditEvent.objects.filter(
        subject_type=ticket._meta.label_lower, subject_id=ticket.pk, verb=verb
    )
    last = rows.order_by("pk").last()
    return str(last.data.get("note") or last.data.get("reason") or "") if last else ""


def _steps(ticket: Ticket) -> Iterator[Moment]:
    rows = AuditEvent.objects.filter(
        subject_type=ticket._meta.label_lower, subject_id=ticket.pk, verb__in=TOLD
    )
    for row in rows.select_related("actor").order_by("pk"):
        at = ticket.received_at if row.verb == "ticket.opened" else row.at
        said = {name: row.data[name] for name in ("cause", "kind") if row.data.get(name)}
        text = "" if row.verb == "ticket.resolved" else str(row.data.get("note") or "")
        yield Moment(at, row.verb, side_of(row.actor), text, said)


def _said(ticket: Ticket) -> Iterator[Moment]:
    rows = Comment.objects.filter(ticket=ticket, lane=Lane.PUBLIC).select_related("author")
    for row in rows.order_by("at", "pk"):
        yield Moment(row.at, "said", side_of(row.author), row.body[:LONGEST])


def _owners(ticket: Ticket) -> Iterator[Moment]:
    for row in Assignment.objects.filter(ticket=ticket).order_by("pk"):
        yield Moment(row.at, "held", "", "", {"tier": row.tier, "team": row.team})


def side_of(member) -> str:
    """Return whose doing it was: the portal's own has no side."""
    return "" if member is None else "vendor" if member.is_vendor else "client"


def _clocks(ticket: Ticket) -> Iterator[ClockLine]:
    rows = Obligation.objects.filter(ticket=ticket).exclude(kind__in=MEASURED_ONLY)
    for row in rows.exclude(within="").order_by("started_at", "pk"):
        yield ClockLine(
            obligation=row.kind,
            priority=row.priority,
            within=row.within,
            started_at=row.started_at,
            due_at=row.due_at,
            stopped_at=row.stopped_at,
            missed_at=row.missed_at,
            state=row.state,
            used_seconds=row.used_seconds,
            paused_seconds=row.paused_seconds,
        )


def _delivered(ticket: Ticket) -> Iterator[Delivered]:
    for row in ticket.deliveries.select_related("release").order_by("pk"):
        release = row.release
        if release is None:
            yield Delivered("", None, (), row.reason)
        else:
            yield Delivered(release.name, release.released_at, tuple(release.documents), "")

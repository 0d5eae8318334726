"""What hangs on a ticket as the answers show it: plain mappings, made without a query."""

from tickets.api.shapes import Shape, person, short_verdict
from tickets.models import Comment, Dispute, Handoff, LedgerEntry, Link, Stage, Ticket, TimeEntry
from tickets.views.clocks import ClockFace


def clock(face: ClockFace) -> Shape:
    row = face.row
    return {
        "kind": row.kind,
        "attempt": row.attempt,
        "state": face.state,
        "within": row.within,
        "hours": row.hours,
        "started_at": row.started_at,
        "due_at": face.due_at,
        "stopped_at": row.stopped_at,
        "missed_at": row.missed_at,
        "used_seconds": int(face.used.total_seconds()),
        "paused_seconds": int(face.paused.total_seconds()),
        "creditable": row.creditable,
        "reclassified": row.reclassified,
    }


def ledger_entry(row: LedgerEntry) -> Shape:
    return {
        "event": row.event,
        "at": row.at,
        "within": row.within,
        "hours": row.hours,
        "cause": row.cause,
        "reason": row.reason,
        "by": person(row.by),
    }


def comment(row: Comment) -> Shape:
    """Return a message with the newest translation into each language."""
    return {
        "id": row.public_id,
        "at": row.at,
        "author": person(row.author),
        "lane": row.lane,
        "language": row.language,
        "body": row.body,
        "translations": {each.language: each.body for each in row.translations.all()},
    }


def link(row: Link, ticket: Ticket) -> Shape:
    """Return a link as the ticket sees it: `back` where the other one says it of this one."""
    back = row.ticket_id != ticket.pk
    return {
        "id": row.public_id,
        "kind": row.kind,
        "back": back,
        "ticket": row.ticket.key if back else row.other.key,
        "by": person(row.by),
        "at": row.at,
    }


def stage(row: Stage) -> Shape:
    return {
        "sequence": row.sequence,
        "stream": row.stream,
        "activity": row.activity or None,
        "tier": row.tier,
        "owner": person(row.owner),
        "began_at": row.began_at,
        "ended_at": row.ended_at,
        "facts": row.facts,
    }


def handoff(row: Handoff) -> Shape:
    return {
        "id": row.public_id,
        "state": row.state,
        "to_stream": row.to_stream,
        "evidence": row.evidence,
        "offered_by": person(row.offered_by),
        "offered_at": row.offered_at,
        "answered_by": person(row.answered_by),
        "answered_at": row.answered_at,
        "reason": row.reason,
    }


def dispute(row: Dispute) -> Shape:
    return {
        "id": row.public_id,
        "state": row.state,
        "reason": row.reason,
        "opened_by": person(row.opened_by),
        "opened_at": row.opened_at,
        "disputed": short_verdict(row.decision),
        "ruling": short_verdict(row.ruling),
        "ruled_by": person(row.ruled_by),
        "ruled_at": row.ruled_at,
        "agreed_by": person(row.agreed_by),
        "agreed_at": row.agreed_at,
    }


def time_entry(row: TimeEntry, number: int) -> Shape:
    corrections = list(row.corrections.all())
    return {
        "number": number,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "minutes": row.minutes,
        "person": person(row.person),
        "tier": row.tier,
        "place": row.place,
        "authority": row.authority,
        "settled": settled[-1].authority if (settled := list(row.settlements.all())) else None,
        "clause": row.clause_id or None,
        "triage": row.triage,
        "note": row.note,
        "corrected": corrections[0].reason if corrections else None,
        "month": row.period.month,
        "adjusts": row.adjusts and row.adjusts.month,
    }

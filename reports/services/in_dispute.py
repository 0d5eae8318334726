"""What the client disputes: in this month's amount, and in those of months that are closed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet

from contracts.domain.cost import (
    Authority,
    AuthorityKind,
    MonthFacts,
    Statement,
    Work,
    statement,
)
from contracts.models import Period
from tickets.models import Dispute, TimeEntry
from tickets.services import worked
from tickets.services.openings import Openings, facts_with, months_of
from tickets.services.worked import Row, rows_of, settled_by


def in_dispute(stated: Statement, facts: MonthFacts, rows: Sequence[Row]) -> dict[str, Any]:
    """Return what is due without the work that the client disputes, and what is in dispute."""
    disputed = {str(row.pk) for row in rows if row.disputed}
    due = stated.total
    if disputed:
        work = [_for_nothing(work) if work.ref in disputed else work for work in facts.work]
        due = min(due, statement(replace(facts, work=tuple(work))).total)
    charged = {entry.ticket for entry in stated.charged if entry.ref in disputed and entry.amount}
    return {"amount": stated.total - due, "due": due, "tickets": sorted(charged)}


def in_dispute_before(
    period: Period, openings: Openings, disputes: QuerySet[Dispute]
) -> list[dict[str, Any]]:
    """
    Return what the client disputes of months that were reported before, oldest first.

    Their reports stand, and counted it as due; from now on it waits for the ruling. Tax included.
    """
    entries = TimeEntry.objects.filter(worked.is_disputed(disputes), period__month__lt=period.month)
    found = (_of(origin, period, openings, disputes) for origin in months_of(entries))
    return [month for month in found if month["amount"]]


def _of(
    origin: Period, period: Period, openings: Openings, disputes: QuerySet[Dispute]
) -> dict[str, Any]:
    rows = list(rows_of(worked.known_before(origin, period), settled_by(period), disputes))
    facts = facts_with(origin, rows, openings.of(origin).carried, period)
    said = in_dispute(statement(facts), facts, rows)
    return {
        "origin": f"{origin.month:%Y-%m}",
        "amount": said["amount"],
        "tickets": said["tickets"],
    }


def _for_nothing(work: Work) -> Work:
    return work._replace(authority=Authority(AuthorityKind.GOODWILL))

"""Minutes of before change only in the client's favour, each time by a row of its own."""

from collections.abc import Iterable
from datetime import datetime

from contracts.models import Period
from contracts.services import period_for_work
from tenants.models import Membership
from tickets.domain.favour import FREE, settles_as
from tickets.models import Decision, Settlement, Stage, Ticket, TimeEntry
from tickets.models.choices import AuthorityKind


def settle_stage(stage: Stage, *, by: Membership | None, now: datetime) -> int:
    """Let the stage's new decision reach back to minutes of before; return how many entries it did."""
    decision = stage.decision
    authority = settles_as(decision.outcome, goodwill=is_goodwill(decision))
    if authority is None:
        return 0
    entries = unsettled().filter(stage=stage).exclude(decision=decision)
    return settle(entries, authority, decision=decision, by=by, now=now)


def settle_late(entry: TimeEntry, *, by: Membership | None, now: datetime) -> None:
    """Give a late entry what a decision after its own gave to the minutes that were there on time."""
    later = Decision.objects.filter(stage_id=entry.stage_id, pk__gt=entry.decision_id)
    for decision in later.order_by("pk"):
        authority = settles_as(decision.outcome, goodwill=is_goodwill(decision))
        if authority is not None and entry.authority not in FREE:
            settle([entry], authority, decision=decision, by=by, now=now)
            return


def settle_emergency(ticket: Ticket, *, now: datetime) -> int:
    """Make goodwill of the emergency's minutes: its retro-estimate was late."""
    entries = unsettled().filter(ticket=ticket, authority=AuthorityKind.EMERGENCY)
    return settle(entries, AuthorityKind.GOODWILL, decision=None, by=None, now=now)


def unsettled():
    """Return the entries that may still be charged, now or one day."""
    rows = TimeEntry.objects.filter(settlements=None).exclude(authority__in=FREE)
    return rows.select_related("contract").order_by("pk")


def settle(
    entries: Iterable[TimeEntry],
    authority: str,
    *,
    decision: Decision | None,
    by: Membership | None,
    now: datetime,
) -> int:
    """Write that the entries are not charged, from the open month on that each of them counts in."""
    periods: dict[int, Period] = {}
    rows = []
    for entry in entries:
        worked_in = entry.adjusts_id or entry.period_id
        if worked_in not in periods:
            periods[worked_in] = period_for_work(entry.contract, entry.starts_at, now)[0]
        rows.append(
            Settlement(
                tenant_id=entry.tenant_id,
                entry=entry,
                period=periods[worked_in],
                authority=authority,
                decision=decision,
                by=by,
                at=now,
            )
        )
    Settlement.objects.bulk_create(rows)
    return len(rows)


def is_goodwill(decision: Decision) -> bool:
    """Return whether the vendor gives what the contract does not."""
    return bool(decision.verdict.get("goodwill"))

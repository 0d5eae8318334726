"""Time that was written down wrong: the entry stays, counts as nothing, and a new one stands for it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from contracts.services import period_for_work
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import LEADS, Action
from tickets.models import Correction, Ticket, TimeEntry
from tickets.services.effort import record_time
from tickets.services.guard import begin, command


@command
def correct_time(
    *,
    entry: TimeEntry,
    actor: Membership,
    reason: str,
    now: datetime,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    note: str | None = None,
    triage: bool | None = None,
) -> Ticket:
    """
    Put work right that was recorded wrong; without `starts_at` and `ends_at` it was no work at all.

    The entry never changes. From the month that is open now it counts as nothing, and the new one
    is charged as if it had been there on time: a late correction never costs the client more.

    :raises Invalid: if there is no reason, or only one of the two instants.
    :raises NotPermitted: if it is another person's entry and `actor` is no lead.
    :raises Refused: if the entry was corrected before: correct what stands for it now.
    """
    if not reason.strip():
        raise Invalid(_("Say what was wrong."), field="reason")
    if (starts_at is None) != (ends_at is None):
        raise Invalid(_("Say when the work began and when it ended."), field="ends_at")
    ticket = begin(entry.ticket_id, actor, Action.CORRECT_TIME)
    if corrector_of(entry, [actor]) is None:
        raise NotPermitted(_("Another person's time is corrected by them or by a lead."))
    void(ticket, entry, actor, reason.strip(), now)
    audit.record(
        actor=actor,
        verb="time.corrected",
        subject=ticket,
        at=now,
        entry=entry.pk,
        reason=reason.strip(),
        before=span_of(entry.starts_at, entry.ends_at),
        after=span_of(starts_at, ends_at) if starts_at and ends_at else None,
    )
    if starts_at and ends_at:
        record_time(
            ticket=ticket,
            actor=actor,
            starts_at=starts_at,
            ends_at=ends_at,
            now=now,
            note=entry.note if note is None else note,
            person=entry.person,
            tier=entry.tier,
            place=entry.place,
            triage=entry.triage if triage is None else triage,
            replaces=entry,
        )
    return ticket


def corrector_of(entry: TimeEntry, desks: Iterable[Membership]) -> Membership | None:
    """Return the desk at which an entry may be put right: its person's own, or a lead's."""
    mine = (m for m in desks if m.is_vendor and m.user_id == entry.person.user_id)
    return next(mine, None) or next((m for m in desks if m.role in LEADS), None)


def void(ticket: Ticket, entry: TimeEntry, actor: Membership, reason: str, now: datetime) -> None:
    period, _adjusts = period_for_work(ticket.contract, entry.starts_at, now, alone=True)
    try:
        with transaction.atomic():
            Correction.objects.create(
                tenant_id=entry.tenant_id,
                entry=entry,
                period=period,
                reason=reason,
                by=actor,
                at=now,
            )
    except IntegrityError as error:
        raise Refused(
            _("This entry was corrected before. Correct the one that stands for it.")
        ) from error


def span_of(starts_at: datetime, ends_at: datetime) -> list[str]:
    return [starts_at.isoformat(), ends_at.isoformat()]

"""A wrong purchase of hours is taken back, while nobody has drawn on them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.domain.cost import Bought, ChargedEntry, Lot, statement
from contracts.models import BoughtHours, Contract, Period
from contracts.services import period_for_work
from contracts.services.month_facts import month_facts
from contracts.services.periods import first_open_day
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit
from tickets.services import worked
from tickets.services.openings import Openings, kept
from tickets.services.worked import rows_of, settled_by


@transaction.atomic
def reverse_bought_hours(
    *, bought: BoughtHours, actor: Membership, reason: str, now: datetime
) -> BoughtHours:
    """
    Take a wrong purchase back, whole: its price is a line of the first open month, with a minus.

    A month that is open takes its own purchase back. The hours are counted under the months' locks:
    the pool never owes any.

    :raises NotPermitted: unless `actor` is an account manager of this client.
    :raises Refused: if it was taken back, is itself a reversal, or some of its hours were drawn.
    :raises Invalid: if nobody says why.
    """
    if actor.role != Role.ACCOUNT_MANAGER or actor.tenant_id != bought.tenant_id:
        raise NotPermitted(_("Only an account manager writes down bought hours."))
    if not reason.strip():
        raise Invalid(_("Say why the purchase was wrong."), field="reason")
    contract = Contract.objects.select_for_update().get(pk=bought.contract_id)
    if bought.reverses_id or bought.reversals.exists():
        raise Refused(_("This purchase was taken back already."))
    day = max(bought.bought_on, first_open_day(contract))
    at = now if day == contract.local_date(now) else _noon(contract, day)
    period, _origin = period_for_work(contract, at, now, alone=True)
    reversal = BoughtHours(
        tenant_id=bought.tenant_id,
        contract=contract,
        pool=bought.pool,
        minutes=bought.minutes,
        price=bought.price,
        currency=bought.currency,
        bought_on=day,
        expires_on=bought.expires_on,
        reference=reason.strip()[:200],
        written_at=now,
        by=actor,
        reverses=bought,
    )
    if was_drawn(period, bought.fact().lot(), reversal.fact()):
        raise Refused(_("Some of these hours were drawn already: they cannot be taken back."))
    reversal.save()
    audit.record(
        actor=actor,
        verb="contract.hours_reversed",
        subject=contract,
        at=now,
        pool=bought.pool,
        minutes=bought.minutes,
        price=bought.price,
        currency=bought.currency,
        bought_on=bought.bought_on.isoformat(),
        reversed_on=day.isoformat(),
        reason=reason.strip(),
    )
    return reversal


def was_drawn(period: Period, lot: Lot, reversal: Bought) -> bool:
    """
    Return whether the lot is not whole when the month begins, or a month would charge otherwise.

    Both are asked of the month itself, and of those after it that have begun.
    """
    later = Period.objects.filter(contract_id=period.contract_id, month__gt=period.month)
    months = [period, *later.select_related("contract").order_by("month")]
    openings = Openings(kept(period.contract, months[-1].month))
    with_it = _charged(months, openings, None)
    return with_it != _charged(months, openings, reversal) or not _is_whole(period, openings, lot)


def _is_whole(period: Period, openings: Openings, lot: Lot) -> bool:
    facts = month_facts(period, (), openings.of(period).carried)
    lots = [*facts.carried.lots, *(each.lot() for each in facts.bought if not each.reverses)]
    return sum(each.minutes for each in lots if each.is_like(lot)) >= lot.minutes


def _charged(
    months: list[Period], openings: Openings, reversal: Bought | None
) -> list[tuple[ChargedEntry, ...]]:
    """Return what each month charges for its work, with a reversal in the first of them."""
    found, lots = [], None
    for period in months:
        rows = rows_of(worked.on_time(period), settled_by(period))
        begins = openings.of(period)
        carried = begins.carried
        if lots is not None:
            given = tuple(lot for news in begins.given for lot in news.lots)
            carried = replace(carried, lots=(*lots, *given))
        facts = month_facts(period, (row.work() for row in rows), carried)
        if reversal is not None and lots is None:
            facts = replace(facts, bought=(*facts.bought, reversal))
        stated = statement(facts)
        found.append(stated.charged)
        lots = stated.carried.lots
    return found


def _noon(contract: Contract, day: date) -> datetime:
    return datetime.combine(day, time(12), contract.zone).astimezone(UTC)

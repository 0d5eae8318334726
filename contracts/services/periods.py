"""The months of a contract: opened when first needed, closed once, locked while it matters."""

from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from contracts.domain.months import bounds_of, first_of_month
from contracts.domain.renewal import Term
from contracts.models import Contract, Period, PeriodState
from contracts.rules import rules_of
from tenants.errors import Invalid, Refused
from tenants.models import Membership
from tenants.services import audit

LOCK_SPACE = 0x0A0C


def period_of(contract: Contract, month: date) -> Period:
    """
    Return the period of a month (its first day), writing it down when it is first needed.

    :raises Invalid: if no version of the contract was in force in that month.
    """
    if period := Period.objects.filter(contract=contract, month=month).first():
        return period
    starts_at, ends_at = bounds_of(month, contract.zone)
    period = Period(
        tenant_id=contract.tenant_id,
        contract=contract,
        month=month,
        starts_at=starts_at,
        ends_at=ends_at,
        closes_at=closing_of(contract, ends_at),
    )
    Period.objects.bulk_create([period], ignore_conflicts=True)
    return Period.objects.get(contract=contract, month=month)


def closing_of(contract: Contract, ends_at: datetime) -> datetime:
    """Return the end of the grace for late entries, by the version in force at the month's end."""
    last_day = contract.local_date(ends_at - timedelta(seconds=1))
    if (version := contract.versions.in_force(last_day).first()) is None:
        raise Invalid(_("No version of this contract was in force in that month."), field="month")
    rules = rules_of(version)
    grace = rules.terms.cost.closing_grace
    if grace.business_days is None:
        return ends_at + (grace.duration or timedelta())
    hours = rules.hours[rules.terms.time.hours or "always"]
    return hours.close_of_business_day(ends_at - timedelta(seconds=1), grace.business_days)


def period_at(contract: Contract, at: datetime) -> Period:
    """Return the period that holds an instant."""
    return period_of(contract, first_of_month(contract.local_date(at)))


def first_open_day(contract: Contract) -> date:
    """
    Return the first day whose month is not closed, nor before the contract.

    Its month stays open until this transaction ends, and so do all after it.
    """
    closed = contract.periods.filter(state=PeriodState.CLOSED).order_by("-month").first()
    term = Term(contract.starts_on, contract.ends_on)
    day = term.first_open_day(closed.month if closed else None)
    period = contract.periods.filter(month=first_of_month(day)).first()
    if period is not None and not lock_shared(period).is_open:
        return first_open_day(contract)
    return day


def lock_shared(period: Period) -> Period:
    """Keep the period from closing until this transaction ends, and return it as it is now."""
    return _locked(period, "pg_advisory_xact_lock_shared")


def lock_exclusive(period: Period) -> Period:
    """Keep every writer of the period out until this transaction ends, and return it as it is."""
    return _locked(period, "pg_advisory_xact_lock")


def _locked(period: Period, function: str) -> Period:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [LOCK_SPACE, period.pk % 2_147_483_647])
    period.refresh_from_db()
    return period


def period_for_work(
    contract: Contract, at: datetime, now: datetime, *, alone: bool = False
) -> tuple[Period, Period | None]:
    """
    Return the open period that work done at `at` counts in, locked shared.

    Work of a closed month counts in the first open month after it, as an adjustment: the second
    value is then the closed month it was done in. Who is `alone` keeps every other writer out of
    that month and the later ones, oldest first: what its pools have left counts in those too.
    """
    lock = lock_exclusive if alone else lock_shared
    worked = later = lock(period_at(contract, at))
    while not later.is_open:
        later = lock(period_at(contract, later.ends_at))
    if alone:
        after = Period.objects.filter(contract=contract, month__gt=later.month)
        for period in after.order_by("month"):
            lock_exclusive(period)
    return later, None if worked is later else worked


@transaction.atomic
def close_period(
    *, period: Period, actor: Membership | None, now: datetime, early: bool = False
) -> Period:
    """
    Close a month for good: its entries are final from here on. Closing it again changes nothing.

    `early` does not wait for the grace, only for the month's end.

    :raises Refused: if the grace for late entries is not over, or an earlier month is still open.
    """
    period = lock_exclusive(period)
    if not period.is_open:
        return period
    if now < (period.ends_at if early else period.closes_at):
        raise Refused(
            _("The month has not ended.")
            if early
            else _("The month is still open for late entries.")
        )
    earlier = Period.objects.filter(
        contract_id=period.contract_id, month__lt=period.month, state=PeriodState.OPEN
    )
    if earlier.exists():
        raise Refused(_("An earlier month of this contract is still open: close that one first."))
    period.state, period.closed_at = PeriodState.CLOSED, now
    period.save(update_fields=["state", "closed_at"])
    audit.record(
        actor=actor,
        verb="period.closed",
        subject=period,
        at=now,
        month=period.month.isoformat(),
        early=now < period.closes_at,
    )
    return period

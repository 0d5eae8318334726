"""What the contract itself brings to a month's statement: its versions, purchases and renewals."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Sum

from contracts.domain.calendars import holidays_of
from contracts.domain.cost import Carried, InForce, Month, MonthFacts, Work
from contracts.models import BoughtHours, ContractVersion, Period
from contracts.rules import Rules, rules_of


def month_facts(
    period: Period, work: Iterable[Work], carried: Carried, *, known: Period | None = None
) -> MonthFacts:
    """
    Return what the month's statement is made from, without what only a report knows.

    `known` is the month up to which late agreements on its work are known; None: all of them.
    """
    contract = period.contract
    return MonthFacts(
        month=month_of(period),
        versions=tuple(in_force(rules_of(v), v.effective_on) for v in versions_during(period)),
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        work=tuple(work),
        carried=carried,
        bought=tuple(bought.fact() for bought in bought_during(period)),
        renewals=renewals_during(period),
        overage=overage_of(period, known),
    )


def overage_of(period: Period, known: Period | None) -> dict[str, int]:
    """Return the minutes of the month's work that were agreed beyond its pools, by pool."""
    rows = period.agreed_overage.all()
    if known is not None:
        rows = rows.filter(counts_in__month__lte=known.month)
    summed = rows.order_by().values("pool").annotate(minutes=Sum("minutes"))
    return {row["pool"]: row["minutes"] for row in summed}


def month_of(period: Period) -> Month:
    return Month(period.month.year, period.month.month, period.contract.timezone)


def in_force(rules: Rules, from_on: date) -> InForce:
    """Return the rules as a statement takes them, from a day on."""
    name = rules.terms.time.hours
    hours = rules.hours[name] if name else None
    return InForce(from_on, rules.terms, hours, holidays_of(rules.terms, name, rules.holidays))


def versions(period: Period) -> list[ContractVersion]:
    """
    Return the versions in force until the month's end, oldest first.

    One that was activated after the month closed changes nothing in it.
    """
    next_on = period.contract.local_date(period.ends_at)
    rows = ContractVersion.objects.filter(
        contract_id=period.contract_id, effective_on__lt=next_on
    ).exclude(activated_at=None)
    if period.closed_at is not None:
        rows = rows.filter(activated_at__lte=period.closed_at)
    return list(rows.order_by("effective_on"))


def versions_during(
    period: Period, until: list[ContractVersion] | None = None
) -> list[ContractVersion]:
    """Return the versions that were in force on a day of the month; the first reaches back."""
    first_on = max(period.month, period.contract.starts_on)
    known = versions(period) if until is None else until
    started = [version for version in known if version.effective_on <= first_on]
    return [*started[-1:], *(version for version in known if version.effective_on > first_on)]


def renewals_during(period: Period) -> tuple[date, ...]:
    """
    Return the days of the month, and the first after it, on which the contract was renewed.

    A renewal is agreed before its day, so none comes to a month that has closed.
    """
    next_on = period.contract.local_date(period.ends_at)
    rows = period.contract.renewals.filter(renewed_on__gt=period.month, renewed_on__lte=next_on)
    return tuple(rows.order_by("renewed_on").values_list("renewed_on", flat=True))


def bought_during(period: Period) -> Iterable[BoughtHours]:
    """
    Return what was bought on the days of the month, oldest first.

    Nothing is bought in a closed month, so none comes to it later.
    """
    next_on = period.contract.local_date(period.ends_at)
    rows = period.contract.bought_hours.filter(bought_on__gte=period.month, bought_on__lt=next_on)
    return rows.select_related("reverses").order_by("bought_on", "pk")

"""
What the rounding and the triage of a contract make of one ticket's minutes, day by day.

Rounding goes by entry, or by ticket and day, and triage by ticket: neither asks what other tickets
did in the month. Which hours of a pool are left, and what a limit still carries, does.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from contracts.domain.charging import TRIAGE, InForce, Ledger, version_on
from contracts.domain.cost import Authority, AuthorityKind, Carried, Month, Work


@dataclass(frozen=True, slots=True)
class DayMinutes:
    """One local day of a ticket; `charged_minutes` hold the rounded ones, and triage as it was."""

    on: date
    raw_minutes: int
    charged_minutes: int
    triage_minutes: int


def minutes_by_day(
    works: Iterable[Work], versions: Sequence[InForce], zone: str
) -> tuple[DayMinutes, ...]:
    """
    Return the days of one ticket's `works`, rounded as the contract's months round them.

    The rounding of a month is that of the version on its first day (the first one reaches back).
    Triage is used up in the order of the work, over the months.
    """
    months: defaultdict[Month, list[Work]] = defaultdict(list)
    for work in works:
        months[month_of(work, zone)].append(work)
    found: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
    triage: dict[str, int] = {}
    for month in sorted(months, key=lambda month: month.first_on):
        governing = version_on(versions, month.first_on).terms
        ledger = Ledger(month, versions, governing, {}, Carried(triage=triage))
        ledger.post_all(unpriced(work) for work in months[month])
        triage = ledger.triage
        for entry in ledger.entries:
            day = found[entry.on]
            day[0] += entry.raw_minutes
            day[1] += entry.charged_minutes
            day[2] += entry.raw_minutes if entry.kind == TRIAGE else 0
    return tuple(DayMinutes(on, *found[on]) for on in sorted(found))


def month_of(work: Work, zone: str) -> Month:
    on = work.starts_at.astimezone(ZoneInfo(zone))
    return Month(on.year, on.month, zone)


def unpriced(work: Work) -> Work:
    """Return work that needs no rate and no pool, and is rounded with what it was rounded with."""
    authority = work.authority
    key = f"{authority.kind}/{authority.key}"
    return work._replace(
        authority=Authority(AuthorityKind.INCLUDED, key, authority.clause_id),
        triage=work.triage or authority.kind is AuthorityKind.HELD,
    )

"""Charging: from stretches of work to pieces with one rate and one authority, minute by minute."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from contracts.domain.calendars import Holidays, holidays_of, service_hours
from contracts.domain.durations import minutes_of
from contracts.domain.money import WHOLE, divide, round_half_up
from contracts.domain.pools import PoolAccount
from contracts.domain.service_hours import ServiceHours, as_utc
from contracts.domain.statement import Authority, AuthorityKind, Carried, ChargedEntry, Month, Work
from contracts.domain.terms import Rounding, RoundingPer, Terms, Tier, WhenEmpty

OVERAGE = "overage"
TRIAGE = "triage"
_HOUR = 60 * WHOLE
_DAY = timedelta(days=1)
# As names of the module: Python looks up a member of an enum five times slower.
_POOL, _PREAPPROVED = AuthorityKind.POOL, AuthorityKind.PREAPPROVED
_ESTIMATE, _EMERGENCY = AuthorityKind.ESTIMATE, AuthorityKind.EMERGENCY
_HELD, _TICKET_DAY = AuthorityKind.HELD, RoundingPer.TICKET_DAY


class RateMissing(LookupError):
    """Work must be billed and no rate was agreed for its tier and place."""


@dataclass(frozen=True, slots=True)
class InForce:
    """Terms from a day on, with the service hours and frozen holidays of `time.hours`."""

    from_on: date
    terms: Terms
    hours: ServiceHours | None = None
    holidays: frozenset[date] = frozenset()


def in_force(terms: Terms, from_on: date, holidays: Holidays | None = None) -> InForce:
    """Return `terms` in force from `from_on`, with the dates frozen by country code."""
    name, frozen = terms.time.hours, holidays or {}
    hours = service_hours(terms, frozen)[name] if name else None
    return InForce(from_on, terms, hours, holidays_of(terms, name, frozen))


def version_on(versions: Sequence[InForce], on: date) -> InForce:
    """Return the last version that is in force on `on`; the first reaches back."""
    for version in reversed(versions):
        if version.from_on <= on:
            return version
    return versions[0]


def cap_key(work: Work) -> str:
    """Return the key under which a limit counts: an estimate's own, else clause and ticket."""
    authority = work.authority
    if authority.kind is _ESTIMATE:
        return authority.key
    return f"{authority.clause_id}/{authority.key or work.ticket}"


def amount_of(minutes: int, rate: int, multiplier: int = WHOLE) -> int:
    """Return the price of `minutes` at `rate` an hour, half a minor unit rounded up."""
    return round_half_up(minutes * rate * multiplier, _HOUR)


def rounded(minutes: int, rounding: Rounding) -> int:
    """Return the chargeable minutes for `minutes` worked; nothing worked is nothing charged."""
    if not minutes:
        return 0
    units = divide(minutes, rounding.unit, rounding.mode)
    return max(units * rounding.unit, rounding.minimum)


class Slice(NamedTuple):
    """Minutes of one entry on one local day under one multiplier."""

    on: date
    minutes: int
    multiplier: int


def cut(work: Work, month: Month, versions: Sequence[InForce]) -> list[Slice]:
    """Return the entry cut at local midnights, and at opening and closing where that costs."""
    start, end = _minute(work.starts_at), _minute(work.ends_at)
    if end <= start:
        return [Slice(month.day_of(start), 0, WHOLE)]
    slices: list[Slice] = []
    while start < end:
        on = month.day_of(start)
        midnight = month.midnight(on + _DAY)
        until = midnight if midnight < end else end
        slices += _of_day(start, until, on, version_on(versions, on))
        start = midnight
    return slices


def _minute(at: datetime) -> datetime:
    at = as_utc(at)
    return at.replace(second=0, microsecond=0) if at.second or at.microsecond else at


def _of_day(start: datetime, end: datetime, on: date, version: InForce) -> list[Slice]:
    """Return the stretch of a day by its multipliers: the highest that applies, alone."""
    multipliers = version.terms.cost.multipliers
    holiday = (multipliers.holiday or WHOLE) if on in version.holidays else WHOLE
    outside = max(multipliers.out_of_hours or WHOLE, holiday)
    if outside == holiday or version.hours is None:
        return [Slice(on, minutes_of(end - start), holiday)]
    slices: list[Slice] = []
    for minutes, multiplier in _in_and_out(start, end, version.hours, holiday, outside):
        if slices and slices[-1].multiplier == multiplier:
            minutes += slices.pop().minutes
        slices.append(Slice(on, minutes, multiplier))
    return slices


def _in_and_out(
    start: datetime, end: datetime, hours: ServiceHours, inside: int, outside: int
) -> Iterator[tuple[int, int]]:
    """Yield the minutes inside and outside the hours, each with its multiplier."""
    for opens, closes in hours.windows(start, end):
        opens, closes = max(opens, start), min(closes, end)
        if opens > start:
            yield minutes_of(opens - start), outside
        if closes > opens:
            yield minutes_of(closes - opens), inside
        start = max(start, closes)
    if end > start:
        yield minutes_of(end - start), outside


class Ledger:
    """Charges a month's entries in their one order and remembers what limits have used."""

    def __init__(
        self,
        month: Month,
        versions: Sequence[InForce],
        governing: Terms,
        accounts: dict[str, PoolAccount],
        carried: Carried,
        overage: Mapping[str, int] | None = None,
    ) -> None:
        self.month, self.versions, self.governing = month, versions, governing
        self.accounts = accounts
        self.agreed = dict(overage or {})
        self.triage = dict(carried.triage)
        self.preapproved = dict(carried.preapproved)
        self.emergency = dict(carried.emergency)
        self.estimates = dict(carried.estimates)
        self.entries: list[ChargedEntry] = []
        self._worked: dict[tuple[object, ...], int] = {}

    def post_all(self, works: Iterable[Work]) -> None:
        """Charge `works` sorted by start, tier and id."""
        for work in sorted(works, key=attrgetter("starts_at", "tier", "ref")):
            for piece in cut(work, self.month, self.versions):
                self._post(work, piece)

    def _post(self, work: Work, piece: Slice) -> None:
        free = self._take_triage(work, piece.minutes)
        raw = piece.minutes - free
        if free:
            self._add(work, piece, TRIAGE, free, free)
        if raw or not free:
            self._charge(work, piece, raw, self._chargeable(work, piece, raw))

    def _take_triage(self, work: Work, minutes: int) -> int:
        """Return the minutes that triage covers: those marked so, and those without authority."""
        if not work.triage and work.authority.kind is not _HELD:
            return 0
        used = self.triage.get(work.ticket, 0)
        free = max(0, min(minutes, self.governing.cost.triage - used))
        if free:
            self.triage[work.ticket] = used + free
        return free

    def _chargeable(self, work: Work, piece: Slice, raw: int) -> int:
        """Return the rounded minutes this piece adds to its entry, or to its ticket's day."""
        rounding = self.governing.cost.rounding
        group: tuple[object, ...] = (work.ref, work.authority)
        if rounding.per is _TICKET_DAY:
            authority = work.authority
            group = (work.ticket, piece.on, authority.kind, authority.key, authority.clause_id)
        before = self._worked.get(group, 0)
        self._worked[group] = before + raw
        return rounded(before + raw, rounding) - rounded(before, rounding)

    def _charge(self, work: Work, piece: Slice, raw: int, minutes: int) -> None:
        kind = work.authority.kind
        if kind is _POOL:
            self._from_pool(work, piece, raw, minutes)
        elif kind is _EMERGENCY:
            self._emergency(work, piece, raw, minutes)
        elif kind is _PREAPPROVED:
            cap = self._cap_of(work.authority)
            self._up_to(work, piece, raw, minutes, cap, self.preapproved)
        elif kind is _ESTIMATE and work.authority.limit is not None:
            self._up_to(work, piece, raw, minutes, work.authority.limit, self.estimates)
        else:
            self._add(work, piece, kind, raw, minutes)

    def _from_pool(self, work: Work, piece: Slice, raw: int, minutes: int) -> None:
        account = self.accounts.get(work.authority.key)
        drawn = account.draw(minutes, piece.on) if account else 0
        first = self._share(raw, drawn, minutes)
        if account and (drawn or not minutes):
            self._add(work, piece, AuthorityKind.POOL, first, drawn)
        if not account or drawn < minutes:
            self._beyond_pool(work, piece, raw - first, minutes - drawn)

    def _beyond_pool(self, work: Work, piece: Slice, raw: int, minutes: int) -> None:
        account, key = self.accounts.get(work.authority.key), work.authority.key
        dated = version_on(self.versions, piece.on).terms.pool(key)
        pool = dated or (account.pool if account else None)
        billed = self._agreed(key, minutes, pool.when_empty) if account and pool else 0
        first = self._share(raw, billed, minutes)
        if pool is not None and billed:
            rate = pool.overage_rate
            rate = self._rate(work, piece) if rate is None else rate
            self._add(work, piece, OVERAGE, first, billed, rate)
        if billed < minutes or not minutes:
            self._add(work, piece, AuthorityKind.HELD, raw - first, minutes - billed)

    def _agreed(self, key: str, minutes: int, when_empty: WhenEmpty) -> int:
        """Return how many minutes beyond a pool are billed: all, those agreed to, or none."""
        if when_empty is WhenEmpty.BILL:
            return minutes
        billed = min(minutes, self.agreed.get(key, 0)) if when_empty is WhenEmpty.APPROVE else 0
        if billed:
            self.agreed[key] -= billed
        return billed

    def _emergency(self, work: Work, piece: Slice, raw: int, minutes: int) -> None:
        cap, key = work.authority.limit, cap_key(work)
        if cap is None:
            emergency = self.governing.scope.emergency
            cap = emergency.cap if emergency else 0
        used = self.emergency.get(key, 0)
        within = max(0, min(minutes, cap - used))
        self.emergency[key] = used + within
        self._split(work, piece, raw, minutes, within)

    def _up_to(
        self, work: Work, piece: Slice, raw: int, minutes: int, cap: int, used: dict[str, int]
    ) -> None:
        """Bill the whole minutes that fit under `cap` minor units, and hold the rest."""
        key, rate = cap_key(work), self._rate(work, piece)
        left = max(0, cap - used.get(key, 0))
        price = rate * piece.multiplier
        within = min(minutes, left * _HOUR // price) if price else minutes
        used[key] = used.get(key, 0) + amount_of(within, rate, piece.multiplier)
        self._split(work, piece, raw, minutes, within)

    def _cap_of(self, authority: Authority) -> int:
        clause = self.governing.clause(authority.clause_id)
        cap = clause.then.cap if clause else None
        return authority.limit if authority.limit is not None else cap or 0

    def _split(self, work: Work, piece: Slice, raw: int, minutes: int, within: int) -> None:
        first = self._share(raw, within, minutes)
        if within or not minutes:
            rate = self._rate(work, piece)
            self._add(work, piece, work.authority.kind, first, within, rate)
        if within < minutes:
            self._add(work, piece, AuthorityKind.HELD, raw - first, minutes - within)

    @staticmethod
    def _share(raw: int, part: int, minutes: int) -> int:
        """Return the raw minutes that go with `part` of the charged `minutes`."""
        return raw * part // minutes if minutes else raw

    def _rate(self, work: Work, piece: Slice) -> int:
        rate = version_on(self.versions, piece.on).terms.rate_for(work.tier, work.place)
        if rate is None:
            place = f" {work.place}" if work.place else ""
            raise RateMissing(f"{work.ref}: no rate for {Tier(work.tier)}{place} on {piece.on}")
        return rate

    def _add(
        self, work: Work, piece: Slice, kind: str, raw: int, minutes: int, rate: int | None = None
    ) -> None:
        multiplier = WHOLE if rate is None else piece.multiplier
        self.entries.append(
            ChargedEntry(
                work.ref,
                work.ticket,
                piece.on,
                work.tier,
                str(kind),
                work.authority.key,
                work.authority.clause_id,
                raw,
                minutes,
                rate,
                multiplier,
                0 if rate is None else amount_of(minutes, rate, multiplier),
            )
        )

"""What is known only later: work of a closed month, cancelled work, answers to what was held."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from contracts.domain.cost import late_adjustment, statement
from contracts.domain.month_facts import MonthFacts
from contracts.domain.pools import Lot, LotKind
from contracts.domain.statement import (
    Adjustment,
    Authority,
    AuthorityKind,
    Carried,
    FixedCharge,
    Month,
    Statement,
    Work,
)


@dataclass(frozen=True, slots=True)
class Late:
    """What late work changes in a closed month, and what the open month then begins with."""

    adjustment: Adjustment | None
    carried: Carried


def charge_late(closed: MonthFacts, late: Iterable[Work], carried: Carried) -> Late:
    """
    Return what late work costs: as if on time, and within what later months left of the limits.

    `closed` are the facts of the closed month with the work known so far; `carried` is what the
    open month begins with. Caps and not-to-exceeds are counted over all months, so that a limit is
    never billed twice. Triage is given as on time, and hours that rolled over stay rolled over:
    late work costs the client at most what it would have cost on time.
    """
    before = statement(closed)
    used = before.carried
    begins = replace(
        closed.carried,
        preapproved=_more(closed.carried.preapproved, used.preapproved, carried.preapproved),
        emergency=_more(closed.carried.emergency, used.emergency, carried.emergency),
        estimates=_more(closed.carried.estimates, used.estimates, carried.estimates),
    )
    again = replace(closed, work=(*closed.work, *late), carried=begins)
    after = statement(again)
    return Late(
        late_adjustment(before, after),
        Carried(
            carried.lots,
            _more(carried.triage, used.triage, after.carried.triage),
            after.carried.preapproved,
            after.carried.emergency,
            after.carried.estimates,
        ),
    )


def _more(
    base: Mapping[str, int], before: Mapping[str, int], after: Mapping[str, int]
) -> dict[str, int]:
    """Return `base` with what was used between `before` and `after`, by key."""
    keys = sorted({*base, *after})
    return {key: base.get(key, 0) + max(0, after.get(key, 0) - before.get(key, 0)) for key in keys}


def hours_back(before: Statement, after: Statement, opens: Month) -> tuple[Lot, ...]:
    """
    Return the hours that a closed month drew `before` and draws no more `after`, as lots of `opens`.

    What became money (an overage that the freed hours cover) is no hours. Hours that had been bought
    keep their own expiry, all others may be drawn in the month `opens` at least, and as long as what
    rolled over from the closed month.
    """
    used = {pool.key: pool.used for pool in before.pools}
    lots: list[Lot] = []
    for pool in after.pools:
        freed = used.get(pool.key, 0) - pool.used
        for lot in _bought_back(pool.key, before.lots, after.lots, opens):
            taken = min(lot.minutes, max(0, freed))
            lots += [replace(lot, minutes=taken)] if taken else []
            freed -= taken
        if freed > 0:
            rolled = [lot.expires_on for lot in _of(after.lots, pool.key, LotKind.ROLLED)]
            last = max((on for on in rolled if on), default=opens.next_on)
            until = max(opens.next_on, last)
            lots.append(Lot(pool.key, LotKind.ROLLED, freed, opens.first_on, until))
    return tuple(lots)


def _bought_back(
    key: str, before: Iterable[Lot], after: Iterable[Lot], opens: Month
) -> Iterator[Lot]:
    left = Counter[Lot]()
    for lot in _of(before, key, LotKind.BOUGHT):
        left[replace(lot, minutes=0)] += lot.minutes
    for lot in _of(after, key, LotKind.BOUGHT):
        same = replace(lot, minutes=0)
        taken = min(lot.minutes, left[same])
        left[same] -= taken
        if taken < lot.minutes:
            until = lot.expires_on and max(lot.expires_on, opens.next_on)
            yield replace(lot, minutes=lot.minutes - taken, expires_on=until)


def _of(lots: Iterable[Lot], pool: str, kind: LotKind) -> Iterator[Lot]:
    return (lot for lot in lots if lot.pool == pool and lot.kind is kind)


def cancelled(months: Iterable[MonthFacts], key: str, price: int) -> FixedCharge:
    """
    Return the charge for a cancelled fixed price: the work done at its rates, up to the price.

    `months` are those in which work was done under the estimate `key`, oldest first.

    :raises RateMissing: if no rate was agreed for some of the work.
    """
    amount, tickets, clauses, begins = 0, set[str](), set[str](), Carried()
    for facts in months:
        done = [_with_limit(work, price) for work in facts.work if _is_of(work.authority, key)]
        stated = _only(facts, done, begins)
        amount += sum(entry.amount for entry in stated.charged)
        tickets |= {work.ticket for work in done}
        clauses |= {work.authority.clause_id for work in done}
        begins = stated.carried
    clause = next(iter(clauses)) if len(clauses) == 1 else ""
    return FixedCharge(key, amount, tuple(sorted(tickets)), clause)


def _is_of(authority: Authority, key: str) -> bool:
    return authority.kind is AuthorityKind.ESTIMATE and authority.key == key


def _with_limit(work: Work, price: int) -> Work:
    return work._replace(authority=work.authority._replace(limit=price))


def _only(facts: MonthFacts, works: Iterable[Work], begins: Carried) -> Statement:
    """State a month with this work and nothing else of what happened in it."""
    alone = MonthFacts(facts.month, facts.versions, facts.starts_on, facts.ends_on)
    limits = Carried(triage=facts.carried.triage, estimates=begins.estimates)
    return statement(replace(alone, work=tuple(works), carried=limits))


def settled(authority: Authority, declined: Collection[str], *, closing: bool) -> Authority:
    """
    Return what stands behind minutes that were held, once the answer is known.

    They become goodwill when the estimate or ruling they name is `declined` or expired, and at
    closing where they name none: nobody asked. Until then they wait, over month ends too.
    """
    held = authority.kind is AuthorityKind.HELD
    if held and (authority.key in declined or (closing and not authority.key)):
        return authority._replace(kind=AuthorityKind.GOODWILL)
    return authority

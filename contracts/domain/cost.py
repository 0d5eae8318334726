"""
Cost: one month's statement, from the terms, the work and what earlier months left.

Pure: the same inputs give the same statement, in whatever order the entries come. The words of the
statement are in `statement`, the minutes are charged in `charging`, hour pools are in `pools`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from contracts.domain.charging import (
    OVERAGE,
    TRIAGE,
    InForce,
    Ledger,
    RateMissing,
    Slice,
    amount_of,
    cap_key,
    in_force,
    rounded,
)
from contracts.domain.money import WHOLE, percent, round_half_up
from contracts.domain.month_facts import MonthFacts
from contracts.domain.pools import Lot, LotKind, PoolUse
from contracts.domain.statement import (
    Adjustment,
    Authority,
    AuthorityKind,
    Bought,
    Carried,
    ChargedEntry,
    FixedCharge,
    Line,
    LineKind,
    Month,
    SlaResult,
    Statement,
    Work,
)
from contracts.domain.terms import Commitment, Credit, FirstMonth, Tax, TaxOn

__all__ = [
    "OVERAGE",
    "TRIAGE",
    "Adjustment",
    "Authority",
    "AuthorityKind",
    "Bought",
    "Carried",
    "ChargedEntry",
    "FixedCharge",
    "InForce",
    "Line",
    "LineKind",
    "Lot",
    "LotKind",
    "Month",
    "MonthFacts",
    "PoolUse",
    "RateMissing",
    "SlaResult",
    "Slice",
    "Statement",
    "Work",
    "amount_of",
    "cap_key",
    "in_force",
    "late_adjustment",
    "rounded",
    "statement",
]

_ORDER = list(LineKind)
_BILLED = {
    AuthorityKind.POOL.value: LineKind.POOL,
    OVERAGE: LineKind.OVERAGE,
    AuthorityKind.PREAPPROVED.value: LineKind.PREAPPROVED,
    AuthorityKind.ESTIMATE.value: LineKind.ESTIMATE,
    AuthorityKind.EMERGENCY.value: LineKind.EMERGENCY,
}


def statement(facts: MonthFacts) -> Statement:
    """
    Return the month's statement; its total is the sum of its lines and the tax on them.

    :raises RateMissing: if work must be billed and no rate was agreed.
    :raises ValueError: if a fact is not of the month, stands twice, or currencies differ.
    """
    facts.check()
    terms, accounts = facts.governing(), facts.accounts()
    ledger = Ledger(facts.month, facts.versions, terms, accounts, facts.carried, facts.overage)
    ledger.post_all(facts.work)
    lines = _taxed(_lines(facts, ledger.entries), terms.cost.tax)
    subtotal = sum(line.amount for line in lines)
    tax = _tax(lines, subtotal, terms.cost.tax)
    return Statement(
        month=str(facts.month),
        currency=terms.currency,
        lines=lines,
        subtotal=subtotal,
        tax=tax,
        total=subtotal + tax,
        charged=tuple(ledger.entries),
        pools=tuple(account.summary() for account in accounts.values()),
        carried=_carried(ledger),
        held_minutes=_raw(ledger.entries, AuthorityKind.HELD),
        goodwill_minutes=_raw(ledger.entries, AuthorityKind.GOODWILL),
        budget=terms.cost.budget,
    )


def late_adjustment(closed: Statement, with_late: Statement) -> Adjustment | None:
    """
    Return what late entries change in a closed month, or None where they change nothing.

    `with_late` is the closed month stated again with the late entries, so they cost what they would
    have cost on time.
    """
    known = {entry.ref for entry in closed.charged}
    late = [entry for entry in with_late.charged if entry.ref not in known]
    amount = with_late.subtotal - closed.subtotal
    before, after = _by_ticket(closed.charged), _by_ticket(with_late.charged)
    changed = {ticket for ticket in before | after if before[ticket] != after[ticket]}
    if not late and not amount and not changed:
        return None
    tickets = tuple(sorted({entry.ticket for entry in late} | changed))
    return Adjustment(closed.month, amount, tickets, sum(entry.raw_minutes for entry in late))


def _by_ticket(entries: Iterable[ChargedEntry]) -> Counter[str]:
    amounts: Counter[str] = Counter()
    for entry in entries:
        amounts[entry.ticket] += entry.amount
    return amounts


def _carried(ledger: Ledger) -> Carried:
    lots = tuple(lot for account in ledger.accounts.values() for lot in account.carried())
    return Carried(lots, ledger.triage, ledger.preapproved, ledger.emergency, ledger.estimates)


def _raw(entries: Iterable[ChargedEntry], kind: AuthorityKind) -> int:
    return sum(entry.raw_minutes for entry in entries if entry.kind == kind)


def _lines(facts: MonthFacts, entries: Sequence[ChargedEntry]) -> list[Line]:
    fee = monthly_fee(facts)
    lines = [_plain(LineKind.FEE, "monthly_fee", fee)] if facts.runs() else []
    lines += _worked(entries)
    lines += [
        replace(
            _plain(LineKind.BOUGHT, bought.pool, bought.sign * bought.amount, bought.tickets),
            quantity_minutes=bought.sign * bought.minutes,
        )
        for bought in facts.bought
    ]
    lines += [
        _plain(LineKind.ESTIMATE, charge.key, charge.amount, charge.tickets, charge.clause_id)
        for charge in facts.charges
    ]
    lines += _credits(facts, fee)
    lines += [
        replace(
            _plain(LineKind.ADJUSTMENT, late.origin, late.amount, late.tickets),
            quantity_minutes=late.minutes or None,
        )
        for late in facts.adjustments
    ]
    return sorted(lines, key=_line_order)


def _line_order(line: Line) -> tuple[object, ...]:
    numbers = (line.rate or 0, line.multiplier or 0, line.amount)
    return (_ORDER.index(line.kind), line.key, line.clause, *numbers, line.tickets)


def _plain(
    kind: LineKind, key: str, amount: int, tickets: Iterable[str] = (), clause: str = ""
) -> Line:
    return Line(kind, key, clause, None, None, None, amount, tuple(sorted(set(tickets))))


def monthly_fee(facts: MonthFacts) -> int:
    """Return the month's fee: each version's for its calendar days, rounded once."""
    if not facts.runs():
        return 0
    month = facts.month
    start, end = max(month.first_on, facts.starts_on), min(month.next_on, facts.ends_on or date.max)
    if facts.governing().cost.first_month is FirstMonth.FULL:
        start = month.first_on
    weighed = 0
    for index, version in enumerate(facts.versions):
        later = facts.versions[index + 1 : index + 2]
        opens = version.from_on if index else start
        closes = later[0].from_on if later else end
        days = (min(closes, end) - max(opens, start)).days
        weighed += version.terms.cost.monthly_fee * max(0, days)
    return round_half_up(weighed, month.days)


def _worked(entries: Iterable[ChargedEntry]) -> Iterator[Line]:
    """Yield one line for each authority, rate and multiplier; fixed-price work is no line."""
    groups: defaultdict[tuple[LineKind, str, str, int | None, int], list[ChargedEntry]]
    groups = defaultdict(list)
    for entry in entries:
        kind = _BILLED.get(entry.kind)
        if kind is LineKind.POOL or (kind is not None and entry.rate is not None):
            same = (kind, entry.key, entry.clause_id, entry.rate, entry.multiplier)
            groups[same].append(entry)
    for (kind, key, clause, rate, multiplier), group in groups.items():
        yield Line(
            kind=kind,
            key=key,
            clause=clause,
            quantity_minutes=sum(entry.charged_minutes for entry in group),
            rate=rate,
            multiplier=None if rate is None else multiplier,
            amount=sum(entry.amount for entry in group),
            tickets=tuple(sorted({entry.ticket for entry in group})),
        )


def _credits(facts: MonthFacts, fee: int) -> list[Line]:
    """Return a guarantee's credits: the highest for each promise, all together at most the fee."""
    time = facts.governing().time
    if time.commitment is not Commitment.GUARANTEE:
        return []
    best: dict[tuple[str, tuple[str, ...]], Credit] = {}
    for credit in time.credits:
        key = (credit.obligation.value, credit.priority or ())
        if _is_due(credit, facts.results) and (key not in best or credit.credit > best[key].credit):
            best[key] = credit
    lines, left = [], fee
    for (obligation, priorities), credit in best.items():
        amount = min(left, percent(fee, credit.credit))
        left -= amount
        tickets = [key for result in _counted(credit, facts.results) for key in result.tickets]
        lines.append(_plain(LineKind.CREDIT, " ".join((obligation, *priorities)), -amount, tickets))
    return lines


def _counted(credit: Credit, results: Iterable[SlaResult]) -> list[SlaResult]:
    return [
        result
        for result in results
        if result.obligation == credit.obligation
        and (credit.priority is None or result.priority in credit.priority)
    ]


def _is_due(credit: Credit, results: Iterable[SlaResult]) -> bool:
    counted = _counted(credit, results)
    met = sum(result.met for result in counted)
    count = met + sum(result.missed for result in counted)
    return count >= credit.minimum_count and met * WHOLE < credit.below * count


def _taxed(lines: Sequence[Line], tax: Tax | None) -> tuple[Line, ...]:
    if tax is None or tax.on is not TaxOn.LINE:
        return tuple(lines)
    return tuple(replace(line, tax=percent(line.amount, tax.rate, tax.round)) for line in lines)


def _tax(lines: Iterable[Line], subtotal: int, tax: Tax | None) -> int:
    if tax is None:
        return 0
    if tax.on is TaxOn.LINE:
        return sum(line.tax for line in lines)
    return percent(subtotal, tax.rate, tax.round)

"""What a correction changed: figures, names and tickets, before and after, for people to read."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]
Told = dict[tuple[str, ...], Any]

NUMBER, SHARE, MONEY, MINUTES, TEXT = "number", "share", "money", "minutes", "text"
SUMMARY = {
    "received": NUMBER,
    "out_of_scope": NUMBER,
    "met": NUMBER,
    "missed": NUMBER,
    "basis_points": SHARE,
    "minutes": MINUTES,
    "held_minutes": MINUTES,
    "total": MONEY,
}
NAMES = ("tenant_name", "number", "title")


@dataclass(frozen=True, slots=True)
class Change:
    """
    One figure that changed: what it is, of which parts (a line, a clock, a ticket), and its unit.

    None means that it was not there, or is there no longer.
    """

    what: str
    of: tuple[str, ...]
    unit: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """Figures that add up the month, the names on it, and what changed of single tickets."""

    figures: tuple[Change, ...]
    names: tuple[Change, ...]
    tickets: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.figures or self.names or self.tickets)


def compare(before: Facts, after: Facts) -> Comparison:
    """Return what differs between the facts of two revisions; both may be of older layouts."""
    return Comparison(
        figures=tuple(
            change
            for what, unit, told in _FIGURES
            for change in _changes(what, unit, told(before), told(after))
        )
        + tuple(_summary(before, after)),
        names=tuple(_names(before, after)),
        tickets=tuple(
            change
            for what, unit, told in _OF_TICKETS
            for change in _changes(what, unit, told(before), told(after))
        ),
    )


def _changes(what: str, unit: str, before: Told, after: Told) -> Iterator[Change]:
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if old != new:
            yield Change(what, key, unit, old, new)


def _summary(before: Facts, after: Facts) -> Iterator[Change]:
    for name, unit in SUMMARY.items():
        old, new = before["summary"].get(name), after["summary"].get(name)
        if old != new:
            yield Change(f"summary.{name}", (), unit, old, new)


def _names(before: Facts, after: Facts) -> Iterator[Change]:
    for name in NAMES:
        old, new = before["cover"][name], after["cover"][name]
        if old != new:
            yield Change(f"name.{name}", (), TEXT, old, new)
    yield from _changes("name.ticket", TEXT, _titles(before), _titles(after))


def _titles(facts: Facts) -> Told:
    return {(key,): title for key, title in facts["titles"].items()}


# --- figures by what they are of ---


def _lines(facts: Facts) -> Told:
    amounts: Counter[tuple[str, ...]] = Counter()
    for line in facts["cost"]["lines"]:
        amounts[line["kind"], line["key"], line["clause"]] += line["amount"]
    return dict(amounts)


def _totals(facts: Facts) -> Told:
    return {(name,): facts["cost"][name] for name in ("subtotal", "tax")}


def _counts(result: str) -> Callable[[Facts], Told]:
    def told(facts: Facts) -> Told:
        rows = facts["sla"]["rows"]
        return {(row["obligation"], row["priority"]): row[result] for row in rows if row[result]}

    return told


def _streams(facts: Facts) -> Told:
    return {(one["stream"],): one["minutes"] for one in facts["effort"]["by_stream"]}


_FIGURES = (
    ("met", NUMBER, _counts("met")),
    ("missed", NUMBER, _counts("missed")),
    ("line", MONEY, _lines),
    ("cost", MONEY, _totals),
    ("stream", MINUTES, _streams),
)


# --- tickets ---


def _missed(facts: Facts) -> Told:
    counted = Counter((miss["ticket"], miss["obligation"]) for miss in facts["sla"]["misses"])
    return dict(counted)


def _verdicts(facts: Facts) -> Told:
    rows = facts["scope"]["tickets"]
    return {(row["ticket"],): f"{row['outcome']} {row['clause']}".strip() for row in rows}


def _charged(column: str) -> Callable[[Facts], Told]:
    def told(facts: Facts) -> Told:
        return dict(_summed((p["ticket"], p[column]) for p in facts["cost"]["charged"]))

    return told


def _summed(pairs: Iterable[tuple[str, int]]) -> Counter[tuple[str, ...]]:
    sums: Counter[tuple[str, ...]] = Counter()
    for ticket, value in pairs:
        sums[(ticket,)] += value
    return +sums


_OF_TICKETS = (
    ("ticket.missed", NUMBER, _missed),
    ("ticket.verdict", "verdict", _verdicts),
    ("ticket.minutes", MINUTES, _charged("raw_minutes")),
    ("ticket.amount", MONEY, _charged("amount")),
)

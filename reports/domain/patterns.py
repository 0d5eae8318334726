"""Failure patterns: the same fault of the same system, and what ending it would cost."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.domain.vocabulary import WorkStream
from reports.domain.lives import Life
from reports.domain.scope import Offered
from reports.domain.worth import Worked, Worth, by_ticket, total
from tickets.domain.lifecycle import TicketType
from tickets.domain.recurrence import PATTERN_AT_LEAST, Fix, faults, pays_back, typical_fix

STANDING = ("sent", "accepted", "delivered", "delivery_accepted", "delivery_refused")


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    The same symptom on the same system again and again; the work is what it took in the month.

    `pays_back_months` is how many such months the fix costs, rounded up.
    """

    system: str
    symptom: str
    count: int
    minutes: int
    worth: int
    fix: Fix
    pays_back_months: int | None
    tickets: tuple[str, ...]


def patterns(
    lives: Iterable[Life],
    pieces: Sequence[Worked] = (),
    estimates: Mapping[str, Sequence[Offered]] | None = None,
    at_least: int = PATTERN_AT_LEAST,
) -> list[Pattern]:
    """
    Return the incidents received in the month that are one fault of one system, most first.

    They are told apart by their symptoms as the desk tells them (`tickets.domain.recurrence`); a
    pattern has the words of its first.
    """
    groups: defaultdict[tuple[str, int], list[Life]] = defaultdict(list)
    systems: dict[str, str] = {}
    told: list[tuple[str, str, Life]] = []
    for life in lives:
        if (verdict := life.verdict()) is None:
            continue
        systems[life.key] = verdict.system
        if life.received and life.type == TicketType.INCIDENT and life.symptom:
            told.append((verdict.system, life.symptom, life))
    for fault, life in faults(told):
        groups[fault].append(life)
    worked, fixes = by_ticket(pieces), _fixes(pieces, systems)
    found = []
    for (system, _fault), group in groups.items():
        if len(group) >= at_least:
            keys = [life.key for life in group]
            fix = _fix(system, keys, fixes, estimates or {})
            found.append(_pattern(system, group[0].symptom, keys, worked, fix))
    return sorted(found, key=lambda each: (-each.count, each.system, each.symptom))


def _pattern(
    system: str, symptom: str, keys: list[str], worked: Mapping[str, Worth], fix: Fix
) -> Pattern:
    lost = total(worked[key] for key in keys if key in worked)
    return Pattern(
        system=system,
        symptom=symptom,
        count=len(keys),
        minutes=lost.minutes,
        worth=lost.worth,
        fix=fix,
        pays_back_months=pays_back(fix, lost.worth),
        tickets=tuple(keys),
    )


def _fixes(
    pieces: Iterable[Worked], systems: Mapping[str, str]
) -> dict[str | None, list[tuple[int, int]]]:
    """Return what maintenance took on each ticket, (worth, minutes), by system; None for any."""
    fixes = by_ticket(piece for piece in pieces if piece.stream == WorkStream.MAINTENANCE)
    found: defaultdict[str | None, list[tuple[int, int]]] = defaultdict(list)
    for key, fix in fixes.items():
        pair = fix.worth, fix.minutes
        found[None].append(pair)
        if key in systems:
            found[systems[key]].append(pair)
    return dict(found)


def _fix(
    system: str,
    keys: Iterable[str],
    fixes: Mapping[str | None, Sequence[tuple[int, int]]],
    estimates: Mapping[str, Sequence[Offered]],
) -> Fix:
    """Return the price on offer, else that of a typical fix: of the system, else of any."""
    offered = [each for key in keys for each in estimates.get(key, ()) if each.step in STANDING]
    if offered:
        last = max(offered, key=lambda each: each.at)
        return Fix("estimate", last.amount, None, 1, last.estimate)
    return typical_fix(fixes.get(system, ()), fixes.get(None, ()))

"""Failure patterns: the same symptom on the same system, and what ending it would cost."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_high

from contracts.domain.vocabulary import WorkStream
from reports.domain.lives import Life
from reports.domain.scope import Offered
from reports.domain.worth import Worked, Worth, by_ticket, total
from tickets.domain.lifecycle import TicketType

PATTERN_AT_LEAST = 5
STANDING = ("sent", "accepted", "delivered", "delivery_accepted", "delivery_refused")
TYPICAL_AT_LEAST = 3  # fixes that make a typical one


@dataclass(frozen=True, slots=True)
class Fix:
    """
    What a permanent fix costs; `source` says how that is known.

    `estimate`: the price of the estimate that is on the pattern's tickets. `typical`: the middle of
    what maintenance worked on a ticket this month, over `sample` tickets. `unknown`: too few of them.
    """

    source: str
    amount: int | None
    minutes: int | None
    sample: int
    estimate: str = ""


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
    """Return the incidents received in the month that share system and symptom, most first."""
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    systems: dict[str, str] = {}
    for life in lives:
        if (verdict := life.verdict()) is None:
            continue
        systems[life.key] = verdict.system
        if life.received and life.type == TicketType.INCIDENT and life.symptom:
            groups[verdict.system, life.symptom].append(life.key)
    worked, fixes = by_ticket(pieces), _fixes(pieces)
    found = [
        _pattern(*key, keys, worked, _fix(key[0], keys, fixes, systems, estimates or {}))
        for key, keys in groups.items()
        if len(keys) >= at_least
    ]
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
        pays_back_months=-(-fix.amount // lost.worth) if fix.amount and lost.worth else None,
        tickets=tuple(keys),
    )


def _fixes(pieces: Iterable[Worked]) -> dict[str, Worth]:
    """Return what maintenance worked on each ticket."""
    return by_ticket(piece for piece in pieces if piece.stream == WorkStream.MAINTENANCE)


def _fix(
    system: str,
    keys: Iterable[str],
    fixes: Mapping[str, Worth],
    systems: Mapping[str, str],
    estimates: Mapping[str, Sequence[Offered]],
) -> Fix:
    """Return the price on offer, else that of a typical fix: of the system, else of any."""
    offered = [each for key in keys for each in estimates.get(key, ()) if each.step in STANDING]
    if offered:
        last = max(offered, key=lambda each: each.at)
        return Fix("estimate", last.amount, None, 1, last.estimate)
    same = [fix for key, fix in fixes.items() if systems.get(key) == system]
    sample = same if len(same) >= TYPICAL_AT_LEAST else list(fixes.values())
    if len(sample) < TYPICAL_AT_LEAST:
        return Fix("unknown", None, None, len(sample))
    middle = median_high(sorted((fix.worth, fix.minutes) for fix in sample))
    return Fix("typical", middle[0], middle[1], len(sample))

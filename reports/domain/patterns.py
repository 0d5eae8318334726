"""Failure patterns: the same symptom on the same system."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from reports.domain.lives import Life
from tickets.domain.lifecycle import TicketType

PATTERN_AT_LEAST = 5


@dataclass(frozen=True, slots=True)
class Pattern:
    """The same symptom on the same system again and again."""

    system: str
    symptom: str
    count: int
    tickets: tuple[str, ...]


def patterns(lives: Iterable[Life], at_least: int = PATTERN_AT_LEAST) -> list[Pattern]:
    """Return the incidents received in the month that share system and symptom, most first."""
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for life in lives:
        verdict = life.verdict()
        if life.received and life.type == TicketType.INCIDENT and life.symptom and verdict:
            groups[verdict.system, life.symptom].append(life.key)
    found = [
        Pattern(system, symptom, len(keys), tuple(keys))
        for (system, symptom), keys in groups.items()
        if len(keys) >= at_least
    ]
    return sorted(found, key=lambda each: (-each.count, each.system, each.symptom))

"""
Where to put the emphasis next month, operation or maintenance, and on what evidence.

Advice is a code with parameters; each kind names what it saw, and the lists it is counted from.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from contracts.domain.vocabulary import Activity, Cause, WorkStream
from reports.domain.lives import Life
from reports.domain.releases import Releases, incident_of
from reports.domain.trend import recent
from reports.domain.turns import was_open
from tickets.domain.lifecycle import TicketType

# As names of the module: Python looks up a member of an enum five times slower.
INCIDENT, PROBLEM = TicketType.INCIDENT, TicketType.PROBLEM
CORRECTIVE, ADAPTIVE, REGULATION = Activity.CORRECTIVE, Activity.ADAPTIVE, Cause.REGULATION

AGEING = timedelta(days=30)
RISE = 12_000  # basis points: a fifth more than before
AT_LEAST = 3  # fewer are no trend
BALANCED = "balanced"


class Code(StrEnum):
    RECENT_RELEASE = "recent_release"
    ALWAYS_ON = "always_on"
    REVENUE_CRITICAL = "revenue_critical"
    BUG_TREND = "bug_trend"
    AGEING_DEFECTS = "ageing_defects"
    REGULATION = "regulation"
    SLOWER = "slower"


TOWARDS = {
    Code.RECENT_RELEASE: WorkStream.OPERATION,
    Code.ALWAYS_ON: WorkStream.OPERATION,
    Code.REVENUE_CRITICAL: WorkStream.OPERATION,
    Code.BUG_TREND: WorkStream.MAINTENANCE,
    Code.AGEING_DEFECTS: WorkStream.MAINTENANCE,
    Code.REGULATION: WorkStream.MAINTENANCE,
    Code.SLOWER: WorkStream.MAINTENANCE,
}


@dataclass(frozen=True, slots=True)
class Advice:
    """One piece of evidence and the side it speaks for; `count` is how many `tickets` show it."""

    code: Code
    towards: WorkStream
    system: str
    count: int
    tickets: tuple[str, ...]
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Emphasis:
    """`towards` is the side with more evidence, `balanced` where both have as much."""

    towards: str
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the advice is drawn from; `missed` counts the month's missed promises by ticket."""

    lives: Sequence[Life]
    ends_at: datetime
    releases: Releases
    always_on: frozenset[str]
    revenue_critical: frozenset[str]
    is_open_at: Callable[[datetime], bool]
    missed: Mapping[str, int]
    earlier: Sequence[Mapping[str, Any]]


def emphasis(seen: Seen) -> Emphasis:
    found = (*_by_system(seen), *_by_kind(seen))
    votes = Counter(advice.towards for advice in found)
    operation, maintenance = votes[WorkStream.OPERATION], votes[WorkStream.MAINTENANCE]
    if operation == maintenance:
        return Emphasis(BALANCED, found)
    side = WorkStream.OPERATION if operation > maintenance else WorkStream.MAINTENANCE
    return Emphasis(side.value, found)


# --- what asks for operation ---


def _by_system(seen: Seen) -> Iterator[Advice]:
    """Watch closely what was just released, never sleeps, or earns the money."""
    yield from _recent_releases(seen)
    for system in sorted(seen.always_on):
        tickets = _incidents(seen, system, lambda life: not seen.is_open_at(life.received_at))
        if tickets:
            yield _advice(Code.ALWAYS_ON, system, tickets)
    for system in sorted(seen.revenue_critical):
        if tickets := _incidents(seen, system, lambda life: True):
            missed = sum(seen.missed.get(key, 0) for key in tickets)
            yield _advice(Code.REVENUE_CRITICAL, system, tickets, missed=missed)


def _recent_releases(seen: Seen) -> Iterator[Advice]:
    for release in seen.releases.rows:
        said = {"release": release.name, "released_at": release.released_at}
        yield _advice(Code.RECENT_RELEASE, release.system, release.incidents_after, **said)


def _incidents(seen: Seen, system: str, fits: Callable[[Life], bool]) -> list[str]:
    return [life.key for life in seen.lives if incident_of(life) == system and fits(life)]


# --- what asks for maintenance ---


def _by_kind(seen: Seen) -> Iterator[Advice]:
    yield from _rising(seen, Code.BUG_TREND, "bugs", is_bug)
    ageing = [life for life in seen.lives if _ages(life, seen.ends_at)]
    if ageing:
        oldest = max((seen.ends_at - life.received_at).days for life in ageing)
        yield _advice(Code.AGEING_DEFECTS, "", [life.key for life in ageing], oldest_days=oldest)
    if regulated := [life.key for life in seen.lives if _is_regulated(life, seen.ends_at)]:
        yield _advice(Code.REGULATION, "", regulated)
    yield from _rising(seen, Code.SLOWER, "slow", is_slow)


def _rising(seen: Seen, code: Code, name: str, fits: Callable[[Life], bool]) -> Iterator[Advice]:
    """Speak where a figure is a fifth above the mean of the last three months, or first appears."""
    tickets = [life.key for life in seen.lives if fits(life)]
    before = recent(seen.earlier, name)
    mean = sum(before) * 10_000 // len(before) if before else 0
    if before and len(tickets) >= AT_LEAST and len(tickets) * 10_000 * 10_000 >= mean * RISE:
        yield _advice(code, "", tickets, before=before)


def is_bug(life: Life) -> bool:
    """Return whether a ticket received in the month is an incident, or a defect to correct."""
    return life.received and (life.type == INCIDENT or _is_corrective(life))


def _is_corrective(life: Life) -> bool:
    verdict = life.verdict()
    return verdict is not None and verdict.activity == CORRECTIVE


def is_slow(life: Life) -> bool:
    return life.received and life.slow


def _ages(life: Life, ends_at: datetime) -> bool:
    is_old = life.received_at <= ends_at - AGEING
    return is_old and (life.type == PROBLEM or _is_corrective(life)) and was_open(life, ends_at)


def _is_regulated(life: Life, ends_at: datetime) -> bool:
    """Return whether law or an outside rule asks for the change, and it is new or not done."""
    if (verdict := life.verdict()) is None:
        return False
    asked = verdict.cause == REGULATION or verdict.activity == ADAPTIVE
    return asked and (life.received or was_open(life, ends_at))


def _advice(code: Code, system: str, tickets: Iterable[str], **said: Any) -> Advice:
    keys = tuple(tickets)
    return Advice(code, TOWARDS[code], system, len(keys), keys, said)

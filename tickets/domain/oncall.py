"""
Who is on call: a roster turns at given hours of a zone; absences and holidays pass it on; swaps bind.

The members take turns in their order. Whoever follows in the order is the deputy, and who follows
them the next one. A hand-over is an instant on the wall of the roster's zone: in a gap of the clocks
the first instant after it, in a fold the first of the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


class Turns(StrEnum):
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Seat:
    """A member of a roster; `country` names whose holidays they keep, empty for none."""

    member: int
    country: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Span:
    """A member in [starts_at, ends_at): away, or in somebody else's place."""

    member: int
    starts_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Roster:
    """
    The turns of a tier: `seats` in their order, the first from the hand-over of `starts_on` on.

    A week is handed over on `weekday` (0 is Monday). `swaps` are in the order in which they were
    made: the last word counts.
    """

    zone: ZoneInfo
    seats: Sequence[Seat]
    turns: Turns
    hands_over: time
    starts_on: date
    weekday: int = 0
    absences: Sequence[Span] = ()
    swaps: Sequence[Span] = ()
    holidays: Mapping[str, frozenset[date]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shift:
    """From one instant to the next the same people in the same order."""

    starts_at: datetime
    ends_at: datetime
    order: tuple[int, ...]


def on_wall(on: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall time: after a gap its end, in a fold the first."""
    instant = datetime.combine(on, at, zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == datetime.combine(on, at):
        return instant
    # It does not exist: the gap ends where the offset before it changes.
    low, high = instant - DAY, instant + DAY
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (
            (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
        )
    return high.replace(microsecond=0)


def turn_at(roster: Roster, at: datetime) -> int:
    """Return how many turns were handed over by `at` since the first; 0 before it."""
    on = at.astimezone(roster.zone).date() + DAY
    while not (_hands_over_on(roster, on) and on_wall(on, roster.hands_over, roster.zone) <= at):
        on -= DAY
        if on < roster.starts_on:
            return 0
    days = (on - _first_on(roster)).days
    return max(days // (7 if roster.turns is Turns.WEEK else 1), 0)


def who(roster: Roster, at: datetime) -> tuple[int, ...]:
    """
    Return the people to be called at an instant, in that order; empty only where nobody has a seat.

    Whoever took the turn by a swap comes first. Who is away, or keeps a holiday, is left out; where
    that leaves nobody they are all there again: a call is never dropped.
    """
    if not roster.seats:
        return ()
    first = turn_at(roster, at) % len(roster.seats)
    order = [seat.member for seat in (*roster.seats[first:], *roster.seats[:first])]
    for swap in roster.swaps:
        if swap.holds(at):
            order = [swap.member, *(member for member in order if member != swap.member)]
    swapped = {swap.member for swap in roster.swaps if swap.holds(at)}
    there = [member for member in order if member in swapped or not _is_away(roster, member, at)]
    away = {span.member for span in roster.absences if span.holds(at)}
    there = [member for member in there if member not in away]
    return tuple(there or order)


def shifts(roster: Roster, from_at: datetime, until_at: datetime) -> list[Shift]:
    """Return who is called in [from_at, until_at), cut only where the order changes."""
    edges = sorted({from_at, until_at, *_edges(roster, from_at, until_at)})
    found: list[Shift] = []
    for starts_at, ends_at in pairwise(edges):
        order = who(roster, starts_at)
        if found and found[-1].order == order:
            found[-1] = Shift(found[-1].starts_at, ends_at, order)
        else:
            found.append(Shift(starts_at, ends_at, order))
    return found


# --- whom to call next ---

ROUNDS = 3


def called(order: Sequence[int], number: int) -> int | None:
    """Return whom the call of a number (from 0) goes to; None when everybody was called often enough."""
    if not order or number >= ROUNDS * len(order):
        return None
    return order[number % len(order)]


# --- parts ---


def _hands_over_on(roster: Roster, on: date) -> bool:
    if on < roster.starts_on:
        return False
    return roster.turns is Turns.DAY or on.weekday() == roster.weekday


def _first_on(roster: Roster) -> date:
    """Return the first day on which the roster is handed over; before it the first seat is on call."""
    if roster.turns is Turns.DAY:
        return roster.starts_on
    return roster.starts_on + ((roster.weekday - roster.starts_on.weekday()) % 7) * DAY


def _is_away(roster: Roster, member: int, at: datetime) -> bool:
    """Return whether a member keeps a holiday of their country, on their own wall, at an instant."""
    seats = (seat for seat in roster.seats if seat.member == member and seat.country)
    return any(
        at.astimezone(ZoneInfo(seat.timezone)).date() in roster.holidays.get(seat.country, ())
        for seat in seats
    )


def _edges(roster: Roster, from_at: datetime, until_at: datetime) -> set[datetime]:
    spans = (*roster.absences, *roster.swaps)
    edges = {span.starts_at for span in spans} | {span.ends_at for span in spans}
    on, last = (at.astimezone(roster.zone).date() for at in (from_at - DAY, until_at + DAY))
    zones = {ZoneInfo(seat.timezone) for seat in roster.seats if seat.country}
    while on <= last:
        edges.add(on_wall(on, roster.hands_over, roster.zone))
        edges |= {on_wall(on, time(0), zone) for zone in zones}
        on += DAY
    return {edge for edge in edges if from_at < edge < until_at}

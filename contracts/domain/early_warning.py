"""When a part of a clock's time is used: the instants at which somebody should be told before the end."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts.domain.clock import State
from contracts.domain.service_hours import ServiceHours

HALF, NEARLY = 50, 80
STEPS = (HALF, NEARLY)


def reached_at(state: State, since: datetime, hours: ServiceHours, percent: int) -> datetime | None:
    """
    Return the UTC instant at which `percent` of a clock's time is used, if nothing else happens.

    `state` is that of the last entry of the ledger, at `since`; the time is service time on `hours`,
    the current target's. What is used already is reached at `since`. None while the clock is
    paused, stopped, missed or without a deadline: nothing comes nearer then.
    """
    if state.due_at is None or state.stopped_at is not None or state.missed_at is not None:
        return None
    left = hours.elapsed(since, state.due_at)
    to_go = (state.used + left) * percent // 100 - state.used
    return hours.add(since, to_go) if to_go > timedelta() else since


def next_at(
    state: State, since: datetime, hours: ServiceHours, steps: Sequence[int]
) -> datetime | None:
    """Return when the first of `steps` (percents, rising) is reached; None where none will be."""
    return reached_at(state, since, hours, steps[0]) if steps else None

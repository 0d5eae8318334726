"""The states of a service desk's log, and the steps that a change from one to another means."""

from collections.abc import Iterator
from enum import Enum, StrEnum
from typing import NamedTuple


class StepKind(StrEnum):
    START = "start"
    ASSIGN = "assign"
    PAUSE = "pause"
    RESUME = "resume"
    PRIORITISE = "prioritise"
    LINK_PROBLEM = "link_problem"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"


class Phase(Enum):
    ABSENT = "before the first row"
    NEW = "new"
    WORKING = "working"
    WAITING = "waiting for the client"
    RESOLVED = "resolved"
    CLOSED = "closed"


NO_STATE = "-100"
PHASES = {
    "New": Phase.NEW,
    "Active": Phase.WORKING,
    "Awaiting User Info": Phase.WAITING,
    "Awaiting Problem": Phase.WORKING,
    "Awaiting Vendor": Phase.WORKING,
    "Awaiting Evidence": Phase.WORKING,
    "Resolved": Phase.RESOLVED,
    "Closed": Phase.CLOSED,
}
RUNNING_WAITS = {
    "Awaiting Vendor": "awaiting_vendor_runs",
    "Awaiting Problem": "awaiting_problem_runs",
    "Awaiting Evidence": "awaiting_evidence_runs",
}


class Move(NamedTuple):
    """One arrow: the steps it means, all but the last implied by `rule`, and where it ends."""

    source: Phase
    target: Phase
    kinds: tuple[StepKind, ...]
    rule: str = ""
    arrives: Phase | None = None


def _moves() -> Iterator[Move]:
    absent, new, working, waiting, resolved, closed = Phase
    start, pause, resume = StepKind.START, StepKind.PAUSE, StepKind.RESUME
    resolve, reopen, close = StepKind.RESOLVE, StepKind.REOPEN, StepKind.CLOSE
    yield Move(absent, new, ())
    yield Move(absent, working, (start,), "first_row_at_work_starts")
    yield Move(absent, waiting, (start, pause), "first_row_at_work_starts")
    yield Move(absent, resolved, (start, resolve), "first_row_resolved_starts_first")
    yield Move(absent, closed, (start, resolve, close), "first_row_closed_resolves_first")
    yield Move(new, working, (start,))
    yield Move(new, waiting, (start, pause), "new_to_waiting_starts_first")
    yield Move(new, resolved, (start, resolve), "new_to_resolved_starts_first")
    yield Move(new, closed, (start, resolve, close), "new_to_closed_resolves_first")
    yield Move(working, new, (), "back_to_new_is_work", arrives=working)
    yield Move(working, waiting, (pause,))
    yield Move(working, resolved, (resolve,))
    yield Move(working, closed, (resolve, close), "open_to_closed_resolves_first")
    yield Move(waiting, new, (resume,), "back_to_new_is_work", arrives=working)
    yield Move(waiting, working, (resume,))
    yield Move(waiting, resolved, (resolve,), "resolving_ends_the_pause")
    yield Move(waiting, closed, (resolve, close), "open_to_closed_resolves_first")
    yield Move(resolved, new, (reopen,), "resolved_reopens", arrives=working)
    yield Move(resolved, working, (reopen,), "resolved_reopens")
    yield Move(resolved, waiting, (reopen, pause), "resolved_reopens")
    yield Move(resolved, closed, (close,))
    yield Move(closed, new, (reopen,), "closed_reopens", arrives=working)
    yield Move(closed, working, (reopen,), "closed_reopens")
    yield Move(closed, waiting, (reopen, pause), "closed_reopens")
    yield Move(closed, resolved, (), "closed_to_resolved_is_ignored", arrives=closed)


MOVES = {(move.source, move.target): move for move in _moves()}
STAYS = Move(Phase.ABSENT, Phase.ABSENT, ())
BEFORE_CHANGES = frozenset({StepKind.REOPEN, StepKind.RESUME})  # first reopened, then assigned
SETTLED = frozenset({Phase.RESOLVED, Phase.CLOSED})

"""Operation beside maintenance: hours and money against the band in which both are healthy."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.domain.vocabulary import WorkStream
from reports.domain.shares import share
from reports.domain.worth import Worked

BAND = (4000, 6000)  # basis points of maintenance


@dataclass(frozen=True, slots=True)
class Side:
    """One measure of both streams; `state` is where maintenance stands: below, within, above."""

    operation: int
    maintenance: int
    basis_points: int | None
    state: str


@dataclass(frozen=True, slots=True)
class Split:
    """`minutes` is all the month's work, `worth` what that is worth by the rate card."""

    band: tuple[int, int]
    minutes: Side
    worth: Side


def split_of(minutes: dict[str, int], pieces: Iterable[Worked]) -> Split:
    """Return the split of `minutes` by stream and of the pieces' worth."""
    worth = {stream.value: 0 for stream in WorkStream}
    for piece in pieces:
        worth[piece.stream] += piece.worth
    return Split(BAND, _side(minutes), _side(worth))


def _side(by_stream: dict[str, int]) -> Side:
    operation = by_stream.get(WorkStream.OPERATION, 0)
    maintenance = by_stream.get(WorkStream.MAINTENANCE, 0)
    points = share(maintenance, operation + maintenance)
    return Side(operation, maintenance, points, state_of(points))


def state_of(basis_points: int | None) -> str:
    """Return `below`, `within` or `above` the band, both ends of it within; empty without work."""
    if basis_points is None:
        return ""
    low, high = BAND
    return "below" if basis_points < low else "above" if basis_points > high else "within"

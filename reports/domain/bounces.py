"""What passing tickets around cost: time on offer, round trips, standing still, and their work."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reports.domain.lives import Life, Step
from reports.domain.turns import turns
from reports.domain.worth import Worked, total
from tickets.domain.passing import Span, stood_still

_ANSWERED = (Step.ACCEPTED, Step.DEFAULTED)
_ENDED = (Step.RESOLVED, Step.CANCELLED, Step.MERGED, Step.AUTO_CLOSED, Step.RECOVERED)


@dataclass(frozen=True, slots=True)
class Loss:
    """
    One ticket's losses in the month; seconds are real ones.

    `on_offer_seconds` run from an offer until somebody took it, through every dispute. A round trip
    leaves a desk and comes back to it; its work, by the rate card, was for nothing.
    """

    ticket: str
    disputes: int
    returns: int
    on_offer_seconds: int
    round_trip_seconds: int
    still_seconds: int
    minutes: int
    worth: int


@dataclass(frozen=True, slots=True)
class HotPotatoCost:
    """Each total is the sum of its tickets."""

    disputes: int
    returns: int
    on_offer_seconds: int
    round_trip_seconds: int
    still_seconds: int
    minutes: int
    worth: int
    tickets: tuple[Loss, ...]


def hot_potato_cost(
    lives: Iterable[Life], pieces: Iterable[Worked], ends_at: datetime
) -> HotPotatoCost:
    """Return what was lost on tickets that were disputed, came back, or waited on offer."""
    work: defaultdict[str, list[Worked]] = defaultdict(list)
    for piece in pieces:
        work[piece.ticket].append(piece)
    found = [_loss(life, work, ends_at) for life in lives if _was_passed(life)]
    rows = [each for each in found if each.disputes or each.returns or each.on_offer_seconds]

    names = [name for name in HotPotatoCost.__slots__ if name != "tickets"]
    rows.sort(
        key=lambda row: (-row.worth, -row.on_offer_seconds - row.round_trip_seconds, row.ticket)
    )
    return HotPotatoCost(
        **{name: sum(getattr(row, name) for row in rows) for name in names}, tickets=tuple(rows)
    )


def _was_passed(life: Life) -> bool:
    """Return whether it can have lost anything: it was offered, disputed, or held three times."""
    steps = (Step.OFFERED, Step.DISPUTED)
    return len(life.holdings) > 2 or any(event.step in steps for event in life.happened)


def _loss(life: Life, work: Mapping[str, Sequence[Worked]], ends_at: datetime) -> Loss:
    returns = round_trips(life)
    trips = _in_month(returns, life.since, ends_at)
    offers = on_offer(life, ends_at)
    mine = work.get(life.key, ())
    lost = total(piece for piece in mine if _within(piece.starts_at, trips))
    disputes = life.steps(Step.DISPUTED)
    bounced = disputes or trips or offers
    return Loss(
        ticket=life.key,
        disputes=disputes,
        returns=len(returns),
        on_offer_seconds=_seconds(offers),
        round_trip_seconds=_seconds(trips),
        still_seconds=_seconds(still(life, mine, ends_at)) if bounced else 0,
        minutes=lost.minutes,
        worth=lost.worth,
    )


def on_offer(life: Life, ends_at: datetime) -> list[Span]:
    """Return the stretches of the month in which the ticket was offered and nobody had taken it."""
    spans: list[Span] = []
    since: datetime | None = None
    for event in life.happened:
        if event.step is Step.OFFERED and since is None:
            since = event.at
        elif event.step in (*_ANSWERED, *_ENDED) and since is not None:
            spans.append((since, event.at))
            since = None
    if since is not None:
        spans.append((since, ends_at))
    return _in_month(spans, life.since, ends_at)


def round_trips(life: Life) -> list[Span]:
    """Return the stretches that ended in the month with the ticket back at a desk it had left."""
    left: dict[str, datetime] = {}
    spans: list[Span] = []
    desk = ""
    for holding in life.holdings:
        if holding.desk == desk:
            continue
        if desk:
            left[desk] = holding.at
        if holding.desk in left and holding.at >= life.since:
            spans.append((left[holding.desk], holding.at))
        desk = holding.desk
    return spans


def still(life: Life, mine: Iterable[Worked], ends_at: datetime) -> list[Span]:
    """Return the stretches of more than a day on the vendor's side in which nothing was recorded."""
    moved = {holding.at for holding in life.holdings} | {verdict.at for verdict in life.verdicts}
    moved |= {event.at for event in life.happened} | {piece.starts_at for piece in mine}
    return _in_month(stood_still(turns(life, ends_at), moved), life.since, ends_at)


def _in_month(spans: Iterable[Span], since: datetime, ends_at: datetime) -> list[Span]:
    """Return the spans as far as they lie in [since, ends_at), overlapping ones joined."""
    joined: list[Span] = []
    for start, end in sorted((max(a, since), min(b, ends_at)) for a, b in spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _seconds(spans: Iterable[Span]) -> int:
    return sum(int((end - start).total_seconds()) for start, end in spans)


def _within(at: datetime, spans: Iterable[Span]) -> bool:
    return any(start <= at < end for start, end in spans)

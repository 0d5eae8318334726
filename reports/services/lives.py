"""The rows of a month as the lives of its tickets."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from reports import queries
from reports.domain import metrics
from reports.domain.metrics import Happened, Holding, Life, Step, Verdict
from reports.domain.slow import is_slow
from reports.queries import Reach


def lives_of(
    reach: Reach, frozen: Mapping[str, str] | None = None
) -> tuple[dict[int, Life], dict[str, str]]:
    """
    Return the tickets of the month by id, in the order of their numbers, and their titles.

    Where titles are `frozen`, they alone tell what a ticket complained of.
    """
    verdicts = _by_ticket(queries.verdicts(reach), _verdict)
    holdings = _by_ticket(queries.holdings(reach), lambda *row: Holding(*row))
    happened = _by_ticket(queries.happenings(reach), _happened)
    lives, titles = {}, {}
    for pk, key, number, kind, title, symptom, received_at in queries.tickets(reach):
        late = reach.is_late(number, received_at)
        titles[key] = title
        lives[pk] = Life(
            key=key,
            type=kind,
            symptom=symptom,
            received_at=received_at,
            since=received_at if late else reach.starts_at,
            received=late or received_at >= reach.starts_at,
            registered_late=late,
            happened=tuple(happened.get(pk, ())),
            verdicts=tuple(verdicts.get(pk, ())),
            holdings=tuple(holdings.get(pk, ())),
            slow=is_slow(title if frozen is None else frozen.get(key, ""), symptom),
        )
    return lives, titles


def _by_ticket(rows: Iterator[tuple], make: Callable) -> dict[int, list]:
    found: defaultdict[int, list] = defaultdict(list)
    for pk, *values in rows:
        found[pk].append(make(*values))
    return found


def _verdict(
    at, stage, outcome, pending, clause, activity, kind, priority, system, cause
) -> Verdict:
    return Verdict(
        at=at,
        stage=stage,
        outcome=metrics.PENDING if pending else outcome,
        clause=clause,
        activity=activity,
        priority=priority or "",
        system=system or "",
        kind=kind,
        cause=cause or "",
    )


def _happened(verb: str, at, cause: str | None) -> Happened:
    return Happened(Step(verb), at, cause or "")

"""The rows of a month as the lives of its tickets."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

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
    holdings = _by_ticket(queries.holdings(reach), _holding)
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


def _by_ticket(rows: Iterable[tuple], make: Callable[[tuple], Any]) -> dict[int, list]:
    found: dict[int, list] = {}
    for row in rows:
        pk, value = row[0], make(row)
        if pk in found:
            found[pk].append(value)
        else:
            found[pk] = [value]
    return found


def _verdict(row: Sequence) -> Verdict:
    _id, at, stage, outcome, pending, clause, activity, kind, priority, system, cause = row
    outcome = metrics.PENDING if pending else outcome
    return Verdict(
        at, stage, outcome, clause, activity, priority or "", system or "", kind, cause or ""
    )


_STEPS = {step.value: step for step in Step}


def _happened(row: Sequence) -> Happened:
    _id, verb, at, cause = row
    return Happened(_STEPS[verb], at, cause or "")


def _holding(row: Sequence) -> Holding:
    return Holding._make(row[1:])

"""
What a replay reads: a contract's past tickets and work, in few queries, and it cannot write.

Everything is read in savepoints that PostgreSQL itself has made read-only.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from contracts.domain.cost import Bought
from contracts.domain.scope import Facts
from contracts.domain.terms import Outcome
from contracts.domain.verdict import Question
from contracts.models import AgreedOverage, BoughtHours, Contract
from tickets.domain.replay import PENDING, PastStage, PastTicket, Verdict
from tickets.domain.replay_money import PastWork
from tickets.models import Decision, Stage, Ticket, TimeEntry
from tickets.models.choices import Status, WorkStream
from tickets.services.worked import rows_of

CHUNK = 2_000
OF_STAGE = (
    "ticket__key",
    "ticket__received_at",
    "ticket__version_id",
    "ticket__status",
    "pk",
    "sequence",
    "stream",
    "facts",
    "decision__kind",
    "decision__verdict__overrules",
    "decision__uses_quota",
    "decision__outcome",
    "decision__pending",
    "decision__clause_id",
    "decision__verdict__pool",
    "decision__verdict__cap",
    "decision__verdict__question",
)
Moves = Mapping[int, Mapping[int, int] | None]  # by version id
Bounds = tuple[datetime, datetime]


@contextmanager
def read_only() -> Iterator[None]:
    """Let the database refuse every write until the block ends; the transaction goes on after."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield


def past_tickets(
    contract: Contract, bounds: Bounds, moves: Moves, tell: Callable[[int], None]
) -> Iterator[PastTicket]:
    """Yield the tickets received in `bounds`, by receipt; `tell` how many were read so far."""
    read, after = 0, Q()
    while True:
        with read_only():
            chunk = list(_keys(contract, bounds).filter(after)[:CHUNK])
            tickets = list(_with_stages([pk for pk, *_rest in chunk], moves))
        if not chunk:
            return
        yield from tickets
        _pk, received_at, number = chunk[-1]
        after = Q(received_at__gt=received_at) | Q(received_at=received_at, number__gt=number)
        tell(read := read + len(chunk))


def count_tickets(contract: Contract, bounds: Bounds) -> int:
    return _keys(contract, bounds).count()


def _keys(contract: Contract, bounds: Bounds) -> Any:
    rows = Ticket.objects.filter(
        contract=contract, received_at__gte=bounds[0], received_at__lt=bounds[1]
    )
    return rows.order_by("received_at", "number").values_list("pk", "received_at", "number")


def _with_stages(keys: list[int], moves: Moves) -> Iterator[PastTicket]:
    rows = Stage.objects.filter(ticket__in=keys).exclude(decision=None)
    rows = rows.order_by("ticket__received_at", "ticket__number", "sequence").values_list(*OF_STAGE)
    for (key, received_at, version, status), group in groupby(rows, lambda row: row[:4]):
        stages = tuple(_stages(row[4:] for row in group))
        cancelled = status == Status.CANCELLED
        yield PastTicket(key, received_at, stages, moves.get(version), cancelled)


def _stages(rows: Iterator[tuple]) -> Iterator[PastStage]:
    operated = False
    for pk, sequence, stream, facts, kind, overrules, uses_quota, *verdict in rows:
        ruled = kind != Decision.Kind.RULE
        yield PastStage(
            key=pk,
            sequence=sequence,
            facts=Facts.from_dict(facts),
            before=_verdict(*verdict),
            follows_operation=operated and stream == WorkStream.MAINTENANCE,
            overrules=(overrules["outcome"], overrules["clause_id"]) if ruled else None,
            takes_quota=uses_quota or not ruled,
        )
        operated = operated or stream == WorkStream.OPERATION


def _verdict(
    outcome: str, pending: bool, clause: str, pool: str | None, cap: int | None, question: Any
) -> Verdict:
    asked = Question.from_dict(question).key if question else ""
    return Verdict(Outcome(outcome), clause, pool or "", cap, pending, asked)


def past_work(contract: Contract, until_at: datetime) -> list[PastWork]:
    """Return the contract's work that began before `until_at`, with what stands behind it now."""
    entries = TimeEntry.objects.standing().filter(contract=contract, starts_at__lt=until_at)
    with read_only():
        rows = rows_of(entries, Q())
        return [
            PastWork(row.work(), row.stage, PENDING if row.pending else row.verdict) for row in rows
        ]


def past_purchases(contract: Contract, until_on: date) -> tuple[Bought, ...]:
    """Return the hours that were bought before `until_on`, oldest first."""
    rows = BoughtHours.objects.filter(contract=contract, bought_on__lt=until_on)
    with read_only():
        return tuple(
            bought.fact() for bought in rows.select_related("reverses").order_by("bought_on", "pk")
        )


def past_agreements(contract: Contract, until_on: date) -> dict[str, dict[str, int]]:
    """Return the minutes agreed beyond pools before `until_on`, by month (YYYY-MM) and pool."""
    rows = AgreedOverage.objects.filter(contract=contract, period__month__lt=until_on)
    found: dict[str, dict[str, int]] = {}
    with read_only():
        for month, pool, minutes in rows.values_list("period__month", "pool", "minutes"):
            pools = found.setdefault(f"{month:%Y-%m}", {})
            pools[pool] = pools.get(pool, 0) + minutes
    return found

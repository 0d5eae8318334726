"""What patterns cost and whether they came back: a fixed number of queries, however many patterns."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from django.db.models import Case, Count, IntegerField, Max, Min, Q, QuerySet, Sum, Value, When

from contracts.domain.terms import Terms
from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from tickets.domain.recurrence import (
    PATTERN_AT_LEAST,
    Fix,
    Since,
    pays_back,
    since_fix,
    typical_fix,
    worth_of,
)
from tickets.models import Delivery, Estimate, Occurrence, Pattern, Ticket, TimeEntry
from tickets.models.choices import EstimateStatus, Status, WorkStream
from tickets.services.recurrence import received

MOST_PATTERNS = 200
ON_OFFER = (
    EstimateStatus.SENT, EstimateStatus.ACCEPTED, EstimateStatus.DELIVERED,
    EstimateStatus.DELIVERY_ACCEPTED,
)  # fmt: skip
PRICED = (*ON_OFFER, EstimateStatus.DRAFT, EstimateStatus.SUBMITTED, EstimateStatus.APPROVED)


@dataclass(frozen=True, slots=True)
class Figures:
    """
    A pattern with what it took since `since`; money in minor units, None where no rate is agreed.

    `pays_back` is how many such stretches the fix costs.
    """

    pattern: Pattern
    currency: str
    count: int
    first_at: datetime
    last_at: datetime
    minutes: int
    worth: int
    fix: Fix
    since_fix: Since | None

    @property
    def pays_back(self) -> int | None:
        return pays_back(self.fix, self.worth)

    @property
    def came_back(self) -> bool:
        return bool(self.since_fix and self.since_fix.count)


class Rates:
    """The rate cards of contracts by version, and as SQL which version an instant falls into."""

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self.terms: dict[int, Terms] = {}
        self.last: dict[int, Terms] = {}
        self._whens: list[When] = []
        by_pk = {contract.pk: contract for contract in contracts}
        rows = ContractVersion.objects.filter(contract__in=by_pk).exclude(activated_at=None)
        for row in rows.order_by("contract_id", "-effective_on"):
            contract = by_pk[row.contract_id]
            first = datetime.combine(row.effective_on, time(), contract.zone).astimezone(UTC)
            self.terms[row.pk] = rules_of(row).terms
            self.last.setdefault(row.contract_id, self.terms[row.pk])
            told = Q(contract=row.contract_id, starts_at__gte=first)
            self._whens.append(When(told, then=Value(row.pk)))

    @property
    def version(self) -> Case:
        return Case(*self._whens, default=Value(0), output_field=IntegerField())

    def worth(self, version: int, tier: str, place: str, minutes: int) -> int:
        """Return what minutes are worth by the card of their day; without a rate nothing."""
        terms = self.terms.get(version)
        rate = terms.rate_for(tier, place or None) if terms else None
        return worth_of(minutes, rate or 0)


def worked(entries: QuerySet[TimeEntry], rates: Rates, *by: str) -> dict[Any, tuple[int, int]]:
    """Return (minutes, worth) of the entries for each value of `by`."""
    found: defaultdict[Any, tuple[int, int]] = defaultdict(lambda: (0, 0))
    rows = entries.standing().annotate(version=rates.version).order_by()
    rows = rows.values_list(*by, "version", "tier", "place").annotate(sum=Sum("minutes"))
    for *key, version, tier, place, minutes in rows:
        name = key[0] if len(key) == 1 else tuple(key)
        known = found[name]
        found[name] = known[0] + minutes, known[1] + rates.worth(version, tier, place, minutes)
    return dict(found)


def counted(contracts: Iterable[Contract], since: datetime) -> QuerySet:
    """Return pattern, count, first and last of the incidents received since then, most first."""
    rows = Occurrence.objects.filter(
        pattern__contract__in=contracts, ticket__received_at__gte=since
    ).exclude(ticket__status=Status.CANCELLED)
    return (
        rows.order_by()
        .values("pattern_id")
        .annotate(
            count=Count("pk"), first=Min("ticket__received_at"), last=Max("ticket__received_at")
        )
        .order_by("-count", "pattern_id")
    )


def figures(
    contracts: Sequence[Contract],
    since: datetime,
    *,
    only: Iterable[int] | None = None,
    at_least: int = PATTERN_AT_LEAST,
    for_client: bool = False,
) -> list[Figures]:
    """
    Return the patterns of contracts by what they cost since then, the dearest first.

    Contracts of several currencies are put in order by their hours.
    A client reads no price that was not sent to them.
    """
    rows = counted(contracts, since).filter(count__gte=at_least)
    if only is not None:
        rows = rows.filter(pattern__in=only)
    found = {row["pattern_id"]: row for row in rows[:MOST_PATTERNS]}
    if not found:
        return []
    patterns = Pattern.objects.filter(pk__in=found).select_related(
        "tenant", "contract", "problem__ticket"
    )
    rates = Rates(contracts)
    of_pattern = TimeEntry.objects.filter(
        ticket__occurrences__pattern__in=list(found), ticket__received_at__gte=since
    )
    lost = worked(of_pattern, rates, "ticket__occurrences__pattern")
    fixes = _fixes(list(patterns), contracts, rates, since, ON_OFFER if for_client else PRICED)
    back = _since(list(patterns))
    shown = [
        _figures(row, found[row.pk], lost.get(row.pk, (0, 0)), fixes[row.pk], back[row.pk], rates)
        for row in patterns
    ]
    if len({each.currency for each in shown}) > 1:  # yen and dong are not compared
        return sorted(shown, key=lambda each: (-each.minutes, -each.count, each.pattern.pk))
    return sorted(shown, key=lambda each: (-each.worth, -each.minutes, each.pattern.pk))


def _figures(
    pattern: Pattern,
    row: Mapping,
    lost: tuple[int, int],
    fix: Fix,
    back: Since | None,
    rates: Rates,
) -> Figures:
    return Figures(
        pattern=pattern,
        currency=rates.last[pattern.contract_id].currency,
        count=row["count"],
        first_at=row["first"],
        last_at=row["last"],
        minutes=lost[0],
        worth=lost[1],
        fix=fix,
        since_fix=back,
    )


def _fixes(
    patterns: list[Pattern],
    contracts: Iterable[Contract],
    rates: Rates,
    since: datetime,
    shown: Iterable[str],
) -> dict[int, Fix]:
    """Return the price of the estimate on a pattern's problem, else that of a typical fix."""
    problems = {row.problem.ticket_id: row.pk for row in patterns if row.problem}
    offered: dict[int, Fix] = {}
    rows = Estimate.objects.filter(ticket__in=problems, status__in=shown).order_by("pk")
    for ticket, amount, public_id in rows.values_list("ticket_id", "amount", "public_id"):
        offered[problems[ticket]] = Fix("estimate", amount, None, 1, public_id)
    entries = TimeEntry.objects.filter(
        contract__in=contracts, stage__stream=WorkStream.MAINTENANCE, starts_at__gte=since
    )
    by_place: defaultdict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
    by_contract: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    took = worked(entries, rates, "contract_id", "ticket__system", "ticket_id")
    for (contract, system, _ticket), (minutes, worth) in took.items():
        by_place[contract, system].append((worth, minutes))
        by_contract[contract].append((worth, minutes))
    return {
        row.pk: offered.get(row.pk)
        or typical_fix(by_place[row.contract_id, row.system], by_contract[row.contract_id])
        for row in patterns
    }


def _since(patterns: list[Pattern]) -> dict[int, Since | None]:
    """Return for each pattern what came after its fix was released, or done without a release."""
    fixed: dict[int, datetime] = {}
    tickets = {row.problem.ticket_id: row for row in patterns if row.problem}
    released = Delivery.objects.filter(ticket__in=tickets).exclude(release=None)
    for ticket, at in released.order_by("release__released_at").values_list(
        "ticket_id", "release__released_at"
    ):
        fixed[tickets[ticket].pk] = at
    for row in tickets.values():
        ticket: Ticket = row.problem.ticket
        if row.pk not in fixed and ticket.resolved_at and not ticket.is_open:
            fixed[row.pk] = ticket.resolved_at
    times: defaultdict[int, list[datetime]] = defaultdict(list)
    for pattern, at in received(fixed) if fixed else ():
        times[pattern].append(at)
    return {row.pk: since_fix(times[row.pk], fixed.get(row.pk)) for row in patterns}

"""
Work as it enters a statement: which entries count in a month, and what stands behind each of them.

Reports, replays and the counting of hour pools read it here, so that they cannot disagree.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    JSONField,
    Model,
    OuterRef,
    PositiveIntegerField,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject

from contracts.domain.cost import Authority, AuthorityKind, Work
from contracts.domain.terms import Place, Tier
from contracts.models import Period
from tenants.reading import read
from tickets.models import Correction, Dispute, EstimateAcceptance, Settlement, TimeEntry
from tickets.models.choices import Outcome, Pricing

# What other minutes count against is kept for each clause and ticket, so their key stays empty.
KEYED = (AuthorityKind.POOL, AuthorityKind.ESTIMATE)
NOTHING = Value(None, output_field=JSONField())
CHARGING = (AuthorityKind.POOL, AuthorityKind.PREAPPROVED, AuthorityKind.ESTIMATE)


class Row(NamedTuple):
    """An entry with what stood behind it when it was written, and what does since (`settled`)."""

    pk: int
    ticket: str
    stage: int
    stream: str
    verdict: str
    pending: bool
    starts_at: datetime
    minutes: int
    tier: str
    place: str
    written: str
    written_key: str
    written_clause: str
    cap: int | None
    settled: dict[str, Any] | None
    accepted: dict[str, Any] | None
    triage: bool
    period_id: int
    disputed: bool

    @property
    def authority(self) -> AuthorityKind:
        """Return what stands behind the minutes now."""
        return AuthorityKind(self.settled["authority"] if self.settled else self.written)

    def work(self) -> Work:
        """
        Return the entry with the whole minutes that were recorded.

        Minutes that were held are a ticket's triage first, whatever became of the rest.
        """
        starts_at = self.starts_at.replace(second=0, microsecond=0)
        return Work(
            ref=str(self.pk),
            ticket=self.ticket,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=self.minutes),
            tier=Tier(self.tier),
            authority=self._stands(),
            place=Place(self.place) if self.place else None,
            triage=self.triage or self.written == AuthorityKind.HELD,
        )

    def _stands(self) -> Authority:
        kind, settled = self.authority, self.settled
        key, clause = self.written_key, self.written_clause
        limit = self.cap if kind is AuthorityKind.PREAPPROVED else None
        if settled and kind in CHARGING:
            key, clause = settled["key"], settled["clause"] or clause
            limit = settled["limit"]
        if kind is AuthorityKind.ESTIMATE:
            limit = self._not_to_exceed()
        return Authority(kind, key if kind in KEYED else "", clause, limit)

    def _not_to_exceed(self) -> int | None:
        """Return the limit of the estimate's last acceptance that is known; a fixed price has none."""
        accepted = self.accepted
        is_fixed = accepted is None or accepted["pricing"] == Pricing.FIXED
        return None if is_fixed else accepted["amount"]


def rows_of(
    entries: QuerySet[TimeEntry],
    settled: Q,
    disputes: QuerySet[Dispute] | None = None,
    *,
    known: Q | None = None,
) -> Iterator[Row]:
    """
    Yield the entries by start and id, in one query. One that is known to be wrong has no minutes.

    `settled` keeps the settlements that are known, `known` (default: the same) the corrections and
    accepted offers, `disputes` those that are open.
    """
    known = settled if known is None else known
    rows = read(_annotated(entries, settled, known, disputes))
    rows.sort(key=itemgetter(6, 0))  # here: the database would carry whole verdicts through a sort
    for values in rows:
        row = Row._make(values)
        if row.cap or row.settled or row.accepted:
            row = row._replace(
                cap=_said(row.cap), settled=_said(row.settled), accepted=_said(row.accepted)
            )
        yield row


def _said(document: Any) -> Any:
    """Return what a JSON column says; it is read as the text that it is."""
    return json.loads(document) if isinstance(document, str) else document


def _annotated(
    entries: QuerySet[TimeEntry], settled: Q, known: Q, disputes: QuerySet[Dispute] | None
) -> QuerySet:
    return (
        entries.order_by()
        .annotate(
            key=F("ticket__key"),
            stream=F("stage__stream"),
            verdict=F("stage__decision__outcome"),
            pending=F("stage__decision__pending"),
            cap=F("decision__verdict__cap"),
            settled=last_settlement(settled) if is_any(Settlement, settled) else NOTHING,
            accepted=last_acceptance(known) if is_any(EstimateAcceptance, known) else NOTHING,
            counted=counted_minutes(known),
            disputed=is_disputed(disputes),
        )
        .values_list(
            "pk",
            "key",
            "stage_id",
            "stream",
            "verdict",
            "pending",
            "starts_at",
            "counted",
            "tier",
            "place",
            "authority",
            "authority_key",
            "clause_id",
            "cap",
            "settled",
            "accepted",
            "triage",
            "period_id",
            "disputed",
        )
    )


def is_any(model: type[Model], known: Q) -> bool:
    """Return whether any row is known: most months have none, and ten thousand entries ask for theirs."""
    return model.objects.filter(known).exists()


def counted_minutes(known: Q) -> Case:
    """Return the minutes of an entry, none where a correction is known."""
    corrected = Exists(Correction.objects.filter(known, entry=OuterRef("pk")))
    return Case(
        When(corrected, then=Value(0)), default=F("minutes"), output_field=PositiveIntegerField()
    )


def last_settlement(known: Q) -> Subquery:
    """Return what became of an entry by the last settlement that is known; NULL where none is."""
    rows = Settlement.objects.filter(known, entry=OuterRef("pk")).order_by("-pk")
    said = JSONObject(authority="authority", key="authority_key", clause="clause_id", limit="limit")
    return Subquery(rows.values(said=said)[:1])


def last_acceptance(known: Q) -> Case:
    """Return the offer of the entry's estimate that was accepted last, as far as is known."""
    rows = EstimateAcceptance.objects.filter(
        Q(estimate__public_id=OuterRef("authority_key"))
        | Q(estimate__settlements__entry=OuterRef("pk")),
        known,
        estimate__ticket=OuterRef("ticket"),
    ).order_by("-pk")
    said = JSONObject(pricing="revision__pricing", amount="revision__amount")
    offer = Subquery(rows.values(said=said)[:1])
    return Case(When(decision__outcome=Outcome.ESTIMATE, then=offer))


def with_standing(entries: QuerySet[TimeEntry]) -> QuerySet[TimeEntry]:
    """Add `stands`: the kind of authority behind an entry as all is known now."""
    rows = Settlement.objects.filter(entry=OuterRef("pk")).order_by("-pk")
    return entries.annotate(stands=Coalesce(Subquery(rows.values("authority")[:1]), F("authority")))


def is_disputed(disputes: QuerySet[Dispute] | None) -> Any:
    """Return whether one of the disputes is about the verdict that an entry stands on."""
    if disputes is None:
        return Value(False, output_field=BooleanField())
    return Exists(
        disputes.filter(
            stage=OuterRef("stage"),
            decision__outcome=OuterRef("decision__outcome"),
            decision__clause_id=OuterRef("decision__clause_id"),
        )
    )


# --- which entries ---


def on_time(period: Period) -> QuerySet[TimeEntry]:
    return TimeEntry.objects.filter(period=period, adjusts=None)


def known_in(origin: Period, *, upto: Period) -> QuerySet[TimeEntry]:
    """Keep the entries of the closed month `origin`, with those that came late until `upto`."""
    late = Q(adjusts=origin, period__month__lte=upto.month)
    return TimeEntry.objects.filter(Q(period=origin, adjusts=None) | late)


def ever(period: Period) -> QuerySet[TimeEntry]:
    """Keep all entries that were worked in a month, those that came late to a closed one too."""
    return TimeEntry.objects.filter(Q(period=period, adjusts=None) | Q(adjusts=period))


def known_before(origin: Period, period: Period) -> QuerySet[TimeEntry]:
    """Keep the entries of the closed month `origin`, those that came late too, before `period`."""
    earlier = Q(adjusts=origin, period__month__lt=period.month)
    return TimeEntry.objects.filter(Q(period=origin, adjusts=None) | earlier)


def settled_by(period: Period) -> Q:
    """Keep what was settled up to a month and in it."""
    return Q(period__month__lte=period.month)


def settled_before(period: Period) -> Q:
    return Q(period__month__lt=period.month)

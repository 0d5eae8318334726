"""
Work as it enters a statement: which entries count in a month, and what stands behind each of them.

Reports, replays and the counting of hour pools read it here, so that they cannot disagree.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Exists,
    F,
    OuterRef,
    PositiveIntegerField,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, JSONObject

from contracts.domain.cost import Authority, AuthorityKind, Work
from contracts.domain.terms import Place, Tier
from contracts.models import Period
from tenants.reading import read
from tickets.models import Correction, Dispute, EstimateAcceptance, Settlement, TimeEntry
from tickets.models.choices import Outcome, Pricing

# What other minutes count against is kept for each clause and ticket, so their key stays empty.
KEYED = (AuthorityKind.POOL, AuthorityKind.ESTIMATE)
NOTHING = Value(None, output_field=TextField())  # a JSON null would be a text to be read
CAP = Cast(KeyTextTransform("cap", "decision__verdict"), BigIntegerField())
PREAPPROVED, ESTIMATE = AuthorityKind.PREAPPROVED, AuthorityKind.ESTIMATE
HELD, POOL = AuthorityKind.HELD, AuthorityKind.POOL
CHARGING = (POOL, PREAPPROVED, ESTIMATE)
MINUTE = timedelta(minutes=1)
# By their words: an enum is ten times slower at finding its own.
KINDS = {kind.value: kind for kind in AuthorityKind}
TIERS = {tier.value: tier for tier in Tier}
PLACES = {place.value: place for place in Place}


class Row(NamedTuple):
    """
    An entry with what stood behind it when it was written, and what does since (`settled`).

    `cap` is that of the decision, of preapproved minutes only.
    """

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
        return KINDS[self.settled["authority"] if self.settled else self.written]

    def work(self) -> Work:
        """
        Return the entry with the whole minutes that were recorded.

        Minutes that were held are a ticket's triage first, whatever became of the rest.
        """
        starts_at = self.starts_at
        if starts_at.second or starts_at.microsecond:
            starts_at = starts_at.replace(second=0, microsecond=0)
        return Work(
            str(self.pk),
            self.ticket,
            starts_at,
            starts_at + self.minutes * MINUTE,
            TIERS[self.tier],
            self._stands(),
            PLACES[self.place] if self.place else None,
            self.triage or self.written == HELD,
        )

    def _stands(self) -> Authority:
        kind, settled = self.authority, self.settled
        key, clause = self.written_key, self.written_clause
        limit = self.cap if kind is PREAPPROVED else None
        if settled and kind in CHARGING:
            key, clause = settled["key"], settled["clause"] or clause
            limit = settled["limit"]
        if kind is ESTIMATE:
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
        if row.settled or row.accepted:
            row = row._replace(settled=_said(row.settled), accepted=_said(row.accepted))
        yield row


def _said(document: Any) -> Any:
    """Return what a JSON column says; it is read as the text that it is."""
    return json.loads(document) if isinstance(document, str) else document


def _annotated(
    entries: QuerySet[TimeEntry], settled: Q, known: Q, disputes: QuerySet[Dispute] | None
) -> QuerySet:
    is_settled, is_accepted, is_corrected, is_argued = are_any(
        Settlement.objects.filter(settled),
        EstimateAcceptance.objects.filter(known),
        Correction.objects.filter(known),
        Dispute.objects.none() if disputes is None else disputes,
    )
    return (
        entries.order_by()
        .annotate(
            key=F("ticket__key"),
            stream=F("stage__stream"),
            verdict=F("stage__decision__outcome"),
            pending=F("stage__decision__pending"),
            cap=Case(When(authority=PREAPPROVED, then=CAP)),  # a verdict is long: few are read
            settled=last_settlement(settled) if is_settled else NOTHING,
            accepted=last_acceptance(known) if is_accepted else NOTHING,
            counted=counted_minutes(known) if is_corrected else F("minutes"),
            disputed=is_disputed(disputes if is_argued else None),
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


def are_any(*rows: QuerySet) -> Sequence[bool]:
    """Return whether there are any: most months have none, and ten thousand entries ask for theirs."""
    asked = Period.objects.order_by().values_list(*(Exists(each) for each in rows))
    return asked.first() or [False] * len(rows)


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

"""Rulings that the client agreed to: what was once settled about a clause."""

from django.db.models import Count, Q

from contracts.models import Contract
from tickets.models import Dispute
from tickets.models.dispute import DisputeQuerySet


def precedents(contract: Contract, clause_id: str = "", *, text: str = "") -> DisputeQuerySet:
    """Return the agreed disputes of a contract, of one clause and with some words, the last first."""
    rows = Dispute.objects.agreed().filter(ticket__contract=contract)
    if clause_id:
        rows = rows.filter(ruling__clause_id=clause_id)
    if text.strip():
        rows = rows.filter(pk__in=ids_with(contract, text.strip()))
    return rows.select_related("ticket", "decision", "ruling", "ruled_by__user").order_by(
        "-agreed_at", "-pk"
    )


def precedent_counts(contract: Contract) -> dict[str, int]:
    """Return how many precedents each clause has; a clause without any is left out."""
    rows = Dispute.objects.agreed().filter(ticket__contract=contract)
    counted = rows.values("ruling__clause_id").annotate(count=Count("pk"))
    return {row["ruling__clause_id"]: row["count"] for row in counted.order_by("ruling__clause_id")}


def ids_with(contract: Contract, text: str) -> list[int]:
    """
    Return the ids of a contract's precedents whose reasons or ticket hold the words as they stand.

    The one place that searches: row security lets no index help ILIKE, so it reads the contract's
    own agreed disputes and nothing else, and hands on ids (design.md section 11).
    """
    rows = Dispute.objects.agreed().filter(ticket__contract=contract)
    said = Q(reason__icontains=text) | Q(ruling__reason__icontains=text)
    about = Q(ticket__title__icontains=text) | Q(ticket__key__iexact=text)
    return list(rows.filter(said | about).values_list("pk", flat=True))

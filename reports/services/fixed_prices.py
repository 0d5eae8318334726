"""The fixed prices of estimates that fall due in a month."""

from contracts.domain.cost import FixedCharge
from contracts.models import Period
from tickets.models import EstimateCharge


def fixed_charges(period: Period) -> tuple[FixedCharge, ...]:
    """
    Return what fell due in the month: deliveries that were accepted, and cancelled work.

    They are written while the month is open, under its lock: a closed month has its last one.
    """
    rows = EstimateCharge.objects.filter(
        period=period, estimate__ticket__contract_id=period.contract_id
    ).order_by("pk")
    told = rows.values_list("estimate__public_id", "amount", "estimate__ticket__key", "clause_id")
    return tuple(
        FixedCharge(key, amount, (ticket,), clause) for key, amount, ticket, clause in told
    )

"""
The heads of the audit chain, printed in the report: who cuts off the chain's end later is found.

The chain is the client's own, so every report of the client prints the same heads for a day.
"""

from datetime import date, datetime, timedelta
from typing import Any

from contracts.models import Period
from contracts.services.month_facts import month_of
from tenants import audit_chain


def audit_heads(period: Period, position: int, ends_at: datetime) -> dict[str, Any]:
    """
    Return the link at `position`, the last when the report was made, and each day's last before it.

    Days of the contract's zone up to `ends_at`; one on which nothing was written is left out.
    """
    found = audit_chain.heads(period.tenant_id, _days(period, ends_at), position)
    days, before = [], 0
    for day, place, sha256 in found:
        if place > before:
            days.append({"day": day, "position": place, "sha256": sha256})
            before = place
    last = audit_chain.link_at(period.tenant_id, position)
    return {"position": position, "sha256": last, "days": days}


def _days(period: Period, ends_at: datetime) -> list[tuple[date, datetime]]:
    month = month_of(period)
    days = (month.first_on + timedelta(days=n) for n in range(month.days))
    ends = ((day, min(month.midnight(day + timedelta(days=1)), ends_at)) for day in days)
    return [(day, ends) for day, ends in ends if month.midnight(day) < ends]

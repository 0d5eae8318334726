"""The hour pools of a month: what is used, of how much, and when they empty at this pace."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import F, Q, Sum
from django.utils import timezone

from contracts.domain.forecast import Forecast, forecast
from contracts.domain.months import bounds_of, first_of_month
from contracts.models import BoughtHours, Contract, ContractVersion
from contracts.rules import Rules, rules_of
from tickets.models import TimeEntry
from tickets.models.choices import AuthorityKind

Minutes = dict[tuple[int, str], int]  # by contract and the pool's key


def pools(clients: Iterable[int], now: datetime) -> list[dict[str, Any]]:
    """Return each active contract's pools with the minutes of this month that draw on them."""
    contracts = Contract.objects.active().filter(tenant_id__in=clients).select_related("tenant")
    versions = in_force(clients, timezone.localdate())
    used, bought = minutes_by_pool(clients, now), minutes_bought(clients, now)
    rows = []
    for contract in contracts.order_by("tenant__name", "number"):
        rules = rules_of(versions[contract.pk]) if contract.pk in versions else None
        for pool in rules.terms.cost.pools if rules else ():
            key = (contract.pk, pool.key)
            spent, available = used.get(key, 0), pool.per_month + bought.get(key, 0)
            share = min(100, 100 * spent // available) if available else 100
            tone = "late" if spent > available else "soon" if share >= 80 else ""
            told = foretold(contract, rules, spent, available, now)
            rows.append(
                {
                    "contract": contract,
                    "pool": pool,
                    "used": spent,
                    "share": share,
                    "tone": tone,
                    "forecast": told,
                }
            )
    return rows


def foretold(
    contract: Contract, rules: Rules, used: int, available: int, now: datetime
) -> Forecast:
    """Return when a pool empties, on the business days of the contract's own hours and month."""
    today = contract.local_date(now)
    hours = rules.hours[rules.terms.time.hours or "always"]
    opened = (
        opens for opens, _closes in hours.windows(*bounds_of(first_of_month(today), contract.zone))
    )
    days = sorted({contract.local_date(opens) for opens in opened})
    return forecast(used, available, days, today)


def in_force(clients: Iterable[int], today: date) -> dict[int, ContractVersion]:
    rows = ContractVersion.objects.filter(tenant_id__in=clients, effective_on__lte=today)
    rows = rows.exclude(activated_at=None).order_by("contract_id", "-effective_on")
    return {version.contract_id: version for version in rows.distinct("contract_id")}


def minutes_by_pool(clients: Iterable[int], now: datetime) -> Minutes:
    rows = TimeEntry.objects.filter(
        tenant_id__in=clients,
        authority=AuthorityKind.POOL,
        period__starts_at__lte=now,
        period__ends_at__gt=now,
    )
    summed = rows.values("contract_id", "authority_key").annotate(total=Sum("minutes"))
    return {(row["contract_id"], row["authority_key"]): row["total"] for row in summed.order_by()}


def minutes_bought(clients: Iterable[int], now: datetime) -> Minutes:
    """Return what was bought on top in this month and may still be drawn; rolled-over hours are not."""
    today = timezone.localdate()
    rows = BoughtHours.objects.filter(tenant_id__in=clients, bought_on__lte=today)
    rows = rows.filter(Q(expires_on=None) | Q(expires_on__gt=today))
    rows = rows.filter(bought_on__year=today.year, bought_on__month=today.month)
    summed = rows.values("contract_id", "pool").annotate(total=Sum(F("minutes")))
    return {(row["contract_id"], row["pool"]): row["total"] for row in summed.order_by()}

"""
Minutes beyond an hour pool that asks when it is empty: what waits, and the client's agreement.

Such minutes are held when they are written. A service owner agrees to some more of them for the
month, or sends an order whose number the account manager records; then they draw on the pool.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, JSONArray, JSONObject
from django.utils.translation import gettext as _

from contracts.domain import overage
from contracts.domain.cost_terms import EstimateTerms
from contracts.domain.months import first_of_month
from contracts.domain.terms import WhenEmpty
from contracts.formats import money
from contracts.models import AgreedOverage, Contract, ContractVersion, Period
from contracts.rules import rules_of
from contracts.services import period_for_work, period_of
from contracts.services.month_facts import in_force, versions_during
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit
from tickets.models import TimeEntry
from tickets.models.choices import AuthorityKind, Outcome
from tickets.models.settlement import SettlementCause
from tickets.services import pool_room
from tickets.services.estimate_people import client_limit
from tickets.services.guard import command
from tickets.services.pool_room import Standing
from tickets.services.settlements import HELD, settle, unsettled

MOST_HOURS = 1_000
MOST_REFERENCE = 200
AGREE = (Role.SERVICE_OWNER, Role.ACCOUNT_MANAGER)


class Beyond(NamedTuple):
    """What waits beyond one pool in one month: worked minutes, and what of them must be agreed."""

    contract: Contract
    period: Period
    pool: str
    worked: int
    tickets: tuple[str, ...]
    needed: int  # charged minutes
    at_most: int  # minor units, before tax
    currency: str

    @property
    def month(self) -> str:
        return f"{self.period.month:%Y-%m}"


def waiting() -> QuerySet[TimeEntry]:
    """Return the entries that are held because a pool that asks was empty."""
    asks = ContractVersion.objects.filter(
        pk=OuterRef("ticket__version"),
        terms__cost__pools__contains=JSONArray(
            JSONObject(
                key=OuterRef("decision__verdict__pool"), when_empty=Value(WhenEmpty.APPROVE.value)
            )
        ),
    )
    held = unsettled().filter(stands=HELD, decision__outcome=Outcome.POOL)
    return held.filter(Exists(asks))


def beyond_pools(contracts: Iterable[Contract]) -> list[Beyond]:
    """Return what waits in these contracts, by contract, month and pool, oldest month first."""
    entries = waiting().filter(contract__in=contracts)
    worked_in = Coalesce("adjusts", "period")
    entries = entries.annotate(worked_in=worked_in, pool=F("decision__verdict__pool"))
    rows = entries.order_by("contract_id", "worked_in", "pool", "starts_at", "pk")
    rows = rows.select_related("contract__tenant", "ticket")
    groups = groupby(rows, lambda entry: (entry.contract_id, entry.worked_in, entry.pool))
    found = [_beyond(period, pool, list(group)) for (_c, period, pool), group in groups]
    return sorted(found, key=lambda each: (each.period.month, each.contract.number, each.pool))


def _beyond(period_id: int, pool: str, entries: Sequence[TimeEntry]) -> Beyond:
    contract = entries[0].contract
    period = Period.objects.select_related("contract").get(pk=period_id)
    needed = pool_room.lacking_for(contract, period, pool, [entry.pk for entry in entries])
    return Beyond(
        contract=contract,
        period=period,
        pool=pool,
        worked=sum(entry.minutes for entry in entries),
        tickets=tuple(dict.fromkeys(entry.ticket.key for entry in entries)),
        needed=needed,
        at_most=price_of(period, pool, needed),
        currency=rules_of(versions_during(period)[-1]).terms.currency,
    )


def price_of(period: Period, pool: str, minutes: int) -> int:
    """Return what minutes of the month beyond a pool cost at most, in minor units before tax."""
    versions = [in_force(rules_of(v), v.effective_on) for v in versions_during(period)]
    return overage.at_most(minutes, pool, versions)


@command
def agree_overage(
    *,
    contract: Contract,
    actor: Membership,
    pool: str,
    month: date,
    minutes: int,
    at_most: int,
    now: datetime,
    reference: str = "",
) -> AgreedOverage:
    """
    Agree to `minutes` of a month beyond a pool; held ones draw on it at once, oldest first.

    `at_most` is the highest price that was seen, in minor units before tax. What is left of the
    minutes is there for work to come. An entry that does not wholly fit stays held.

    :raises NotPermitted: unless `actor` is a service owner within their authority, or an account
        manager.
    :raises Invalid: if the minutes are none or too many, the pool does not ask when it is empty, or
        an account manager names no order.
    :raises Refused: if the price is another than was seen.
    """
    _check(contract, actor, minutes, reference)
    if month > contract.local_date(now):
        raise Invalid(_("This month is still to come."), field="month")
    begins_at = period_of(contract, first_of_month(month)).starts_at
    counts_in, adjusts = period_for_work(contract, begins_at, now, alone=True)
    period = adjusts or counts_in
    versions = [rules_of(version).terms for version in versions_during(period)]
    asks = [found for terms in versions if (found := terms.pool(pool))]
    if not any(each.when_empty is WhenEmpty.APPROVE for each in asks):
        raise Invalid(_("This pool does not ask when it is empty."), field="pool")
    price, currency = price_of(period, pool, minutes), versions[-1].currency
    if price != at_most:
        said = _("It costs %(price)s at most, not what you saw. Look again.")
        raise Refused(said % {"price": money(price, currency)})
    if actor.role == Role.SERVICE_OWNER:
        _check_authority(period, actor, versions[-1].cost.estimates, price, currency)
    agreed = AgreedOverage.objects.create(
        tenant_id=contract.tenant_id,
        contract=contract,
        pool=pool,
        period=period,
        counts_in=counts_in,
        minutes=minutes,
        at_most=price,
        currency=currency,
        reference=reference.strip(),
        agreed_at=now,
        by=actor,
    )
    audit.record(
        actor=actor,
        verb="contract.overage_agreed",
        subject=contract,
        at=now,
        pool=pool,
        month=f"{period.month:%Y-%m}",
        minutes=minutes,
        at_most=price,
        currency=currency,
        reference=agreed.reference,
        settled=_settle(contract, period, pool, actor, now),
    )
    return agreed


def _check(contract: Contract, actor: Membership, minutes: int, reference: str) -> None:
    if actor.role not in AGREE or actor.tenant_id != contract.tenant_id:
        raise NotPermitted(_("A service owner agrees to hours beyond a pool."))
    if not 0 < minutes <= MOST_HOURS * 60:
        said = _("Agree to between one minute and %(most)s hours.") % {"most": MOST_HOURS}
        raise Invalid(said, field="minutes")
    if len(reference.strip()) > MOST_REFERENCE:
        said = _("Name the client's order, in %(most)s characters at most.")
        raise Invalid(said % {"most": MOST_REFERENCE}, field="reference")
    if actor.role == Role.ACCOUNT_MANAGER and not reference.strip():
        raise Invalid(_("Name the client's order: you do not agree for them."), field="reference")


def _check_authority(
    period: Period, actor: Membership, terms: EstimateTerms, price: int, currency: str
) -> None:
    """The month's agreements together stay within what a service owner may accept."""
    before = period.agreed_overage.aggregate(sum=Sum("at_most"))["sum"] or 0
    if (limit := client_limit(actor, terms)) < before + price:
        said = _(
            "%(amount)s of hours beyond pools in this month is above your authority of %(limit)s."
            " Send us a purchase order: the account manager records its number."
        )
        words = {"amount": money(before + price, currency), "limit": money(limit, currency)}
        raise NotPermitted(said % words)


def _settle(contract: Contract, period: Period, pool: str, actor: Membership, now: datetime) -> int:
    """Let the held entries of the month draw on the pool, oldest first; return how many do."""
    mine = waiting().annotate(worked_in=Coalesce("adjusts", "period"))
    rows = mine.filter(contract=contract, worked_in=period.pk, decision__verdict__pool=pool)
    return sum(
        settle(
            [entry],
            Standing(AuthorityKind.POOL, pool, entry.clause_id),
            cause=SettlementCause.OVERAGE_AGREED,
            by=actor,
            now=now,
        )
        for entry in rows.order_by("starts_at", "pk")
    )

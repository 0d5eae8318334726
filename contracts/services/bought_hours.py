"""Hours that a client buys for a pool, in the month in which it buys them."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.domain.months import first_of_month
from contracts.domain.renewal import Term
from contracts.formats import day_text
from contracts.models import BoughtHours, Contract, ContractStatus
from contracts.rules import rules_of
from contracts.services.contracts import version_in_force
from contracts.services.periods import first_open_day, lock_shared, period_of
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit

MOST_HOURS = 10_000
MOST_PRICE = 10**15
MOST_REFERENCE = 200


@transaction.atomic
def buy_hours(
    *,
    contract: Contract,
    actor: Membership,
    pool: str,
    minutes: int,
    price: int,
    bought_on: date,
    expires_on: date | None,
    reference: str,
    now: datetime,
) -> BoughtHours:
    """
    Write down hours that the client bought for a pool; they have a line in the month of `bought_on`.

    `price` is in minor units of the contract's currency, before tax. The hours may be drawn until
    the day before `expires_on`; None: for good. A contract that ended may still have bought some
    in a month that is open.

    :raises NotPermitted: unless `actor` is an account manager of this client.
    :raises Refused: if no version of the contract was ever in force.
    :raises Invalid: if minutes, price or order are missing or out of bounds; if the day is to come,
        outside the term or in a closed month; if no pool of that day has this key.
    """
    if actor.role != Role.ACCOUNT_MANAGER or actor.tenant_id != contract.tenant_id:
        raise NotPermitted(_("Only an account manager writes down bought hours."))
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    if contract.status == ContractStatus.DRAFT:
        raise Refused(_("This contract is not in force."))
    _check_purchase(minutes, price, bought_on, expires_on, reference)
    _check_day(contract, bought_on, now)
    bought = BoughtHours.objects.create(
        tenant_id=contract.tenant_id,
        contract=contract,
        pool=pool,
        minutes=minutes,
        price=price,
        currency=_currency_with(contract, pool, bought_on),
        bought_on=bought_on,
        expires_on=expires_on,
        reference=reference.strip(),
        written_at=now,
        by=actor,
    )
    audit.record(
        actor=actor,
        verb="contract.hours_bought",
        subject=contract,
        at=now,
        pool=pool,
        minutes=minutes,
        price=price,
        currency=bought.currency,
        bought_on=bought_on.isoformat(),
        expires_on=expires_on and expires_on.isoformat(),
        reference=bought.reference,
    )
    return bought


def _check_purchase(
    minutes: int, price: int, bought_on: date, expires_on: date | None, reference: str
) -> None:
    if not 0 < minutes <= MOST_HOURS * 60:
        said = _("Buy between one minute and %(most)s hours.") % {"most": MOST_HOURS}
        raise Invalid(said, field="minutes")
    if not 0 <= price <= MOST_PRICE:
        said = _("A price is between 0 and %(most)s.") % {"most": MOST_PRICE}
        raise Invalid(said, field="price")
    if expires_on is not None and expires_on <= bought_on:
        raise Invalid(_("Bought hours last one day at least."), field="expires_on")
    if not 0 < len(reference.strip()) <= MOST_REFERENCE:
        raise Invalid(
            _("Name the client's order, in %(most)s characters at most.")
            % {"most": MOST_REFERENCE},
            field="reference",
        )


def _check_day(contract: Contract, day: date, now: datetime) -> None:
    """Refuse a day that hours cannot be bought on; its month stays open until we are done."""
    if not Term(contract.starts_on, contract.ends_on).holds(day):
        raise Invalid(_("Hours are bought on a day of the contract's term."), field="bought_on")
    if day > contract.local_date(now):
        raise Invalid(_("This day is still to come."), field="bought_on")
    lock_shared(period_of(contract, first_of_month(day)))
    if day < (first := first_open_day(contract)):
        said = _("The months before %(day)s are closed.") % {"day": day_text(first)}
        raise Invalid(said, field="bought_on")


def _currency_with(contract: Contract, pool: str, on: date) -> str:
    """Return the currency of the terms in force on a day, which have the pool."""
    version = version_in_force(contract, on)
    terms = rules_of(version).terms if version else None
    known = [each.key for each in terms.cost.pools] if terms else []
    if terms is None or pool not in known:
        said = _("The contract has no pool %(pool)s on that day; it has: %(pools)s.")
        raise Invalid(said % {"pool": pool, "pools": ", ".join(known) or "-"}, field="pool")
    return terms.currency

"""A contract's term: renewed, ended, over."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.domain.renewal import Term
from contracts.formats import day_text
from contracts.models import Contract, ContractRenewal, ContractStatus
from contracts.services.activation import activate_version
from contracts.services.contracts import add_version
from contracts.services.periods import first_open_day
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit


@transaction.atomic
def renew_contract(
    *,
    contract: Contract,
    actor: Membership,
    until: date | None,
    now: datetime,
    document: dict | None = None,
    accept_gaps: str = "",
) -> Contract:
    """
    Give a contract a new term from its end to `until` (the first day after it, None: open-ended).

    A `document` becomes the version in force from the renewal day, with the gaps that were accepted
    (see `activate_version`). What happens to unused hours is
    said by the terms in force before it (`cost.pools[].at_renewal`).

    :raises NotPermitted: unless `actor` is an account manager of this client.
    :raises Refused: if the contract is not in force, is open-ended, or its last day is over.
    :raises Invalid: if `until` is not after the end.
    :raises TermsInvalid, TermsNotClean: if the document cannot be put in force.
    """
    contract = _begin(contract, actor)
    if (renewed_on := contract.ends_on) is None:
        raise Refused(_("This contract has no end: there is nothing to renew."))
    if Term(contract.starts_on, renewed_on).is_over(contract.local_date(now)):
        raise Refused(_("The term of this contract is over: make a new contract."))
    if until is not None and until <= renewed_on:
        raise Invalid(_("A renewal ends after %(day)s.") % {"day": renewed_on}, field="until")
    contract.ends_on = until
    contract.save(update_fields=["ends_on"])
    ContractRenewal.objects.create(
        tenant_id=contract.tenant_id,
        contract=contract,
        renewed_on=renewed_on,
        until=until,
        at=now,
        by=actor,
    )
    audit.record(
        actor=actor,
        verb="contract.renewed",
        subject=contract,
        at=now,
        renewed_on=renewed_on.isoformat(),
        until=until and until.isoformat(),
    )
    if document is not None:
        version = add_version(
            contract=contract, effective_on=renewed_on, document=document, actor=actor, now=now
        )
        activate_version(version=version, actor=actor, now=now, accept_gaps=accept_gaps)
    return contract


@transaction.atomic
def end_contract(
    *, contract: Contract, actor: Membership, on: date, reason: str, now: datetime
) -> Contract:
    """
    Let a contract end: `on` is the first day without it. It is over on that day, or at once.

    :raises NotPermitted: unless `actor` is an account manager of this client.
    :raises Refused: if the contract is not in force.
    :raises Invalid: if nobody says why, or `on` is in a closed month, on or before the first day,
        or after the end that was agreed.
    """
    contract = _begin(contract, actor)
    if not reason.strip():
        raise Invalid(_("Say why the contract ends."), field="reason")
    if on <= contract.starts_on:
        raise Invalid(_("A contract lasts at least one day."), field="on")
    if on < (first := first_open_day(contract)):
        raise Invalid(
            _("The months before %(day)s are closed.") % {"day": day_text(first)}, field="on"
        )
    if contract.ends_on is not None and on > contract.ends_on:
        raise Invalid(_("The contract ends before that day: renew it instead."), field="on")
    before, contract.ends_on = contract.ends_on, on
    contract.save(update_fields=["ends_on"])
    audit.record(
        actor=actor,
        verb="contract.end_agreed",
        subject=contract,
        at=now,
        before=before and before.isoformat(),
        ends_on=on.isoformat(),
        reason=reason.strip(),
    )
    end_if_over(contract, now)
    return contract


def end_if_over(contract: Contract, now: datetime) -> bool:
    """Mark a locked contract as ended once its last day is over; return whether it was now."""
    term = Term(contract.starts_on, contract.ends_on)
    over = term.is_over(contract.local_date(now))
    if not over or contract.status != ContractStatus.ACTIVE or contract.ends_on is None:
        return False
    contract.status = ContractStatus.ENDED
    contract.save(update_fields=["status"])
    audit.record(
        actor=None,
        verb="contract.ended",
        subject=contract,
        at=now,
        ends_on=contract.ends_on.isoformat(),
    )
    return True


def _begin(contract: Contract, actor: Membership) -> Contract:
    """Return the contract, locked, for an account manager to change its term."""
    if actor.role != Role.ACCOUNT_MANAGER or actor.tenant_id != contract.tenant_id:
        raise NotPermitted(_("Only an account manager changes the term of a contract."))
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    if contract.status != ContractStatus.ACTIVE:
        raise Refused(_("This contract is not in force."))
    return contract

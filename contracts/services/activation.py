"""The command that puts a draft in force, and what stands in its way."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from contracts import checking
from contracts.domain.renewal import Term
from contracts.formats import day_text
from contracts.models import Contract, ContractStatus, ContractVersion
from contracts.services.contracts import DraftMovedOn
from contracts.services.periods import first_open_day
from tenants.errors import NotPermitted, Refused
from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit


@transaction.atomic
def activate_version(
    *,
    version: ContractVersion,
    actor: Membership,
    now: datetime,
    accept_gaps: str = "",
    seen: str = "",
    seen_on: date | None = None,
) -> ContractVersion:
    """
    Put a version in force from its effective day and freeze its text.

    What no clause decides must have been seen: `accept_gaps` is the seal of the list of gaps
    (`Coverage.seal`), which is kept with the version. `seen` and `seen_on` are the fingerprint and
    the day of the draft that was read, where a person confirms it.

    :raises NotPermitted: unless `actor` is an account manager.
    :raises DraftMovedOn: if the draft has another text or day than the one that was seen.
    :raises Refused: if it is active already, or the first of `hindrances`.
    :raises TermsNotClean: if the lint refuses it, or it decides one of its examples otherwise.
    :raises GapsNotAccepted: if other gaps were accepted than the version has.
    """
    if actor.role != Role.ACCOUNT_MANAGER or actor.tenant_id != version.tenant_id:
        raise NotPermitted(_("Only an account manager puts a contract in force."))
    contract = Contract.objects.select_for_update().get(pk=version.contract_id)
    version = ContractVersion.objects.get(pk=version.pk)
    if version.activated_at is not None:
        raise Refused(_("This version is in force already."))
    if (seen and seen != version.sha256) or (seen_on and seen_on != version.effective_on):
        raise DraftMovedOn(version.sha256)
    for hindrance in hindrances(contract, version):
        raise hindrance
    if not (checked := checking.check_version(version)).is_clean:
        raise checking.TermsNotClean(checked)
    checking.check_gaps(checked, accept_gaps)
    version.activated_at, version.activated_by = now, actor
    version.accepted_gaps = [gap.to_dict() for gap in checked.coverage.gaps]
    version.save(update_fields=["activated_at", "activated_by", "accepted_gaps"])
    contract.status = ContractStatus.ACTIVE
    contract.save(update_fields=["status"])
    audit.record(
        actor=actor,
        verb="contract.activated",
        subject=contract,
        at=now,
        number=version.number,
        sha256=version.sha256,
        gaps=checked.coverage.seal(),
        accepted_gaps=version.accepted_gaps,
    )
    return version


def hindrances(contract: Contract, version: ContractVersion) -> Iterator[Refused]:
    """
    Yield what keeps a draft from being put in force, whatever its clauses say.

    Its day is one of the term, in no closed month and no other version's; its currency is the one
    agreed on: months, limits and pools go on. The open months stay open for this transaction.
    """
    day, agreed = version.effective_on, contract.versions.exclude(activated_at=None)
    if agreed.filter(effective_on=day).exists():
        yield Refused(_("Another version is in force from this day."))
    if contract.status == ContractStatus.ENDED:
        yield Refused(_("This contract has ended."))
    if not Term(contract.starts_on, contract.ends_on).holds(day):
        yield Refused(_("A version starts on a day of the contract's term."), field="effective_on")
    if day < (first := first_open_day(contract)):
        said = _("The months before %(day)s are closed.") % {"day": day_text(first)}
        yield Refused(said, field="effective_on")
    first_agreed = agreed.first()
    if first_agreed is not None and first_agreed.terms["currency"] != version.terms["currency"]:
        yield Refused(_("An amendment keeps the contract's currency."), field="currency")

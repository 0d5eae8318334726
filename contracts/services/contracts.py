"""Commands that write contracts and their drafts down; and which version is in force on a day."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import BigIntegerField, DateField
from django.utils.translation import gettext as _

from contracts import checking
from contracts.domain import terms
from contracts.domain.canonical import canonical, sha256_of
from contracts.domain.examples import dump_examples
from contracts.models import Contract, ContractVersion
from contracts.models.contract import VersionQuerySet
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership, Tenant
from tenants.prepared import Prepared, Slot
from tenants.roles import Role
from tenants.services import audit


def _in_force() -> VersionQuerySet:
    versions = ContractVersion.objects.filter(contract=Slot("contract", BigIntegerField()))
    return versions.in_force(Slot("on", DateField()))[:1]


IN_FORCE = Prepared(_in_force)
IN_FORCE_WITHOUT_TEXT = Prepared(lambda: _in_force().without_text())


class DraftMovedOn(Refused):
    """Somebody else saved the draft since it was seen; `sha256` is its text now."""

    def __init__(self, sha256: str) -> None:
        super().__init__(_("Somebody else saved this draft meanwhile."))
        self.sha256 = sha256


def writes_drafts(member: Membership, contract: Contract) -> bool:
    return member.role == Role.ACCOUNT_MANAGER and member.tenant_id == contract.tenant_id


@transaction.atomic
def create_contract(
    *,
    tenant: Tenant,
    number: str,
    title: str,
    starts_on: date,
    document: dict,
    actor: Membership | None,
    now: datetime,
    ends_on: date | None = None,
) -> Contract:
    """
    Write a contract down as a draft with its first version; `document` may hold `examples`.

    :raises TermsInvalid: if the document has errors; it names them all.
    """
    draft = checking.read(document, starts_on)
    contract = Contract.objects.create(
        tenant=tenant,
        number=number,
        title=title,
        timezone=draft.terms.timezone,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    audit.record(actor=actor, verb="contract.created", subject=contract, at=now, number=number)
    add_version(contract=contract, effective_on=starts_on, document=document, actor=actor, now=now)
    return contract


@transaction.atomic
def add_version(
    *,
    contract: Contract,
    effective_on: date,
    document: dict,
    actor: Membership | None,
    now: datetime,
) -> ContractVersion:
    """
    Write an amendment down as a draft; it changes nothing until it is activated.

    :raises TermsInvalid: if the document has errors; it names them all.
    """
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    version = ContractVersion(
        tenant_id=contract.tenant_id,
        contract=contract,
        number=contract.versions.count() + 1,
    )
    _write(version, effective_on, document)
    audit.record(
        actor=actor,
        verb="contract.version_added",
        subject=contract,
        at=now,
        number=version.number,
        effective_on=effective_on.isoformat(),
    )
    return version


@transaction.atomic
def replace_draft(
    *,
    version: ContractVersion,
    document: dict,
    actor: Membership | None,
    now: datetime,
    effective_on: date | None = None,
    seen: str = "",
) -> ContractVersion:
    """
    Write a draft anew, its day too where one is given; its number stays.

    `seen` is the fingerprint of the text that was edited: two who edit at once do not undo each other.

    :raises NotPermitted: if a person who is no account manager writes it.
    :raises DraftMovedOn: if the draft has another text than the one that was seen.
    :raises Refused: if the version is in force already: what was agreed changes by an amendment.
    :raises TermsInvalid: if the document has errors; it names them all.
    """
    contract = Contract.objects.select_for_update().get(pk=version.contract_id)
    version = ContractVersion.objects.get(pk=version.pk)
    if actor is not None and not writes_drafts(actor, contract):
        raise NotPermitted(_("Only an account manager writes a contract down."))
    if version.activated_at is not None:
        raise Refused(_("This version is in force already."))
    if seen and version.sha256 != seen:
        raise DraftMovedOn(version.sha256)
    version.contract, before = contract, version.sha256
    _write(version, effective_on or version.effective_on, document)
    audit.record(
        actor=actor,
        verb="contract.draft_replaced",
        subject=contract,
        at=now,
        number=version.number,
        effective_on=version.effective_on.isoformat(),
        before=before,
        sha256=version.sha256,
    )
    return version


def _write(version: ContractVersion, effective_on: date, document: dict) -> None:
    draft = checking.read(document, effective_on)
    if draft.terms.timezone != version.contract.timezone:
        raise Invalid(_("An amendment keeps the contract's time zone."), field="timezone")
    version.effective_on = effective_on
    version.terms, version.holidays = terms.dump(draft.terms), dict(draft.holidays)
    version.examples = dump_examples(draft.examples)
    version.sha256 = sha256_of(canonical([version.terms, version.holidays]))
    version.save()


def version_in_force(
    contract: Contract, on: date, *, without_text: bool = False
) -> ContractVersion | None:
    """
    Return the version in force on a day of the contract's zone.

    `without_text` is for who asks its rules: `contracts.rules` knows them, or reads the text once.
    """
    prepared = IN_FORCE_WITHOUT_TEXT if without_text else IN_FORCE
    version = prepared.first(contract=contract.pk, on=on)
    if version is not None:
        version.contract = contract
    return version

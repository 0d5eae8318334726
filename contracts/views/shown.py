"""What every page of a contract asks first: which contract, which version, and who reads it."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from contracts.services import writes_drafts
from tenants import roles
from tenants.models import Membership

TRY_DRAFTS = {roles.Role.ACCOUNT_MANAGER, roles.Role.BRIDGE_SE}
SEE_COST = roles.VENDOR | {roles.Role.SERVICE_OWNER}


def shown_contract(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """
    Return what the head of a contract's page needs, in two queries.

    The version is the one that `?version=` names, else the one in force, else the last one. A client
    sees no drafts.
    """
    contract = get_object_or_404(Contract.objects.select_related("tenant"), public_id=public_id)
    desks = [m for m in request.memberships if m.tenant_id == contract.tenant_id]
    versions = list(versions_for(contract, desks).select_related("activated_by__user"))
    in_force = current(contract, versions)
    usual = in_force or (versions[-1] if versions else None)
    shown = version_named(request.GET.get("version", ""), versions) or usual
    return {
        "contract": contract,
        "versions": versions,
        "in_force": in_force,
        "shown": shown,
        "terms": rules_of(shown).terms if shown else None,
        "sees_cost": sees_cost(desks),
        "for_vendor": is_vendor(desks),
        "writes_drafts": any(writes_drafts(m, contract) for m in desks),
        "tries_drafts": any(m.role in TRY_DRAFTS for m in desks),
        "query": f"?version={shown.number}" if shown and shown is not usual else "",
    }


def versions_for(contract: Contract, desks: list[Membership]) -> QuerySet[ContractVersion]:
    """Return the versions that these desks may read: a draft is the vendor's own paper."""
    versions = contract.versions.all()
    return versions if is_vendor(desks) else versions.exclude(activated_at=None)


def is_vendor(desks: list[Membership]) -> bool:
    return any(m.is_vendor for m in desks)


def version_named(number: str, versions: list[ContractVersion]) -> ContractVersion | None:
    return next((version for version in versions if str(version.number) == number), None)


def current(contract: Contract, versions: list[ContractVersion]) -> ContractVersion | None:
    today = contract.local_date(timezone.now())
    rows = [v for v in versions if v.activated_at and v.effective_on <= today]
    return max(rows, key=lambda version: version.effective_on, default=None)


def sees_cost(desks: list[Membership]) -> bool:
    """Return whether these desks see money: a client's requester does not."""
    return any(m.role in SEE_COST for m in desks)

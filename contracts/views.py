"""The contracts of the clients on screen, and what one of them says."""

from collections.abc import Iterable
from datetime import date

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from tenants import roles
from tenants.models import Membership

A_PAGE = 50
SEE_COST = roles.VENDOR | {roles.Role.SERVICE_OWNER}


@require_GET
def contract_list(request: HttpRequest) -> HttpResponse:
    rows = Contract.objects.select_related("tenant").order_by("tenant__name", "number", "pk")
    page = Paginator(rows, per_page=A_PAGE).get_page(request.GET.get("page"))
    today = timezone.localdate()
    versions = {v.contract_id: v for v in versions_in_force(page.object_list, today)}
    for contract in page.object_list:
        contract.now = versions.get(contract.pk)
    many = len({m.tenant_id for m in request.memberships}) > 1
    context = {"page": page, "contracts": page.object_list, "many_clients": many, "query": ""}
    return render(request, "contracts/contract_list.html", context)


def versions_in_force(contracts: Iterable[Contract], today: date) -> Iterable[ContractVersion]:
    """Return the version in force of each contract, in one query."""
    rows = ContractVersion.objects.filter(contract__in=[c.pk for c in contracts])
    rows = rows.exclude(activated_at=None).filter(effective_on__lte=today).defer("terms")
    return rows.order_by("contract_id", "-effective_on").distinct("contract_id")


@require_GET
def contract_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the version in force, or the one that `?version=` names."""
    contract = get_object_or_404(Contract.objects.select_related("tenant"), public_id=public_id)
    versions = list(contract.versions.select_related("activated_by__user"))
    in_force = current(contract, versions)
    shown = in_force or (versions[-1] if versions else None)
    if asked := request.GET.get("version", ""):
        shown = next((v for v in versions if str(v.number) == asked), shown)
    desks = [m for m in request.memberships if m.tenant_id == contract.tenant_id]
    rules = rules_of(shown) if shown else None
    context = {
        "contract": contract,
        "versions": versions,
        "in_force": in_force,
        "shown": shown,
        "terms": rules.terms if rules else None,
        "periods": list(contract.periods.order_by("-month")[:12]),
        "sees_cost": sees_cost(desks),
    }
    return render(request, "contracts/contract_page.html", context)


def current(contract: Contract, versions: list[ContractVersion]) -> ContractVersion | None:
    today = contract.local_date(timezone.now())
    rows = [v for v in versions if v.activated_at and v.effective_on <= today]
    return max(rows, key=lambda version: version.effective_on, default=None)


def sees_cost(desks: list[Membership]) -> bool:
    """Return whether these desks see money: a client's requester does not."""
    return any(m.role in SEE_COST for m in desks)

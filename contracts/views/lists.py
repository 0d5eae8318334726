"""The contracts of the clients on screen."""

from collections.abc import Iterable
from datetime import date

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contracts.models import Contract, ContractVersion
from tenants.exports import Column, export, format_asked

A_PAGE = 50


@require_GET
def contract_list(request: HttpRequest) -> HttpResponse:
    rows = Contract.objects.select_related("tenant").order_by("tenant__name", "number", "pk")
    if kind := format_asked(request):
        return export(kind, "contracts", columns(), rows, title=_("Contracts"))
    page = Paginator(rows, per_page=A_PAGE).get_page(request.GET.get("page"))
    today = timezone.localdate()
    versions = {v.contract_id: v for v in versions_in_force(page.object_list, today)}
    for contract in page.object_list:
        contract.now = versions.get(contract.pk)
    many = len({m.tenant_id for m in request.memberships}) > 1
    context = {"page": page, "contracts": page.object_list, "many_clients": many, "query": ""}
    return render(request, "contracts/contract_list.html", context)


def columns() -> list[Column]:
    return [
        Column(_("Contract"), lambda c: c.number),
        Column(_("Title"), lambda c: c.title, 50),
        Column(_("Client"), lambda c: c.tenant.name, 24),
        Column(_("Status"), lambda c: c.get_status_display()),
        Column(_("Starts"), lambda c: c.starts_on, 12),
        Column(_("First day without it"), lambda c: c.ends_on, 12),
        Column(_("Time zone"), lambda c: c.timezone, 24),
    ]


def versions_in_force(contracts: Iterable[Contract], today: date) -> QuerySet[ContractVersion]:
    """Return the version in force of each contract, in one query."""
    rows = ContractVersion.objects.filter(contract__in=[c.pk for c in contracts])
    rows = rows.exclude(activated_at=None).filter(effective_on__lte=today).defer("terms")
    return rows.order_by("contract_id", "-effective_on").distinct("contract_id")

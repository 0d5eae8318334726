"""What a contract says: scope, targets, cost, and who answers for what."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contracts.views.shown import shown_contract


@require_GET
def contract_page(request: HttpRequest, public_id: str) -> HttpResponse:
    context = shown_contract(request, public_id)
    context["periods"] = list(context["contract"].periods.order_by("-month")[:12])
    return render(request, "contracts/contract_page.html", context)

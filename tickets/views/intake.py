"""A new request, by a client or by a vendor person on their behalf."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from tenants.errors import Invalid
from tickets import services
from tickets.forms import NewRequestForm
from tickets.models import Ticket
from tickets.views.desk import ticket_or_404
from tickets.views.steps import SHOWN_AS


@require_http_methods(["GET", "POST"])
def new_request(request: HttpRequest) -> HttpResponse:
    """Ask which contract first where there are several, then show its own questions."""
    contracts = list(Contract.objects.active().select_related("tenant"))
    before = followed(request)
    chosen = request.GET.get("contract") or request.POST.get("contract")
    if before and not chosen:
        chosen = before.contract.public_id
    if not chosen and len(contracts) != 1:
        return render(request, "tickets/choose_contract.html", {"contracts": contracts})
    contract = (
        next((c for c in contracts if c.public_id == chosen), None) if chosen else contracts[0]
    )
    if contract is None:
        raise Http404
    return ask(request, contract, before, several=len(contracts) > 1)


def followed(request: HttpRequest) -> Ticket | None:
    """Return the ticket that a new one follows, because it can be reopened no more."""
    key = request.GET.get("follows") or request.POST.get("follows")
    return ticket_or_404(request, key) if key else None


def prefilled(before: Ticket | None) -> dict[str, object]:
    """Return what the ticket before said, as the new one's first words."""
    if before is None:
        return {}
    plain = ("type", "title", "description", "impact", "urgency")
    return {
        **{name: getattr(before, name) for name in plain},
        "place": f"{before.system}/{before.environment}",
        "requester": before.requester.public_id,
    }


def ask(
    request: HttpRequest, contract: Contract, before: Ticket | None, *, several: bool
) -> HttpResponse:
    now = timezone.now()
    rows = ContractVersion.objects.filter(contract=contract)
    version = rows.in_force(contract.local_date(now)).first()
    actor = next((m for m in request.memberships if m.tenant_id == contract.tenant_id), None)
    if version is None or actor is None:
        raise Http404
    form = NewRequestForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        initial=prefilled(before),
        contract=contract,
        terms=rules_of(version).terms,
        actor=actor,
    )
    if form.is_bound and form.is_valid():
        received_at = form.cleaned_data.get("received_at") or now
        try:
            ticket = services.open_ticket(
                contract=contract,
                actor=actor,
                received_at=received_at,
                now=now,
                follows=before,
                **form.command(),
            )
        except Invalid as error:
            name = SHOWN_AS.get(error.field, error.field)
            form.add_error(name if name in form.fields else None, str(error.message))
        else:
            messages.success(request, _("%s is open, and its clocks run.") % ticket.key)
            return redirect("tickets:page", key=ticket.key)
    context = {"form": form, "contract": contract, "several": several, "before": before}
    status = 422 if form.is_bound else 200
    return render(request, "tickets/new_request.html", context, status=status)

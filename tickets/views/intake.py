"""A new request, by a client or by a vendor person on their behalf."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from contracts.views.shown import sees_cost
from tenants.asked import id_in
from tenants.errors import Invalid
from tenants.models import Membership
from tickets import services
from tickets.models import Ticket
from tickets.request_forms import NewRequestForm
from tickets.views.desk import ticket_or_404
from tickets.views.live_verdict import Live, changed_meanwhile, is_another_one, live
from tickets.views.steps import SHOWN_AS

LOOK = "look"  # the button that only asks what the contract says, where no script runs


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for work, under which contract, and after which ticket."""

    contract: Contract
    version: ContractVersion
    actor: Membership
    before: Ticket | None
    several: bool

    def form(self, request: HttpRequest) -> NewRequestForm:
        """Return the form with what was sent, else with what the ticket before said."""
        is_sent = request.method == "POST"
        return NewRequestForm(
            request.POST if is_sent else None,
            request.FILES if is_sent else None,
            initial=prefilled(self.before),
            contract=self.contract,
            terms=rules_of(self.version).terms,
            actor=self.actor,
        )

    def live(self, form: NewRequestForm, now: datetime) -> Live:
        return live(form, self.contract, self.version, self.actor, now)


@require_http_methods(["GET", "POST"])
def new_request(request: HttpRequest) -> HttpResponse:
    """Ask which contract first where there are several, then show its own questions."""
    now = timezone.now()
    asking = asking_of(request, now)
    if not isinstance(asking, Asking):
        return render(request, "tickets/choose_contract.html", {"contracts": asking})
    form = asking.form(request)
    is_complete, verdict = form.read(), asking.live(form, now)
    if request.POST.get("then") == LOOK:
        form.forget_errors()
    elif is_complete and is_another_one(request.POST.get("seen", ""), verdict):
        form.add_error(None, changed_meanwhile())
    elif is_complete and (ticket := send(form, verdict, asking, now)):
        messages.success(request, _("%s is open, and its clocks run.") % ticket.key)
        url = reverse("tickets:page", args=[ticket.key])
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
    context = {"asking": asking, **shown(request, form, verdict, asking)}
    return render(request, "tickets/new_request.html", context, status=422 if form.errors else 200)


@require_POST
def live_verdict(request: HttpRequest) -> HttpResponse:
    """Return what is asked next and the verdict so far; it writes nothing."""
    now = timezone.now()
    asking = asking_of(request, now)
    if not isinstance(asking, Asking):
        raise Http404
    form = asking.form(request)
    form.read()
    verdict = asking.live(form, now)
    form.forget_errors(but=form.asked)
    return render(request, "tickets/_live.html", shown(request, form, verdict, asking))


def asking_of(request: HttpRequest, now: datetime) -> Asking | list[Contract]:
    """Return who asks for what, or the contracts to choose from where it is not said which."""
    contracts = list(Contract.objects.active().select_related("tenant"))
    before = followed(request)
    chosen = id_in(request.GET, "contract") or id_in(request.POST, "contract")
    if before and not chosen:
        chosen = before.contract.public_id
    if not chosen and len(contracts) != 1:
        return contracts
    found = (c for c in contracts if c.public_id == chosen or not chosen)
    if (contract := next(found, None)) is None:
        raise Http404
    rows = ContractVersion.objects.filter(contract=contract)
    version = rows.in_force(contract.local_date(now)).first()
    actor = next((m for m in request.memberships if m.tenant_id == contract.tenant_id), None)
    if version is None or actor is None:
        raise Http404
    return Asking(contract, version, actor, before, several=len(contracts) > 1)


def followed(request: HttpRequest) -> Ticket | None:
    """Return the ticket that a new one follows, because it can be reopened no more."""
    key = id_in(request.GET, "follows") or id_in(request.POST, "follows")
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


def send(form: NewRequestForm, verdict: Live, asking: Asking, now: datetime) -> Ticket | None:
    """Open the ticket, and its dispute where that was asked for; None where the form says why not."""
    told: dict[str, Any] = {"contract": asking.contract, "actor": asking.actor, "now": now}
    told |= {"received_at": form.cleaned_data.get("received_at") or now, "follows": asking.before}
    told |= form.command() | {"facts": verdict.found.facts if verdict.found else None}
    try:
        if form.disputes:
            return services.open_disputed_ticket(reason=form.cleaned_data["reason"], **told)
        return services.open_ticket(**told)
    except Invalid as error:
        name = SHOWN_AS.get(error.field, error.field)
        form.add_error(name if name in form.fields else None, str(error.message))
        return None


def shown(
    request: HttpRequest, form: NewRequestForm, verdict: Live, asking: Asking
) -> dict[str, Any]:
    desks = [m for m in request.memberships if m.tenant_id == asking.contract.tenant_id]
    return {"form": form, "live": verdict, "sees_cost": sees_cost(desks)}

"""Hours beyond a pool that asks: what waits for the client, and the page on which it agrees."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from contracts.models import Contract
from contracts.views.shown import SEE_COST
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.exports import export, format_asked
from tenants.models import Membership
from tenants.roles import Role
from tickets import services
from tickets.services.overage import AGREE, MOST_HOURS, MOST_REFERENCE, Beyond, beyond_pools
from tickets.services.overage import price_of as at_most
from tickets.views import kept_columns


class MinutesForm(forms.Form):
    """How many minutes to agree to; what they cost at most is shown before anybody does."""

    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), min_value=1, max_value=MOST_HOURS * 60
    )


class AgreeForm(MinutesForm):
    pool = forms.CharField(max_length=40, widget=forms.HiddenInput)
    month = forms.DateField(input_formats=["%Y-%m"], widget=forms.HiddenInput)
    minutes = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    at_most = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    reference = forms.CharField(
        label=gettext_lazy("The client's order"), max_length=MOST_REFERENCE, required=False
    )


def desks_with_cost(request: HttpRequest) -> list[Membership]:
    return [m for m in request.memberships if m.role in SEE_COST]


def contracts_of(request: HttpRequest) -> QuerySet[Contract]:
    """Return the contracts whose costs this person sees."""
    clients = {m.tenant_id for m in desks_with_cost(request)}
    return Contract.objects.filter(tenant__in=clients).select_related("tenant")


@require_GET
def overage_list(request: HttpRequest) -> HttpResponse:
    if not desks_with_cost(request):
        raise NotPermitted(_("A service owner agrees to hours beyond a pool."))
    waiting = beyond_pools(contracts_of(request))
    if kind := format_asked(request):
        shown = kept_columns.of_overage()
        return export(kind, "overage", shown, waiting, title=_("Hours beyond the pools"))
    agrees = {m.tenant_id for m in request.memberships if m.role in AGREE}
    context = {"waiting": waiting, "agrees": agrees}
    return render(request, "tickets/overage_list.html", context)


def named(found: list[Beyond], pool: str, month: str) -> Beyond | None:
    """Return what waits in that pool and month; the first where none is named, None where none is."""
    wanted = (each for each in found if (each.pool, each.month) == (pool, month))
    return next(wanted, found[0] if found and not pool else None)


@require_http_methods(["GET", "POST"])
def agree(request: HttpRequest, contract: str) -> HttpResponse:
    """:raises NotPermitted: unless this person speaks for the client, or records its order."""
    agreed = get_object_or_404(contracts_of(request), public_id=contract)
    desks = [m for m in request.memberships if m.tenant_id == agreed.tenant_id]
    actor = next((m for m in desks if m.role in AGREE), None)
    if actor is None:
        raise NotPermitted(_("A service owner agrees to hours beyond a pool."))
    form = AgreeForm(request.POST) if request.method == "POST" else None
    told = form.data if form is not None else request.GET
    beyond = named(beyond_pools([agreed]), told.get("pool", ""), told.get("month", ""))
    if form is not None and form.is_valid():
        try:
            services.agree_overage(
                contract=agreed, actor=actor, now=timezone.now(), **form.cleaned_data
            )
        except (Invalid, Refused, NotPermitted) as error:
            field = getattr(error, "field", None)
            form.add_error(field if field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("Agreed. What waited draws on the pool now."))
            return redirect("tickets:overage")
    context = {"contract": agreed, "beyond": beyond, "records": actor.role == Role.ACCOUNT_MANAGER}
    if beyond is not None:
        context |= offered(request, beyond, form)
    return render(request, "tickets/overage_page.html", context, status=422 if form else 200)


def offered(request: HttpRequest, beyond: Beyond, form: AgreeForm | None) -> dict[str, Any]:
    """Return the minutes on the table with their price; another number is asked for with GET."""
    asked = MinutesForm(request.GET if "minutes" in request.GET else None)
    minutes = beyond.needed
    if form is not None and form.is_bound and "minutes" in form.cleaned_data:
        minutes = form.cleaned_data["minutes"]
    elif asked.is_bound and asked.is_valid():
        minutes = asked.cleaned_data["minutes"]
    price = at_most(beyond.period, beyond.pool, minutes)
    offer = {
        "minutes": minutes, "at_most": price, "pool": beyond.pool, "month": beyond.month
    }  # fmt: skip
    if form is None:
        form = AgreeForm(initial=offer)
    else:
        form.data = {**form.data.dict(), "at_most": str(price)}
    return {
        "asked": asked if asked.errors else MinutesForm(initial={"minutes": minutes}),
        "form": form,
        "minutes": minutes,
        "at_most": price,
    }

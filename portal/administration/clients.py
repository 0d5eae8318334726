"""Clients: the list, a new one, and one client's settings."""

from collections import Counter

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.administration.desk import for_managers, managed, seat_at
from portal.administration.forms import ClientForm, InviteForm, NewClientForm
from tenants.errors import Invalid
from tenants.exports import Column, export, format_asked
from tenants.fresh import fresh_sign_in
from tenants.models import Invitation, Membership, Tenant
from tenants.services import members

A_PAGE = 50


@require_GET
@for_managers
def client_list(request: HttpRequest) -> HttpResponse:
    clients = {seat.tenant_id: seat.tenant for seat in managed(request)}
    people = Membership.objects.active().filter(tenant__in=clients)
    counts = Counter(people.values_list("tenant_id", flat=True))
    rows = sorted(clients.values(), key=lambda tenant: tenant.code)
    context = {"clients": [(tenant, counts[tenant.pk]) for tenant in rows]}
    return render(request, "administration/client_list.html", context)


@require_http_methods(["GET", "POST"])
@for_managers
@fresh_sign_in
def new_client(request: HttpRequest) -> HttpResponse:
    form = NewClientForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            tenant = members.found_client(
                founder=request.user, now=timezone.now(), **form.cleaned_data
            )
        except Invalid as wrong:
            form.add_error(wrong.field, str(wrong.message))
        else:
            messages.success(request, _("The client is there, and you are its account manager."))
            request.session.pop("one_tenant", None)  # else the new one would not be on screen
            return redirect("administration:client", tenant.code)
    status = 422 if form.errors else 200
    return render(request, "administration/new_client.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@fresh_sign_in
def client(request: HttpRequest, code: str) -> HttpResponse:
    """Show a client with its people, and change its settings."""
    seat = seat_at(request, code)
    if request.method == "GET" and (kind := format_asked(request)):
        return export(kind, f"people {code}", columns(), seats_of(seat.tenant), title=_("People"))
    form = ClientForm(request.POST if request.method == "POST" else None, initial=settings_of(seat))
    if form.is_bound and form.is_valid():
        members.change_client(
            tenant=seat.tenant, actor=seat, now=timezone.now(), **form.cleaned_data
        )
        messages.success(request, _("The client's settings are saved."))
        return redirect("administration:client", code)
    return client_page(request, seat, form=form)


def settings_of(seat: Membership) -> dict[str, object]:
    return {name: getattr(seat.tenant, name) for name in members.SETTINGS}


def seats_of(tenant: Tenant) -> list[Membership]:
    """Return a client's people and its team, those who left at the end."""
    rows = Membership.objects.filter(tenant=tenant).select_related("user")
    return sorted(
        rows, key=lambda m: (not m.is_active, m.is_vendor, m.role, m.duty_order, m.user.name)
    )


def columns() -> list[Column]:
    return [
        Column(_("Name"), lambda m: m.user.name, 30),
        Column(_("E-mail"), lambda m: m.user.email, 40),
        Column(_("Role"), lambda m: m.get_role_display(), 24),
        Column(_("Active"), lambda m: _("Yes") if m.is_active and m.user.is_active else _("No"), 8),
    ]


def client_page(request: HttpRequest, seat: Membership, *, form=None, invite=None) -> HttpResponse:
    waiting = Invitation.objects.filter(tenant=seat.tenant, accepted_at=None, withdrawn_at=None)
    context = {
        "tenant": seat.tenant,
        "form": form or ClientForm(initial=settings_of(seat)),
        "invite": invite
        or InviteForm(auto_id="id_invite_%s", initial={"language": get_language()}),
        "members": Paginator(seats_of(seat.tenant), A_PAGE).get_page(request.GET.get("page")),
        "invitations": list(waiting.order_by("-invited_at")),
        "now": timezone.now(),
    }
    wrong = context["form"].errors or context["invite"].errors
    return render(request, "administration/client.html", context, status=422 if wrong else 200)

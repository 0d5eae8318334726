"""What maintenance delivered: a calendar and a list for each client, one page a release."""

from datetime import date, datetime
from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from contracts.domain.months import bounds_of, first_of_month, next_month, previous_month
from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from contracts.system_names import system_names
from tenants.asked import id_in
from tenants.errors import Invalid, NotPermitted
from tenants.exports import export, format_asked
from tickets import services
from tickets.delivery_forms import NewReleaseForm
from tickets.domain.calendar import weeks_of
from tickets.domain.lifecycle import AGENTS
from tickets.models import Release
from tickets.models.choices import TicketType
from tickets.models.release import WATCHED
from tickets.views import columns
from tickets.views.desk import tickets_of

A_PAGE = 50


@require_GET
def release_list(request: HttpRequest) -> HttpResponse:
    """The releases of all clients on screen: the chosen month's calendar, then all, newest first."""
    zone = timezone.get_current_timezone()
    month = month_asked(request) or first_of_month(timezone.localdate())
    starts_at, ends_at = bounds_of(month, zone)
    rows = Release.objects.for_list()
    if contract := id_in(request.GET, "contract"):
        rows = rows.filter(contract__public_id=contract)
    if kind := format_asked(request):
        return export(kind, "releases", columns.of_release(), rows, title=_("Releases"))
    shown = list(rows.filter(released_at__gte=starts_at, released_at__lt=ends_at))
    page = Paginator(rows, per_page=A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "systems": system_names(page.object_list, shown),
        "month": month,
        "before": previous_month(month),
        "after": next_month(month),
        "weeks": weeks_of(month, shown, lambda row: timezone.localdate(row.released_at)),
        "contracts": recordable(request),
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
        "watched_days": WATCHED.days,
        "contract": contract,
        "query": f"contract={quote(contract)}&" if contract else "",
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/release_list.html", context)


@require_GET
def release_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One release, the tickets it fixes and the incidents after it; another client's is 404."""
    release = get_object_or_404(Release.objects.for_list(), public_id=public_id)
    incidents = tickets_of(request).filter(
        contract=release.contract_id,
        system=release.system,
        type=TicketType.INCIDENT,
        received_at__gte=release.released_at,
        received_at__lt=release.released_at + WATCHED,
    )
    fixed = tickets_of(request).filter(deliveries__release=release).distinct()
    context = {
        "release": release,
        "fixed": fixed.order_by("number"),
        "incidents": incidents.order_by("number"),
        "watched_days": WATCHED.days,
        "system": system_of(release),
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/release_page.html", context)


@require_http_methods(["GET", "POST"])
def new_release(request: HttpRequest, contract: str) -> HttpResponse:
    """
    Record a release of a contract's system.

    :raises NotPermitted: to a client.
    """
    found = get_object_or_404(Contract.objects.select_related("tenant"), public_id=contract)
    desks = [m for m in request.memberships if m.tenant_id == found.tenant_id]
    actor = next((m for m in desks if m.role in AGENTS), None)
    if actor is None:
        raise NotPermitted(_("Only the vendor's team of this client records a release."))
    form = NewReleaseForm(
        request.POST if request.method == "POST" else None,
        contract=found,
        terms=terms_now(found),
        tickets=tickets_of(request),
    )
    if form.is_bound and form.is_valid():
        try:
            release = services.record_release(
                contract=found, actor=actor, now=timezone.now(), **form.cleaned_data
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("The release is recorded."))
            return redirect("tickets:release", public_id=release.public_id)
    context = {"form": form, "contract": found, "section_url": reverse("tickets:list")}
    return render(
        request, "tickets/new_release.html", context, status=422 if form.is_bound else 200
    )


def month_asked(request: HttpRequest) -> date | None:
    """Return the month of `?month=2026-10`; None for anything else."""
    try:
        return datetime.strptime(request.GET.get("month", ""), "%Y-%m").date()  # noqa: DTZ007 - a month
    except ValueError:
        return None


def recordable(request: HttpRequest) -> list[Contract]:
    """Return the active contracts for which this person may record a release."""
    tenants = {m.tenant_id for m in request.memberships if m.role in AGENTS}
    rows = Contract.objects.active().filter(tenant_id__in=tenants)
    return list(rows.select_related("tenant").order_by("tenant__name", "number"))


def terms_now(contract: Contract):
    rows = ContractVersion.objects.filter(contract=contract)
    version = rows.in_force(contract.local_date(timezone.now())).first()
    if version is None:
        raise Http404
    return rules_of(version).terms


def system_of(release: Release):
    """Return the system as the version in force at the release names it."""
    rows = ContractVersion.objects.filter(contract=release.contract_id)
    version = rows.in_force(release.contract.local_date(release.released_at)).first()
    return rules_of(version).terms.system(release.system) if version else None

"""What has no list of its own yet: the estimates of all clients, and the time worked of a month."""

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contracts.domain.months import first_of_month
from contracts.models import Contract
from contracts.views.shown import sees_cost
from tenants.errors import NotPermitted
from tenants.exports import export, format_asked
from tickets.models import Correction, Estimate, TimeEntry
from tickets.models.choices import EstimateStatus
from tickets.views import columns
from tickets.views.desk import tickets_of
from tickets.views.estimate_face import shown_revision
from tickets.views.releases import month_asked

A_PAGE = 50


def estimates_of(request: HttpRequest) -> QuerySet[Estimate]:
    """Return the estimates that this person may see: of a client's desk, what was sent to it."""
    desks = [m for m in request.memberships if sees_cost([m])]
    vendor_at = {m.tenant_id for m in desks if m.is_vendor}
    owner_at = {m.tenant_id for m in desks} - vendor_at
    sent = Estimate.objects.shown_to_client().filter(tenant_id__in=owner_at)
    rows = Estimate.objects.for_lists().filter(ticket__in=tickets_of(request))
    rows = rows.filter(Q(tenant_id__in=vendor_at) | Q(pk__in=sent.values("pk")))
    return rows.exclude(revision=None).order_by("-drafted_at", "-pk")


@require_GET
def estimate_list(request: HttpRequest) -> HttpResponse:
    """
    The estimates of all clients on screen, the newest first; `?status=`, `?format=` for a file.

    :raises NotPermitted: to a requester.
    """
    if not sees_cost(request.memberships):
        raise NotPermitted(_("Estimates are for the service owner and the vendor's desks."))
    rows, status = estimates_of(request), request.GET.get("status", "")
    if status in EstimateStatus.values:
        rows = rows.filter(status=status)
    if kind := format_asked(request):
        shown = columns.of_estimate(request.memberships)
        return export(kind, "estimates", shown, rows, title=_("Estimates"))
    page = Paginator(rows, per_page=A_PAGE).get_page(request.GET.get("page"))
    vendor_at = {m.tenant_id for m in request.memberships if m.is_vendor}
    context = {
        "page": page,
        "rows": [
            (one, *shown_revision(one, for_vendor=one.tenant_id in vendor_at))
            for one in page.object_list
        ],
        "statuses": EstimateStatus.choices if vendor_at else [],
        "status": status,
        "query": f"status={status}&" if status in EstimateStatus.values else "",
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/estimate_list.html", context)


@require_GET
def time_of_month(request: HttpRequest, contract: str) -> HttpResponse:
    """
    The time that counts in a month of a contract, as a file; `?month=2026-10`, `?format=`.

    :raises NotPermitted: to a requester.
    """
    found = get_object_or_404(Contract, public_id=contract)
    if not sees_cost([m for m in request.memberships if m.tenant_id == found.tenant_id]):
        raise NotPermitted(_("Time worked is for the service owner and the vendor's desks."))
    month = month_asked(request) or first_of_month(found.local_date(timezone.now()))
    wrong = Correction.objects.filter(entry=OuterRef("pk"))
    rows = TimeEntry.objects.filter(contract=found, period__month=month)
    rows = rows.annotate(wrong=Exists(wrong)).select_related(
        "contract", "ticket", "person__user", "adjusts"
    )
    return export(
        format_asked(request) or "csv",
        f"time {found.number} {month:%Y-%m}",
        columns.of_entry(),
        rows.order_by("starts_at", "pk"),
        title=_("Time entries"),
        zone=found.zone,
    )

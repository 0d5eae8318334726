"""The list of tickets: filtered, the soonest deadline first, 25 a page; or all, as a file."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from contracts.views.shown import sees_cost
from tenants.exports import export, format_asked
from tickets.domain.lifecycle import LEADS
from tickets.filters import TicketFilter
from tickets.views import columns
from tickets.views.desk import tickets_of
from tickets.views.rows import rows_of

A_PAGE = 25


@require_GET
@vary_on_headers("HX-Request")
def ticket_list(request: HttpRequest) -> HttpResponse:
    rows = tickets_of(request).by_deadline()
    filterset = TicketFilter(request.GET, queryset=rows, request=request)
    if kind := format_asked(request):
        found = filterset.qs.for_worklist().select_related("stage__decision", "requester__user")
        return export(kind, "tickets", columns.of_ticket(), found, title=_("Tickets"))
    page = Paginator(filterset.qs, per_page=A_PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    many = len({m.tenant_id for m in request.memberships}) > 1
    if not many:
        filterset.form.fields.pop("client")
    context = {
        "filterset": filterset,
        "page": page,
        "tickets": rows_of(page.object_list),
        "now": timezone.now(),
        "many_clients": many,
        "may_import": any(m.role in LEADS for m in request.memberships),
        "sees_cost": sees_cost(request.memberships),
        "is_filtered": any(asked.values()),
        "query": f"{asked.urlencode()}&" if asked else "",
    }
    template = "tickets/_ticket_list.html" if request.htmx else "tickets/ticket_list.html"
    return render(request, template, context)

"""The list of tickets: filtered, the soonest deadline first, 25 a page; or all, as a file."""

from django.core.paginator import Page, Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from contracts.views.shown import sees_cost
from tenants.exports import export, format_asked
from tenants.prepared import LISTS, counted
from tickets.domain.lifecycle import LEADS
from tickets.filters import TicketFilter
from tickets.models import Ticket
from tickets.views import columns
from tickets.views.desk import tickets_of
from tickets.views.rows import kept_rows, words_of

A_PAGE = 25


class Pages(Paginator):
    """The pages of a list that is asked for in these words; their SQL is kept (`prepared.Lists`)."""

    def __init__(self, filterset: TicketFilter, words: str | None) -> None:
        super().__init__(Ticket.objects.none(), A_PAGE)
        self.filterset, self.words = filterset, words

    @cached_property
    def count(self) -> int:
        words = None if self.words is None else ("count", self.words)
        ((count,),) = LISTS.all(words, lambda: counted(self.filterset.qs, n=Count("pk")))
        return count

    def page(self, number: int | str) -> Page:
        number = self.validate_number(number)
        words = None if self.words is None else (self.words, number)
        end = number * A_PAGE
        rows = kept_rows(words, lambda: self.filterset.qs[end - A_PAGE : end])
        return self._get_page(rows, number, self)


@require_GET
@vary_on_headers("HX-Request")
def ticket_list(request: HttpRequest) -> HttpResponse:
    rows = tickets_of(request).by_deadline()
    filterset = TicketFilter(request.GET, queryset=rows, request=request)
    if kind := format_asked(request):
        found = filterset.qs.for_worklist().select_related("stage__decision", "requester__user")
        return export(kind, "tickets", columns.of_ticket(), found, title=_("Tickets"))
    page = Pages(filterset, words_of(request)).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    many = len({m.tenant_id for m in request.memberships}) > 1
    if not many:
        filterset.form.fields.pop("client")
    context = {
        "filterset": filterset,
        "page": page,
        "tickets": page.object_list,
        "now": timezone.now(),
        "many_clients": many,
        "may_import": any(m.role in LEADS for m in request.memberships),
        "sees_cost": sees_cost(request.memberships),
        "is_filtered": any(asked.values()),
        "query": f"{asked.urlencode()}&" if asked else "",
    }
    template = "tickets/_ticket_list.html" if request.htmx else "tickets/ticket_list.html"
    return render(request, template, context)

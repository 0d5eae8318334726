"""The FAQ of the service desk: found while one types, answering tickets, and counted."""

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from contracts.models import Contract
from contracts.system_names import system_names
from tenants.asked import id_in
from tenants.errors import Invalid, NotPermitted
from tenants.exports import export, format_asked
from tenants.models import Membership
from tickets import services
from tickets.domain.lifecycle import AGENTS
from tickets.faq_forms import FaqForm
from tickets.models import FaqEntry, Ticket
from tickets.models.faq import FaqStatus
from tickets.services.faq import Hit, asked_alike, saved_since, search_faq
from tickets.views import kept_columns
from tickets.views.desk import desks_at, ticket_or_404, tickets_of
from tickets.views.steps import to_ticket

A_PAGE = 50
AT_ONCE = 500  # entries of a file
SUGGESTED = 3
COUNTED = timedelta(days=30)
LEAST_TYPED = 2  # characters


def clients_of(request: HttpRequest, *, writes: bool = False) -> set[int]:
    return {m.tenant_id for m in request.memberships if not writes or m.role in AGENTS}


def entries_of(request: HttpRequest):
    """Return the entries this person may read: what is not published is the vendor's own."""
    rows = FaqEntry.objects.for_list()
    return (rows.filter(tenant__in=clients_of(request, writes=True)) | rows.published()).distinct()


def entry_or_404(request: HttpRequest, public_id: str) -> FaqEntry:
    return get_object_or_404(entries_of(request), public_id=public_id)


def agent_for(request: HttpRequest, entry: FaqEntry) -> Membership:
    mine = (m for m in request.memberships if m.tenant_id == entry.tenant_id)
    if (actor := next((m for m in mine if m.role in AGENTS), None)) is None:
        raise NotPermitted(_("Only the vendor's team of this client writes its FAQ."))
    return actor


def searched(request: HttpRequest, query: str, tenants: set[int], most: int) -> list[Hit]:
    return search_faq(query, tenants=tenants, languages=[get_language() or "en"], most=most)


@require_GET
def faq_list(request: HttpRequest) -> HttpResponse:
    """The entries of all clients on screen, or those that hold most of the words looked for."""
    if kind := format_asked(request):
        rows = kept_columns.texts_of(entries_of(request).iterator(chunk_size=AT_ONCE))
        return export(kind, "faq", kept_columns.of_faq(), rows, title=_("FAQ"))
    query = request.GET.get("q", "").strip()[:200]
    hits = searched(request, query, clients_of(request), A_PAGE) if query else []
    writes = {m.tenant.code: m.tenant for m in request.memberships if m.role in AGENTS}
    context = {
        "q": query,
        "hits": hits,
        "page": None if query else page_of(request),
        "language": get_language() or "en",
        "writable": sorted(writes.values(), key=lambda tenant: tenant.name),
        "many_clients": len(clients_of(request)) > 1,
        "saved": saved_since(clients_of(request), timezone.now() - COUNTED),
        "days": COUNTED.days,
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/faq_list.html", context)


def page_of(request: HttpRequest):
    page = Paginator(entries_of(request), per_page=A_PAGE).get_page(request.GET.get("page"))
    for entry in page.object_list:
        entry.shown = entry.text_in(get_language() or "en", entry.tenant.language)
    return page


@require_GET
def faq_suggest(request: HttpRequest) -> HttpResponse:
    """What answers a request while its title is being typed; a fragment of the form."""
    contract = get_object_or_404(Contract, public_id=id_in(request.GET, "contract"))
    title = request.GET.get("title", "").strip()[:200]
    hits = (
        searched(request, title, {contract.tenant_id}, SUGGESTED)
        if len(title) >= LEAST_TYPED
        else []
    )
    may_say = any(not m.is_vendor for m in request.memberships if m.tenant_id == contract.tenant_id)
    return render(request, "tickets/_faq_hits.html", {"hits": hits, "may_say": may_say})


@require_GET
def faq_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One entry in all its languages; the vendor's people see what it answered and could answer."""
    entry = entry_or_404(request, public_id)
    desks = [m for m in request.memberships if m.tenant_id == entry.tenant_id]
    writes = any(m.role in AGENTS for m in desks)
    answered = tickets_of(request).filter(faq_uses__entry=entry).order_by("-received_at")
    context = {
        "entry": entry,
        "systems": system_names([entry]),
        "shown": entry.text_in(get_language() or "en", entry.tenant.language),
        "writes": writes,
        "may_say": any(not m.is_vendor for m in desks) and entry.status == FaqStatus.PUBLISHED,
        "tickets": list(answered[:A_PAGE]) if writes else [],
        "alike": asked_alike(entry) if writes and entry.status == FaqStatus.PUBLISHED else [],
        "statuses": [s for s in FaqStatus if s != entry.status],
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/faq_page.html", context)


@require_http_methods(["GET", "POST"])
def new_faq(request: HttpRequest, code: str) -> HttpResponse:
    """Write an entry for a client; without a desk of its vendor's team it is 404."""
    mine = (m for m in request.memberships if m.tenant.code == code and m.role in AGENTS)
    if (actor := next(mine, None)) is None:
        raise Http404
    return write(request, actor, None)


@require_http_methods(["GET", "POST"])
def edit_faq(request: HttpRequest, public_id: str) -> HttpResponse:
    entry = entry_or_404(request, public_id)
    return write(request, agent_for(request, entry), entry)


def write(request: HttpRequest, actor: Membership, entry: FaqEntry | None) -> HttpResponse:
    initial = {f"title_{actor.tenant.language}": request.GET.get("title", "")[:200]}
    form = FaqForm(request.POST or None, entry=entry, initial=initial if entry is None else None)
    if form.is_bound and form.is_valid():
        try:
            saved = services.save_faq(
                actor=actor, entry=entry, now=timezone.now(), **form.command()
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("The entry is saved."))
            return redirect("tickets:faq_entry", saved.public_id)
    context = {
        "form": form, "entry": entry, "tenant": actor.tenant, "section_url": reverse("tickets:list"),
    }  # fmt: skip
    return render(request, "tickets/faq_form.html", context, status=422 if form.is_bound else 200)


@require_POST
def faq_status(request: HttpRequest, public_id: str) -> HttpResponse:
    entry = entry_or_404(request, public_id)
    services.set_faq_status(
        entry=entry, actor=agent_for(request, entry), now=timezone.now(),
        status=request.POST.get("status", ""),
    )  # fmt: skip
    messages.success(request, _("The entry is saved."))
    return redirect("tickets:faq_entry", public_id)


@require_POST
def faq_answered_me(request: HttpRequest, public_id: str) -> HttpResponse:
    """Somebody of the client found the answer here, and needs no ticket."""
    entry = entry_or_404(request, public_id)
    desks = [m for m in request.memberships if m.tenant_id == entry.tenant_id]
    actor = next((m for m in desks if not m.is_vendor), desks[0])
    services.answered_me(entry=entry, actor=actor, now=timezone.now())
    messages.success(request, _("Good. No request was sent."))
    url = reverse("tickets:faq_entry", args=[public_id])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


@require_POST
def faq_answer_many(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer the chosen open questions with one entry, and resolve them."""
    entry = entry_or_404(request, public_id)
    actor = agent_for(request, entry)
    tickets = asked_for(request, entry, request.POST.getlist("tickets")[:200])
    count = services.answer_many(tickets=tickets, entry=entry, actor=actor, now=timezone.now())
    said = ngettext("%d ticket is answered.", "%d tickets are answered.", count)
    messages.success(request, said % count)
    return redirect("tickets:faq_entry", public_id)


def asked_for(request: HttpRequest, entry: FaqEntry, keys: list[str]) -> list[Ticket]:
    """Return the tickets of the entry's client by their keys; one that is not there is 404."""
    rows = tickets_of(request).filter(key__in=keys, tenant_id=entry.tenant_id)
    tickets = list(rows.select_related("requester__user", "tenant"))
    if len(tickets) != len(set(keys)):
        raise Http404
    return tickets


@require_http_methods(["GET", "POST"])
def answer_ticket(request: HttpRequest, key: str) -> HttpResponse:
    """Choose an entry for a ticket: those that fit its title come first; one step answers it."""
    ticket = ticket_or_404(request, key)
    actor = next((m for m in desks_at(request, ticket) if m.role in AGENTS), None)
    if actor is None:
        raise NotPermitted(_("Only the vendor's team of this client answers from its FAQ."))
    if request.method == "POST":
        rows = entries_of(request).filter(tenant_id=ticket.tenant_id)
        entry = get_object_or_404(rows, public_id=request.POST.get("entry", "")[:16])
        services.answer_from_faq(
            ticket=ticket, entry=entry, actor=actor, now=timezone.now(),
            resolve=request.POST.get("resolve", "") == "yes",
        )  # fmt: skip
        messages.success(request, _("The ticket is answered."))
        return to_ticket(request, ticket)
    query = request.GET.get("q", ticket.title).strip()[:200]
    context = {
        "ticket": ticket,
        "q": query,
        "hits": searched(request, query, {ticket.tenant_id}, A_PAGE),
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/faq_answer.html", context)

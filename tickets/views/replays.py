"""A version replayed against past tickets: asked for, its progress, and what it found."""

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from contracts.domain.coverage import Facet, Gap
from contracts.domain.terms import Clause, Terms
from contracts.lint_words import gap_sentence
from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from contracts.views.shown import shown_contract
from tenants.errors import Invalid
from tenants.models import Job, Membership
from tickets.models import Replay, Ticket
from tickets.replay_forms import ReplayForm
from tickets.services.replays import KIND, MAY_ASK, ask_replay
from tickets.views.desk import tickets_of

A_PAGE = 50
EARLIER = 20  # replays listed below the form
TICKETS_NAMED = 12  # of a gap


def asking_desk(request: HttpRequest, contract: Contract) -> Membership:
    """Return the desk at which this person replays; to anybody else there is no such page."""
    desks = (m for m in request.memberships if m.tenant_id == contract.tenant_id)
    if (desk := next((m for m in desks if m.role in MAY_ASK), None)) is None:
        raise Http404
    return desk


@require_http_methods(["GET", "POST"])
def new_replay(request: HttpRequest, contract: str) -> HttpResponse:
    """Ask for a replay; the version is at first that of `?version=`, else the latest draft."""
    context = shown_contract(request, contract)
    agreed, versions, now = context["contract"], context["versions"], timezone.now()
    actor = asking_desk(request, agreed)
    form = ReplayForm(
        request.POST or None,
        versions=versions,
        today=agreed.local_date(now),
        initial={"version": str(likely(request, context).number) if versions else ""},
    )
    if form.is_bound and form.is_valid():
        try:
            asked = ask_replay(contract=agreed, actor=actor, now=now, **form.asked())
        except Invalid as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong.message))
        else:
            return redirect("tickets:replay", asked.public_id)
    context |= {"form": form, "earlier": earlier(agreed), "section_url": reverse("contracts:list")}
    status = 422 if form.is_bound else 200
    return render(request, "tickets/new_replay.html", context, status=status)


def likely(request: HttpRequest, context: dict[str, Any]) -> ContractVersion:
    """Return the version that was named, else the latest draft, else the one that is shown."""
    drafts = [version for version in context["versions"] if version.activated_at is None]
    return context["shown"] if "version" in request.GET or not drafts else drafts[-1]


def earlier(contract: Contract) -> list[Replay]:
    rows = Replay.objects.filter(contract=contract).select_related("version", "asked_by__user")
    return list(rows.defer("result").order_by("-asked_at")[:EARLIER])


@require_GET
@vary_on_headers("HX-Request")
def replay_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show how far a replay is, or what it found; htmx asks for the changing part alone."""
    rows = Replay.objects.select_related("version", "asked_by__user", "contract")
    replay = get_object_or_404(rows, public_id=public_id)
    asking_desk(request, replay.contract)
    context = shown_contract(request, replay.contract.public_id)
    context |= {"replay": replay, "section_url": reverse("contracts:list")}
    context |= {"here": "versions", "replayed": replay.version}
    if replay.is_finished:
        context |= found_in(request, replay, context["versions"])
    else:
        keys = {"kind": KIND, "tenant_id": replay.tenant_id, "key": replay.job_key}
        context["job"] = Job.objects.filter(**keys).first()
    template = "tickets/_replay.html" if request.htmx else "tickets/replay_page.html"
    return render(request, template, context)


def found_in(
    request: HttpRequest, replay: Replay, versions: list[ContractVersion]
) -> dict[str, Any]:
    """Return what the result's page shows: one page of changes, the rulings, gaps and money."""
    result = replay.result
    page = Paginator(result["changes"], A_PAGE).get_page(request.GET.get("page"))
    rulings = result["rulings"][:A_PAGE]
    tickets = tickets_named(request, replay, [*page.object_list, *rulings])
    after = rules_of(replay.version).terms
    before = {version.pk: rules_of(version).terms for version in versions}

    def rows(changes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row_of(each, tickets.get(each["ticket"]), before, after) for each in changes]

    return {
        "found": result | {"new_gaps": len(result["gaps"])},
        "page": with_rows(page, rows(page.object_list)),
        "rulings": rows(rulings),
        "gaps": [gap_row(gap) for gap in result["gaps"]],
        "currency": result["money"]["currency"],
        "sums": sums_of(result["outcomes"]),
    }


def tickets_named(
    request: HttpRequest, replay: Replay, changes: list[dict[str, Any]]
) -> dict[str, Ticket]:
    """Return the tickets that the rows on screen name, by key, in one query."""
    keys = {each["ticket"] for each in changes}
    rows = tickets_of(request).filter(contract=replay.contract_id, key__in=keys)
    return {ticket.key: ticket for ticket in rows}


def with_rows(page: Page, rows: list[dict[str, Any]]) -> Page:
    page.object_list = rows
    return page


def row_of(
    change: dict[str, Any], ticket: Ticket | None, before: dict[int, Terms], after: Terms
) -> dict[str, Any]:
    """Return a change with its ticket, and on each side the verdict beside its clause's text."""
    old = before.get(ticket.version_id) if ticket else None
    sides = {
        "before": change["before"] | {"text": clause_of(old, change["before"]["clause"])},
        "after": change["after"] | {"text": clause_of(after, change["after"]["clause"])},
    }
    return change | sides | {"title": ticket.title if ticket else ""}


def clause_of(terms: Terms | None, clause_id: str) -> dict[str, str] | None:
    clause: Clause | None = terms.clause(clause_id) if terms and clause_id else None
    return clause.text if clause else None


def gap_row(gap: dict[str, Any]) -> dict[str, Any]:
    """Return a gap as a sentence, with the first tickets in it."""
    facts = ("activity", "system", "environment", "priority")
    facets = tuple(Facet(fact, (gap[fact],), ()) for fact in facts if gap[fact])
    named, count = gap["tickets"][:TICKETS_NAMED], len(gap["tickets"])
    return {"sentence": gap_sentence(Gap(facets)), "tickets": named, "more": count - len(named)}


def sums_of(outcomes: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Return the sums of what was counted by outcome, before and after."""
    counted = ("stages", "minutes", "amount", "held_minutes")
    return {
        side: {name: sum(each[side][name] for each in outcomes) for name in counted}
        for side in ("before", "after")
    }

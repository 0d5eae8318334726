"""Failure patterns: what comes back, what it costs, and the way to its permanent fix."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contracts.models import Contract
from contracts.system_names import system_names
from contracts.views.shown import SEE_COST, sees_cost
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.exports import Column, export, format_asked
from tenants.models import Membership
from tickets import services
from tickets.domain.lifecycle import AGENTS, Action
from tickets.domain.recurrence import PATTERN_AT_LEAST
from tickets.models import Pattern, Problem, Ticket
from tickets.models.choices import TicketType
from tickets.pattern_forms import ProblemForm
from tickets.services.pattern_figures import Figures, figures
from tickets.services.seen_before import SeenBefore, incidents_of, seen_before
from tickets.views.desk import actor_for, desks_at, ticket_or_404, tickets_of
from tickets.views.steps import to_ticket

A_PAGE = 50
SPANS = (30, 90, 365)  # days that the page may look back
INCIDENTS_SHOWN = 10


def readers_clients(request: HttpRequest) -> set[int]:
    """Return the clients whose patterns this person may read: a requester reads none."""
    return {m.tenant_id for m in request.memberships if m.role in SEE_COST}


def span_of(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in {str(days) for days in SPANS} else SPANS[-1]


@require_GET
def pattern_list(request: HttpRequest) -> HttpResponse:
    """
    The patterns of all clients on screen, the dearest first; all of them as a file.

    :raises NotPermitted: to a requester.
    """
    if not (clients := readers_clients(request)):
        raise NotPermitted(_("Failure patterns are for the service owner and the vendor's desks."))
    days = span_of(request)
    contracts = Contract.objects.filter(tenant__in=clients).select_related("tenant")
    since = timezone.now() - timedelta(days=days)
    found = figures(list(contracts), since, for_client=is_client(request.memberships))
    if kind := format_asked(request):
        return export(kind, "patterns", columns(), found, title=_("Failure patterns"))
    context = {
        "patterns": found,
        "systems": system_names([row.pattern for row in found]),
        "days": days,
        "spans": SPANS,
        "at_least": PATTERN_AT_LEAST,
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/pattern_list.html", context)


def columns() -> list[Column]:
    return [
        Column(_("Client"), lambda row: row.pattern.tenant.name),
        Column(_("System"), lambda row: row.pattern.system),
        Column(_("Pattern"), lambda row: row.pattern.title),
        Column(_("Incidents"), lambda row: row.count),
        Column(_("Minutes"), lambda row: row.minutes),
    ]


@require_GET
def pattern_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One pattern: its incidents, what it cost, its problem and its fix; another client's is 404."""
    pattern = pattern_or_404(request, public_id)
    days = span_of(request)
    since = timezone.now() - timedelta(days=days)
    told = figures(
        [pattern.contract], since, only=[pattern.pk], at_least=1,
        for_client=is_client(request.memberships),
    )  # fmt: skip
    rows = tickets_of(request).filter(occurrences__pattern=pattern).order_by("-received_at", "-pk")
    context = {
        "pattern": pattern,
        "systems": system_names([pattern]),
        "figures": told[0] if told else None,
        "page": Paginator(rows, per_page=A_PAGE).get_page(request.GET.get("page")),
        "wordings": pattern.wordings.order_by("pk")[:INCIDENTS_SHOWN],
        "may_act": agent_of(request, pattern) is not None,
        "days": days,
        "spans": SPANS,
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/pattern_page.html", context)


def pattern_or_404(request: HttpRequest, public_id: str) -> Pattern:
    rows = Pattern.objects.filter(tenant__in=readers_clients(request))
    rows = rows.select_related("tenant", "contract", "problem__ticket")
    return get_object_or_404(rows, public_id=public_id)


def agent_of(request: HttpRequest, pattern: Pattern) -> Membership | None:
    mine = (m for m in request.memberships if m.tenant_id == pattern.tenant_id)
    return next((m for m in mine if m.role in AGENTS), None)


def agent_or_refused(request: HttpRequest, pattern: Pattern) -> Membership:
    if (actor := agent_of(request, pattern)) is None:
        raise NotPermitted(_("Only the vendor's team of this client opens a problem."))
    return actor


@require_POST
def pattern_problem(request: HttpRequest, public_id: str) -> HttpResponse:
    """Open the problem of a pattern, or go to the one that is open."""
    pattern = pattern_or_404(request, public_id)
    actor = agent_or_refused(request, pattern)
    ticket = services.raise_problem(pattern=pattern, actor=actor, now=timezone.now())
    messages.success(request, _("The problem is open."))
    return redirect("tickets:page", ticket.key)


@require_POST
def pattern_fix(request: HttpRequest, public_id: str) -> HttpResponse:
    """Draft the estimate of a permanent fix; where the contract asks for none, open the problem."""
    pattern = pattern_or_404(request, public_id)
    actor, now = agent_or_refused(request, pattern), timezone.now()
    ticket = services.raise_problem(pattern=pattern, actor=actor, now=now)
    told = figures(
        [pattern.contract], now - timedelta(days=SPANS[-1]), only=[pattern.pk], at_least=1
    )
    minutes = (told[0].fix.minutes if told else None) or 0
    try:
        estimate = services.draft_fix(pattern=pattern, actor=actor, now=now, minutes=minutes)
    except Refused as error:
        messages.info(request, str(error.message))
        return redirect("tickets:page", ticket.key)
    messages.success(
        request, _("The estimate is drafted. Write out its lines before you submit it.")
    )
    return redirect("tickets:estimate", estimate.public_id)


@require_http_methods(["GET", "POST"])
def problem(request: HttpRequest, key: str) -> HttpResponse:
    """Write down a problem's cause and workaround."""
    ticket = ticket_or_404(request, key)
    actor = actor_for(request, ticket, Action.LINK)
    if not actor.is_vendor:
        raise NotPermitted(_("Only the vendor's team of this client opens a problem."))
    if ticket.type != TicketType.PROBLEM:
        raise Refused(_("Only a ticket of type problem has a cause to describe."))
    known = Problem.objects.filter(ticket=ticket).first()
    form = ProblemForm(request.POST or None, initial=initial_of(known))
    if form.is_bound and form.is_valid():
        try:
            services.describe_problem(
                ticket=ticket, actor=actor, now=timezone.now(), **form.cleaned_data
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("What is known of the problem is written down."))
            return redirect("tickets:page", key)
    context = {"form": form, "ticket": ticket, "section_url": reverse("tickets:list")}
    return render(
        request, "tickets/problem_form.html", context, status=422 if form.is_bound else 200
    )


def initial_of(known: Problem | None) -> dict[str, object]:
    if known is None:
        return {}
    return {
        "root_cause": known.root_cause,
        "workaround": known.workaround,
        "known_error": known.known_error_at is not None,
    }


@require_POST
def leave(request: HttpRequest, key: str) -> HttpResponse:
    """Say that the incident is not what it was recognised as."""
    ticket = ticket_or_404(request, key)
    actor = actor_for(request, ticket, Action.LINK)
    services.leave_pattern(ticket=ticket, actor=actor, now=timezone.now())
    messages.success(request, _("This incident counts in that pattern no more."))
    return to_ticket(request, ticket)


# --- on the page of a ticket ---


@dataclass(frozen=True, slots=True)
class ProblemFace:
    """A problem as its ticket shows it; `figures` are those of its patterns."""

    problem: Problem | None
    patterns: list[Figures]
    incidents: list[Ticket]
    count: int
    may_write: bool


def recurrence_on(
    request: HttpRequest, ticket: Ticket
) -> dict[str, SeenBefore | ProblemFace | None]:
    """Return what the ticket's page says of earlier incidents, or of the problem that it is."""
    desks = desks_at(request, ticket)
    if not sees_cost(desks):
        return {}
    if ticket.type == TicketType.INCIDENT:
        return {"seen": seen_before(ticket)}
    if ticket.type == TicketType.PROBLEM:
        return {"problem": face_of(ticket, desks)}
    return {}


def is_client(desks: list[Membership]) -> bool:
    return not any(desk.is_vendor for desk in desks)


def face_of(ticket: Ticket, desks: list[Membership]) -> ProblemFace:
    may_write = any(m.role in AGENTS for m in desks)
    found = Problem.objects.filter(ticket=ticket).first()
    if found is None:
        return ProblemFace(None, [], [], 0, may_write)
    since = timezone.now() - timedelta(days=SPANS[-1])
    only = list(found.patterns.values_list("pk", flat=True))
    told = (
        figures([ticket.contract], since, only=only, at_least=1, for_client=is_client(desks))
        if only
        else []
    )
    rows = incidents_of(found)
    return ProblemFace(found, told, list(rows[:INCIDENTS_SHOWN]), rows.count(), may_write)


def repeats_of(ticket: Ticket) -> list[Figures]:
    """Return what it costs to leave the patterns that an estimate's ticket would end."""
    if ticket.type != TicketType.PROBLEM:
        return []
    since = timezone.now() - timedelta(days=SPANS[-1])
    only = list(Pattern.objects.filter(problem__ticket=ticket).values_list("pk", flat=True))
    return figures([ticket.contract], since, only=only, at_least=1) if only else []

"""The flowchart of a contract: with how many tickets took each branch, or with one ticket's path."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from contracts.domain.flowchart import START, Edge, Flowchart, Lane, Node, flowchart
from contracts.domain.months import bounds_of, first_of_month, previous_month
from contracts.domain.verdict import PathStep, Question
from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from contracts.views.shown import sees_cost, shown_contract
from tickets.models.ticket import TicketQuerySet
from tickets.views.desk import desks_at, ticket_or_404, tickets_of

CHOICES = 24  # months to choose from
FIRST = "q0"  # the key of a chart's first question


@require_GET
@vary_on_headers("HX-Request")
def contract_flow(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the flowchart; with `?month=2026-10`, the tickets this reader sees of that month on it."""
    context = shown_contract(request, public_id)
    contract, terms = context["contract"], context["terms"]
    months = months_of(contract)
    month = next((m for m in months if f"{m:%Y-%m}" == request.GET.get("month")), None)
    context |= {"months": months[:CHOICES], "month": month}
    context |= {"section_url": reverse("contracts:list"), "counts": None}
    if terms:
        context["chart"] = flowchart(terms)
    if terms and month:
        rows = received_in(tickets_of(request), contract, context["shown"], month)
        verdicts = list(rows.values_list("stage__decision__verdict").annotate(Count("pk")))
        counts = counted(context["chart"], verdicts)
        total = sum(number for _verdict, number in verdicts)
        answered = sum(number for edge, number in counts.items() if edge.source == FIRST)
        context |= {"counts": counts, "total": total, "unasked": total - answered}
    template = "tickets/_flow.html" if request.htmx else "tickets/flow_page.html"
    return render(request, template, context)


@require_GET
@vary_on_headers("HX-Request")
def ticket_path(request: HttpRequest, key: str) -> HttpResponse:
    """Show the way of a ticket's verdict through the flowchart of its contract."""
    ticket = ticket_or_404(request, key)
    terms, decision = rules_of(ticket.version).terms, ticket.stage.decision
    chart = flowchart(terms)
    walk = walk_of(chart, decision.verdict)
    context = {
        "ticket": ticket,
        "terms": terms,
        "decision": decision,
        "chart": chart,
        "walk": walk,
        "along": along(chart, walk),
        "sees_cost": sees_cost(desks_at(request, ticket)),
    }
    template = "tickets/_path_chart.html" if request.htmx else "tickets/path_page.html"
    return render(request, template, context)


def months_of(contract: Contract) -> list[date]:
    """Return the months of a contract that have begun, the latest first."""
    month = first_of_month(contract.local_date(timezone.now()))
    if contract.ends_on:
        month = min(month, first_of_month(contract.ends_on - timedelta(days=1)))
    months = []
    while month >= first_of_month(contract.starts_on):
        months.append(month)
        month = previous_month(month)
    return months


def received_in(
    tickets: TicketQuerySet, contract: Contract, version: ContractVersion, month: date
) -> TicketQuerySet:
    starts_at, ends_at = bounds_of(month, contract.zone)
    held = tickets.filter(contract=contract, version=version)
    return held.filter(received_at__gte=starts_at, received_at__lt=ends_at)


def counted(
    chart: Flowchart, verdicts: Iterable[tuple[Mapping[str, Any], int]]
) -> Mapping[Edge, int]:
    """Return how many tickets took each branch, each by the verdict that counts now."""
    found: Counter[Edge] = Counter()
    for verdict, number in verdicts:
        found.update(dict.fromkeys(walk_of(chart, verdict), number))
    return found


def walk_of(chart: Flowchart, verdict: Mapping[str, Any]) -> tuple[Edge, ...]:
    """Return the branches that a stored verdict took; a person's own verdict keeps the rule's path."""
    question = verdict.get("question")
    waits_at = Question.from_dict(question).clause_id if question else None
    path = [PathStep.from_dict(step) for step in verdict.get("path", ())]
    return chart.walk(path, waits_at)


def along(chart: Flowchart, walk: Sequence[Edge]) -> Flowchart:
    """Return the chart with what a walk came by: its questions, and the one lane it went into."""
    if not walk:
        return chart
    seen = {key for edge in walk for key in (edge.source, edge.target)}
    lanes = [lane for lane in chart.lanes if {lane.key, lane.entry} & seen]
    entered = {node.key for lane in lanes if lane.entry in seen for node in inside(lane)}
    kept = {START, *(lane.key for lane in lanes), *entered}
    edges = tuple(edge for edge in chart.edges if {edge.source, edge.target} <= kept)
    passed_by = [lane if lane.entry in seen else replace(lane, steps=()) for lane in lanes]
    return replace(chart, lanes=tuple(passed_by), edges=edges)


def inside(lane: Lane) -> Iterable[Node]:
    return [node for step in lane.steps for node in (step.clause, step.end) if node]

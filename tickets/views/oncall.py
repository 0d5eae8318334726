"""On call: the week of each roster, swaps and absences, and the calls for a ticket."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.errors import Invalid, NotPermitted
from tenants.exports import Column, export, format_asked
from tenants.models import Membership, Tenant
from tickets.domain import oncall
from tickets.domain.lifecycle import AGENTS, LEADS
from tickets.models import Absence, Roster, Swap
from tickets.models.oncall import Tier
from tickets.oncall_forms import RosterForm, SpanForm
from tickets.services import paging, rosters
from tickets.views.desk import actor_for, ticket_or_404
from tickets.views.routines import desk

DAYS = 7


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of the calendar: who is called first, and who after."""

    starts_at: datetime
    ends_at: datetime
    people: list[Membership]

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


@require_GET
def oncall_list(request: HttpRequest) -> HttpResponse:
    """
    Who is on call now and in the next week, by client and tier; `?format=` gives the turns as a file.

    :raises NotPermitted: to a client.
    """
    desks = {m.tenant_id for m in request.memberships if m.role in AGENTS}
    if not desks:
        raise NotPermitted(_("Only the vendor's team is on call."))
    now, people = timezone.now(), team(desks)
    rows = Roster.objects.filter(tenant_id__in=desks).select_related("tenant")
    found = list(rows.order_by("tenant__name", "tier"))
    rules = rosters.rules_of(found, now)
    weeks = [week_of(roster, rules[roster.pk], people, now) for roster in found]
    if kind := format_asked(request):
        turns = [(week["roster"], turn) for week in weeks for turn in week["turns"]]
        return export(kind, "on-call", columns(), turns, title=_("On call"))
    near = {"ends_at__gt": now, "starts_at__lt": now + timedelta(days=60)}
    leads = {m.tenant_id: m for m in request.memberships if m.role in LEADS}
    context = {
        "weeks": weeks,
        "swaps": Swap.objects.filter(**near).select_related("member__user", "roster", "tenant"),
        "absences": Absence.objects.filter(**near).select_related("member__user", "tenant"),
        "swap": SpanForm(people=choosable(request, people), prefix="swap"),
        "absence": SpanForm(people=choosable(request, people), prefix="absence"),
        "leads": set(leads),
        "writable": [(m.tenant, Tier.choices) for m in leads.values()],
        "mine": {m.pk for m in request.memberships},
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
        "now": now,
        "section_url": reverse("tickets:alerts"),
    }
    return render(request, "tickets/oncall_list.html", context)


def columns() -> list[Column]:
    """Return what is told of turns; a row is a roster with one of its turns."""
    return [
        Column(_("Client"), lambda row: row[0].tenant.name, 24),
        Column(_("Tier"), lambda row: row[0].get_tier_display(), 24),
        Column(_("On call"), lambda row: names(row[1].people[:1]), 24),
        Column(_("From"), lambda row: row[1].starts_at, moment=True),
        Column(_("Until"), lambda row: row[1].ends_at, moment=True),
        Column(_("Deputies"), lambda row: names(row[1].people[1:]), 40),
    ]


def names(people: list[Membership]) -> str:
    return ", ".join(member.user.name for member in people)


def week_of(
    roster: Roster, rule: oncall.Roster, people: dict[int, Membership], now: datetime
) -> dict[str, Any]:
    shifts = oncall.shifts(rule, now, now + timedelta(days=DAYS))
    turns = [
        Turn(shift.starts_at, shift.ends_at, [people[pk] for pk in shift.order if pk in people])
        for shift in shifts
    ]
    return {"roster": roster, "turns": turns, "now": turns[0].people if turns else []}


def team(tenants: set[int]) -> dict[int, Membership]:
    rows = Membership.objects.active().filter(tenant_id__in=tenants, role__in=AGENTS)
    return {m.pk: m for m in rows.select_related("user", "tenant").order_by("user__name", "pk")}


def choosable(request: HttpRequest, people: dict[int, Membership]) -> list[Membership]:
    """Return whom this person may name: themselves, and anybody where they are a lead."""
    leads = {m.tenant_id for m in request.memberships if m.role in LEADS}
    mine = {m.pk for m in request.memberships}
    return [m for m in people.values() if m.pk in mine or m.tenant_id in leads]


@never_cache
@require_http_methods(["GET", "POST"])
def write_roster(request: HttpRequest, code: str, tier: str) -> HttpResponse:
    """Write the roster of a tier; a new webhook's secret is in this one answer only."""
    tenant, actor = tenant_and_lead(request, code)
    if tier not in Tier.values:
        raise Http404
    roster = Roster.objects.filter(tenant=tenant, tier=tier).first()
    people = list(team({tenant.pk}).values())
    initial = {
        "timezone": tenant.timezone,
        "starts_on": timezone.localdate(),
        "hands_over": "09:00",
    }
    form = RosterForm(request.POST or None, people=people, roster=roster, initial=initial)
    secret = ""
    if form.is_bound and form.is_valid():
        try:
            _roster, secret = rosters.write_roster(
                tenant=tenant, actor=actor, plan=form.plan(tier), now=timezone.now()
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("The roster is written."))
            if not secret:
                return redirect("tickets:oncall")
    context = {
        "form": form,
        "tenant": tenant,
        "tier": dict(Tier.choices)[tier],
        "secret": secret,
        "people": people,
        "section_url": reverse("tickets:alerts"),
    }
    status = 422 if form.errors else 200
    return render(request, "tickets/oncall_form.html", context, status=status)


def tenant_and_lead(request: HttpRequest, code: str) -> tuple[Tenant, Membership]:
    """:raises NotPermitted: to whom is no lead of the client; one that they do not see is 404."""
    seats = [m for m in request.memberships if m.tenant.code == code]
    if not seats:
        raise Http404
    lead = next((m for m in seats if m.role in LEADS), None)
    if lead is None:
        raise NotPermitted(_("Only a bridge SE or an account manager writes rosters."))
    return lead.tenant, lead


@require_POST
def swap(request: HttpRequest, public_id: str) -> HttpResponse:
    roster = get_object_or_404(Roster, public_id=public_id)
    actor = teammate(request, roster.tenant_id)
    if told := spanned(request, "swap", roster.tenant_id):
        rosters.swap_turn(roster=roster, actor=actor, now=timezone.now(), **told)
        messages.success(request, _("The turn is swapped."))
    return redirect("tickets:oncall")


@require_POST
def absence(request: HttpRequest) -> HttpResponse:
    people = team({m.tenant_id for m in request.memberships if m.role in AGENTS})
    form = SpanForm(request.POST, people=list(people.values()), prefix="absence")
    if not form.is_valid():
        raise Invalid(_("Say who, from when and until when."))
    told = form.command()
    actor = teammate(request, told["member"].tenant_id)
    rosters.note_absence(actor=actor, now=timezone.now(), **told)
    messages.success(request, _("The absence is written down."))
    return redirect("tickets:oncall")


@require_POST
def remove_swap(request: HttpRequest, public_id: str) -> HttpResponse:
    return removed(request, get_object_or_404(Swap, public_id=public_id))


@require_POST
def remove_absence(request: HttpRequest, public_id: str) -> HttpResponse:
    return removed(request, get_object_or_404(Absence, public_id=public_id))


@require_POST
def take_page(request: HttpRequest, key: str) -> HttpResponse:
    """Say that one has the ticket: nobody else is called."""
    ticket = ticket_or_404(request, key)
    actor = desk(request, ticket.tenant_id, AGENTS) or actor_for(request, ticket)
    paging.take_page(ticket=ticket, actor=actor, now=timezone.now())
    messages.success(request, _("You have it. Nobody else is called."))
    return redirect("tickets:page", key=key)


def removed(request: HttpRequest, row: Swap | Absence) -> HttpResponse:
    rosters.take_back(row=row, actor=teammate(request, row.tenant_id), now=timezone.now())
    messages.success(request, _("It is taken back."))
    return redirect("tickets:oncall")


def teammate(request: HttpRequest, tenant_id: int) -> Membership:
    """:raises NotPermitted: to whom is not on the vendor's team of the client."""
    lead = desk(request, tenant_id, LEADS) or desk(request, tenant_id, AGENTS)
    if lead is None:
        raise NotPermitted(_("Only the vendor's team is on call."))
    return lead


def spanned(request: HttpRequest, prefix: str, tenant_id: int) -> dict[str, object]:
    """:raises Invalid: if the form does not say who and when."""
    form = SpanForm(request.POST, people=list(team({tenant_id}).values()), prefix=prefix)
    if not form.is_valid():
        raise Invalid(_("Say who, from when and until when."))
    return form.command()

"""
The audit: who did what, when, from where, before and after; with search, and as CSV.

Account managers read that of the clients they manage, a service owner that of their own company.
A service owner finds nothing of the vendor's own lanes: see `portal.administration.audit_words`.
"""

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from contracts.models import Contract
from portal.administration.audit_words import NOUNS, for_client, said
from portal.context_processors import READS_AUDIT
from tenants.errors import NotPermitted
from tenants.exports import Column, export, format_asked, in_chunks
from tenants.models import AuditEvent, Membership
from tenants.roles import Role
from tickets.models import Ticket

ROWS, MOST_PAGES, MOST_EXPORTED = 50, 200, 10_000
TICKET, CONTRACT = "tickets.ticket", "contracts.contract"


class AuditForm(forms.Form):
    """What to look for; everything may stay empty."""

    who = forms.CharField(label=gettext_lazy("Who"), max_length=120, required=False)
    what = forms.ChoiceField(
        label=gettext_lazy("What"),
        choices=lambda: [
            ("", _("Everything")),
            *((noun, str(name)) for noun, name in NOUNS.items()),
        ],
        required=False,
    )
    ticket = forms.CharField(label=gettext_lazy("Ticket"), max_length=32, required=False)
    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


def readable(request: HttpRequest) -> QuerySet:
    """
    Return the events that this person may read, the newest first.

    :raises NotPermitted: if they sit at no desk that reads the audit.
    """
    desks = [seat for seat in request.memberships if seat.role in READS_AUDIT]
    if not desks:
        raise NotPermitted(_("Only account managers and service owners read the audit."))
    manages = {seat.tenant_id for seat in desks if seat.role == Role.ACCOUNT_MANAGER}
    owns = {seat.tenant_id for seat in desks} - manages
    rows = AuditEvent.objects.filter(Q(tenant__in=manages) | Q(tenant__in=owns) & for_client())
    return rows.select_related("tenant", "actor__user").order_by("-at", "-pk")


def search(rows: QuerySet, form: AuditForm) -> QuerySet:
    """Keep what the form asks for; what it cannot read it does not ask for."""
    form.is_valid()
    wanted = form.cleaned_data
    if wanted.get("who"):
        people = Membership.objects.filter(
            Q(user__name__icontains=wanted["who"]) | Q(user__email__icontains=wanted["who"])
        )
        rows = rows.filter(actor__in=list(people.values_list("pk", flat=True)))
    if wanted.get("what"):
        rows = rows.filter(verb__startswith=f"{wanted['what']}.")
    if wanted.get("ticket"):
        keys = Ticket.objects.filter(key=wanted["ticket"].strip().upper())
        rows = rows.filter(
            subject_type=TICKET, subject_id__in=list(keys.values_list("pk", flat=True))
        )
    if wanted.get("since"):
        rows = rows.filter(at__gte=midnight(wanted["since"]))
    if wanted.get("until"):
        rows = rows.filter(at__lt=midnight(wanted["until"] + timedelta(days=1)))
    return rows


def midnight(day) -> datetime:
    """Return the beginning of a day in the reader's zone."""
    return timezone.make_aware(datetime.combine(day, time()))


@require_GET
def audit_page(request: HttpRequest) -> HttpResponse:
    """Show fifty events a page. They are not counted: the newest of a million are found at once."""
    form = AuditForm(request.GET)
    rows = search(readable(request), form)
    asked = request.GET.get("page", "1")
    number = min(int(asked), MOST_PAGES) if asked.isdecimal() and len(asked) < 5 else 1
    start = (max(number, 1) - 1) * ROWS
    found = list(rows[start : start + ROWS + 1])
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "events": shown(request, found[:ROWS]),
        "many_clients": len({seat.tenant_id for seat in request.memberships}) > 1,
        "query": query.urlencode(),
        "export_query": f"{query.urlencode()}&" if query else "",
        "newer": number - 1,
        "older": number + 1 if len(found) > ROWS and number < MOST_PAGES else 0,
        "most": MOST_EXPORTED,
    }
    return render(request, "administration/audit.html", context)


COLUMNS = (  # for programs too: codes, not words
    Column("at (UTC)", lambda line: line["event"].at, 20),
    Column("client", lambda line: line["event"].tenant.code, 12),
    Column("who", lambda line: line["who"], 24),
    Column("role", lambda line: line["event"].actor.role if line["event"].actor else "", 20),
    Column("what", lambda line: line["event"].verb, 28),
    Column("about", lambda line: line["about"]),
    Column("from", lambda line: line["event"].origin, 24),
    Column("data", lambda line: as_json(line["data"]), 60),
)


@require_GET
def audit_csv(request: HttpRequest) -> HttpResponse:
    """Give the newest 10,000 events of the search as CSV, or as a workbook; instants in UTC."""
    rows = search(readable(request), AuditForm(request.GET))[:MOST_EXPORTED]
    lines = in_chunks(rows, lambda events: shown(request, events))
    return export(format_asked(request) or "csv", "audit", COLUMNS, lines, zone=UTC)


def as_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True) if data else ""


def shown(request: HttpRequest, events: list[AuditEvent]) -> list[dict[str, Any]]:
    """Return each event with its words, its subject's name and page, and what this reader may see."""
    manages = {s.tenant_id for s in request.memberships if s.role == Role.ACCOUNT_MANAGER}
    names = subjects_of(events)
    return [
        {
            "event": event,
            "who": event.actor.user.name if event.actor else "",
            "what": said(event.verb),
            "about": names.get((event.subject_type, event.subject_id), ""),
            "is_ticket": event.subject_type == TICKET,
            "data": event.data if event.tenant_id in manages else for_client.data(event),
        }
        for event in events
    ]


def subjects_of(events: list[AuditEvent]) -> dict[tuple[str, int], str]:
    """Return how tickets, contracts and members are called, in one query each."""
    wanted: dict[str, set[int]] = {}
    for event in events:
        wanted.setdefault(event.subject_type, set()).add(event.subject_id)
    names: dict[tuple[str, int], str] = {}
    for kind, rows in (
        (TICKET, Ticket.objects.values_list("pk", "key")),
        (CONTRACT, Contract.objects.values_list("pk", "number")),
        ("tenants.membership", Membership.objects.values_list("pk", "user__name")),
    ):
        if ids := wanted.get(kind):
            names |= {(kind, pk): name for pk, name in rows.filter(pk__in=ids)}
    return names

"""Everything that was recorded of a ticket, in words: who, when, what, and what it was before."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from tenants.models import AuditEvent, Membership
from tickets.models import Ticket
from tickets.models.choices import Lane
from tickets.views.desk import desks_at, ticket_or_404
from tickets.views.timeline import INSIDE, PLAIN, VENDOR_REASONS, codes

SENTENCES = {
    "ticket.commented": gettext_lazy("Wrote a message"),
    "ticket.assigned": gettext_lazy("Named another accountable person"),
    "ticket.watched": gettext_lazy("Watches the ticket, or no more"),
    "comment.mentioned": gettext_lazy("Called a person by name"),
    "comment.translated": gettext_lazy("Translated a message"),
    "attachment.added": gettext_lazy("Attached a file"),
    "verdict.overridden": gettext_lazy("Overrode the verdict"),
    "verdict.ruled": gettext_lazy("Ruled on the verdict"),
    "time.logged": gettext_lazy("Recorded time"),
    "time.corrected": gettext_lazy("Corrected recorded time"),
    "timer.started": gettext_lazy("Started a timer"),
    "timer.stopped": gettext_lazy("Stopped a timer"),
}
FIELDS = {
    "lane": (gettext_lazy("Who reads it"), "lane"),
    "language": (gettext_lazy("Language"), "language"),
    "outcome": (gettext_lazy("Verdict"), "outcome"),
    "clause": (gettext_lazy("Clause"), ""),
    "name": (gettext_lazy("File"), ""),
    "minutes": (gettext_lazy("Minutes"), ""),
    "authority": (gettext_lazy("Authority"), "authority"),
    "team": (gettext_lazy("Team"), ""),
    "tier": (gettext_lazy("Tier"), ""),
    "received_at": (gettext_lazy("Received at"), "at"),
    "closes_at": (gettext_lazy("Closes on"), "at"),
    "silent_since": (gettext_lazy("Silent since"), "at"),
    "priority": (gettext_lazy("Priority"), "priority"),
    "impact": (gettext_lazy("Impact"), "level"),
    "urgency": (gettext_lazy("Urgency"), "level"),
}
OURS = ("time.", "timer.")  # what clients read elsewhere, in the words made for them


class Said(NamedTuple):
    """A value of the trail: its label (or none), and the vocabulary in which a page says it."""

    label: str
    value: Any
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """One event: when, who (None: the portal), what, its details, and before and after."""

    at: datetime
    who: Membership | None
    verb: str
    what: str
    details: list[Said]
    before: list[Said]
    after: list[Said]
    reason: str


@require_GET
def history_page(request: HttpRequest, key: str) -> HttpResponse:
    ticket = ticket_or_404(request, key)
    for_vendor = any(m.is_vendor for m in desks_at(request, ticket))
    context = {"ticket": ticket, "lines": list(lines(ticket, for_vendor=for_vendor))}
    return render(request, "tickets/history_page.html", context)


def lines(ticket: Ticket, *, for_vendor: bool) -> Iterator[Line]:
    """Yield what this reader may know of the ticket, the newest first."""
    rows = AuditEvent.objects.filter(
        subject_type=Ticket._meta.label_lower, subject_id=ticket.pk
    ).select_related("actor__user")
    events = [event for event in rows.order_by("-pk") if for_vendor or for_clients(event)]
    names = names_in(events)
    for event in events:
        yield line_of(event, names, for_vendor=for_vendor)


def for_clients(event: AuditEvent) -> bool:
    """Return whether a client may read of it: nothing of our lanes, our time and our people's calls."""
    if event.data.get("lane", Lane.PUBLIC) != Lane.PUBLIC or event.verb.startswith(OURS):
        return False
    if event.verb in {"ticket.watched", "comment.mentioned"}:
        return event.actor is not None and not event.actor.is_vendor
    return event.verb in PLAIN or event.verb in SENTENCES


def names_in(events: list[AuditEvent]) -> dict[int, str]:
    """Return the names of the people that the events speak of, in one query."""
    ids = {
        event.data.get(key) for event in events for key in ("before", "after", "member", "owner")
    }
    wanted = [pk for pk in ids if isinstance(pk, int)]
    return dict(Membership.objects.filter(pk__in=wanted).values_list("pk", "user__name"))


def line_of(event: AuditEvent, names: dict[int, str], *, for_vendor: bool) -> Line:
    data = event.data
    known = PLAIN | INSIDE
    if event.verb in known:
        what = str(known[event.verb][1]) % codes(data)
    else:
        plain = event.verb.replace(".", ": ").replace("_", " ")
        what = str(SENTENCES.get(event.verb, plain))
    if event.verb == "comment.mentioned" or "owner" in data:
        what = f"{what}: {names.get(data.get('member') or data.get('owner'), '–')}"
    hidden = not for_vendor and event.verb in VENDOR_REASONS
    return Line(
        event.at,
        event.actor,
        event.verb,
        what,
        list(details(data)),
        shown(data.get("before"), names),
        shown(data.get("after"), names),
        "" if hidden else str(data.get("reason") or data.get("note") or ""),
    )


def details(data: dict[str, Any]) -> Iterator[Said]:
    for key in FIELDS:
        if data.get(key) not in (None, ""):
            yield said(key, data[key])


def said(key: str, value: Any) -> Said:
    label, kind = FIELDS.get(key, (key.replace("_", " "), ""))
    return Said(str(label), parse_datetime(str(value)) if kind == "at" else value, kind)


def shown(value: Any, names: dict[int, str]) -> list[Said]:
    """Return what stands in before or after: a person, two instants, a status or a set of fields."""
    if value in (None, ""):
        return []
    if isinstance(value, dict):
        plain = {key: one for key, one in value.items() if one not in (None, "", [], {})}
        return [said(key, one) for key, one in plain.items()]
    if isinstance(value, list):
        return [Said("", parse_datetime(str(one)), "at") for one in value]
    if isinstance(value, int):
        return [Said("", names.get(value, value), "")]
    return [Said("", value, "status")]

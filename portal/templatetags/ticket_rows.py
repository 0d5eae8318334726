"""
The rows of every table of tickets, written in Python: a template takes twenty times as long.

What all rows share (words, marks, the address) is made once a table.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from contracts.formats import at_text
from portal.templatetags.reading import time_left, urgency
from portal.templatetags.words import tone, word
from tickets.views.rows import TicketRow

register = template.Library()

ROW = (
    '<tr id="ticket-{key}"{late}>{choose}<td class="key"><a href="{address}">{key}</a></td>'
    '<td class="main"><a class="link-body-emphasis text-decoration-none" href="{address}"'
    ' tabindex="-1">{title}</a><div class="soft small-text">{about}</div></td>'
    '<td class="tagged" data-label="{priority_label}">{priority}</td>'
    '<td class="tagged" data-label="{status_label}">{status}</td>'
    '<td class="verdict-cell tagged" data-label="{verdict_label}">{verdict}</td>'
    '<td class="owner" data-label="{owner_label}">{owner}</td>'
    '<td data-label="{due_label}">{due}</td></tr>\n'
)
CHOOSE = (
    '<td class="choose"><input class="form-check-input" type="checkbox" name="ticket" value="{key}"'
    ' aria-label="{label}"{checked}></td>'
)
DUE = (
    '<span><span class="nowrap{urgent}">{left}</span><span class="soft small-text d-block">'
    '<time class="nowrap" datetime="{iso}">{at}</time></span></span>'
)


@register.simple_tag(takes_context=True)
def ticket_rows(
    context: template.Context, tickets: Iterable[Any], choose: bool = False
) -> SafeString:
    """
    Draw tickets, or `TicketRow`s, as rows. Context: now, many_clients; with `choose` also chosen.

    A ticket has its client, stage, owner and decision loaded: this queries nothing.
    """
    rows = Rows(
        context["now"],
        many_clients=bool(context.get("many_clients")),
        chosen=context.get("chosen") or () if choose else None,
    )
    return mark_safe("".join(rows.row(TicketRow.of(ticket)) for ticket in tickets))  # noqa: S308


class Rows:
    """What the rows of one table share."""

    def __init__(
        self, now: datetime, *, many_clients: bool, chosen: Collection[str] | None
    ) -> None:
        self.now, self.many_clients, self.chosen = now, many_clients, chosen
        self.language = get_language() or "en"
        self.address = reverse("tickets:page", args=["KEY-1"])
        self.labels = {
            "priority_label": escape(_("Priority")),
            "status_label": escape(_("Status")),
            "verdict_label": escape(_("Verdict")),
            "owner_label": escape(_("Accountable")),
            "due_label": escape(_("Next deadline")),
        }

    def row(self, ticket: TicketRow) -> str:
        key = escape(ticket.key)
        urgent = urgency(ticket.next_due_at, self.now) if ticket.is_open else ""
        return ROW.format(
            key=key,
            late=f' class="{urgent}"' if urgent else "",
            choose="" if self.chosen is None else self.box(key, ticket.key in self.chosen),
            address=self.address.replace("KEY-1", key),
            title=escape(ticket.title),
            about=self.about(ticket),
            priority=tag("priority", ticket.priority, self.language),
            status=tag("status", ticket.status, self.language),
            verdict=self.verdict(ticket),
            owner=escape(ticket.owner or "–"),
            due=self.due(ticket, urgent),
            **self.labels,
        )

    def box(self, key: str, checked: bool) -> str:
        label = escape(_("Choose %(key)s") % {"key": key})
        return CHOOSE.format(key=key, label=label, checked=" checked" if checked else "")

    def about(self, ticket: TicketRow) -> str:
        kind = name("type", ticket.type, self.language)
        place = name("environment", ticket.environment, self.language)
        client = f"{escape(ticket.client)} · " if self.many_clients else ""
        return f"{client}{kind} · {place}"

    def verdict(self, ticket: TicketRow) -> str:
        """Return the verdict in a word; the twin of `components/_verdict_badge.html`."""
        if ticket.pending:
            return f'<span class="tag ask">{escape(_("Question open"))}</span>'
        if ticket.outcome is None:
            return ""
        clause = ""
        if ticket.clause_id:
            said = escape(ticket.clause_id)
            clause = f'&nbsp;·&nbsp;<span class="fw-normal nowrap">{said}</span>'
        said = name("outcome", ticket.outcome, self.language)
        return f'<span class="tag wrap {tone(ticket.outcome, "outcome")}">{said}{clause}</span>'

    def due(self, ticket: TicketRow, urgent: str) -> str:
        if not ticket.is_open:
            return '<span class="soft">–</span>'
        if ticket.next_due_at is None:
            return f'<span class="soft">{escape(_("No clock running"))}</span>'
        return DUE.format(
            urgent=f" text-{urgent}" if urgent else "",
            left=escape(time_left(ticket.next_due_at, self.now)),
            iso=ticket.next_due_at.isoformat(),
            at=escape(at_text(ticket.next_due_at)),
        )


@lru_cache(1024)
def name(kind: str, code: str, language: str) -> str:
    """Return the word of a code in the active language, which `language` is."""
    return escape(word(code, kind))


@lru_cache(256)
def tag(kind: str, code: str, language: str) -> str:
    """Return the word with its colour; the twin of `components/_badge.html`."""
    colour = tone(code, kind)
    return f'<span class="tag{f" {colour}" if colour else ""}">{name(kind, code, language)}</span>'

"""Codes of every vocabulary with their names in the reader's language, and the tone they carry."""

from django import template
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contracts.models import ContractStatus, PeriodState
from reports.words import TROUBLES
from tenants.roles import Role
from tickets.models import choices
from tickets.models.alert import AlertSourceKind
from tickets.models.security import FindingState, Severity

register = template.Library()

WORDS: dict[str, dict] = {
    "activity": dict(choices.Activity.choices),
    "alert_source": dict(AlertSourceKind.choices),
    "authority": dict(choices.AuthorityKind.choices),
    "channel": dict(choices.Channel.choices),
    "clock": dict(choices.ClockState.choices),
    "contract": dict(ContractStatus.choices),
    "dispute": {
        "waiting": _("Waits for the ruling"),
        "ruled": _("Ruled, not agreed to yet"),
        "agreed": _("Agreed: it binds"),
    },
    "estimate": dict(choices.EstimateStatus.choices),
    "finding": dict(FindingState.choices),
    "handoff": dict(choices.HandoffState.choices),
    "job": {
        "waiting": pgettext_lazy("job", "Waiting"),
        "running": pgettext_lazy("job", "Running"),
        "done": pgettext_lazy("job", "Done"),
        "dead": pgettext_lazy("job", "Dead"),
    },
    "lane": dict(choices.Lane.choices),
    "level": dict(choices.Level.choices),
    "obligation": dict(choices.ObligationKind.choices),
    "outcome": dict(choices.Outcome.choices),
    "pause": dict(choices.PauseCause.choices),
    "period": {
        PeriodState.OPEN.value: pgettext_lazy("month", "Open"),
        PeriodState.CLOSED.value: pgettext_lazy("month", "Closed"),
    },
    "pricing": dict(choices.Pricing.choices),
    "priority": dict(choices.Priority.choices),
    "role": dict(Role.choices),
    "status": dict(choices.Status.choices),
    "stream": dict(choices.WorkStream.choices),
    "severity": dict(Severity.choices),
    "trouble": TROUBLES,
    "type": dict(choices.TicketType.choices),
    "cause": {
        "delivered_software": _("Software we delivered"),
        "client_change": _("A change by the client"),
        "third_party": _("A third party"),
        "infrastructure": _("Infrastructure"),
        "regulation": _("Law or regulation"),
    },
    "party": {"vendor": _("Vendor"), "client": _("Client")},
    "place": {"onshore": _("Onshore"), "offshore": _("Offshore")},
    "environment": {
        "production": _("Production"),
        "staging": _("Staging"),
        "development": _("Development"),
        "test": _("Test"),
    },
    "when_empty": {
        "bill": _("billed at the overage rate"),
        "approve": _("held until approved"),
        "stop": _("work stops"),
    },
    "commitment": {
        "guarantee": _("Guarantee: a miss pays a credit"),
        "goal": _("Goal: a miss is reported"),
    },
    "rounding": {"down": _("down"), "up": _("up"), "half_up": _("half up")},
    "rounding_per": {"entry": _("each entry"), "ticket_day": _("each ticket and day")},
    "tax_on": {"total": _("on the total"), "line": _("on each line")},
    "first_month": {"prorated": _("by calendar days"), "full": _("in full")},
    "hours": {"always": _("24 hours, every day")},
    "weekday": {
        "mon": _("Mon"), "tue": _("Tue"), "wed": _("Wed"), "thu": _("Thu"), "fri": _("Fri"),
        "sat": _("Sat"), "sun": _("Sun"),
    },
    "fact": {
        "activity": _("Kind of work"),
        "system": _("System"),
        "environment": _("Environment"),
        "priority": _("Priority"),
        "cause": _("Cause"),
        "in_hours": _("Within service hours"),
        "warranty": _("Within the warranty"),
        "effort_minutes": _("Expected effort"),
    },
    "language": {"en": "English", "ja": "日本語", "vi": "Tiếng Việt"},
}  # fmt: skip

TONES: dict[str, dict[str, str]] = {
    "outcome": {
        "included": "good",
        "pool": "accent",
        "preapproved": "accent",
        "estimate": "soon",
        "not_provided": "late",
        "undecided": "ask",
        "": "ask",
    },
    "status": {"new": "accent", "in_progress": "accent", "on_hold": "soon", "resolved": "good"},
    "clock": {"running": "accent", "paused": "soon", "met": "good", "missed": "late"},
    "priority": {"P1": "late", "P2": "soon"},
    "contract": {"active": "good", "draft": "soon"},
    "period": {"open": "accent"},
    "handoff": {"offered": "ask", "accepted": "good", "disputed": "late", "defaulted": "soon"},
    "job": {"running": "accent", "done": "good", "dead": "late"},
    "dispute": {"waiting": "ask", "ruled": "soon", "agreed": "good"},
    "estimate": {
        "submitted": "ask",
        "approved": "accent",
        "sent": "soon",
        "accepted": "good",
        "delivered": "accent",
        "delivery_accepted": "good",
        "declined": "late",
        "expired": "late",
    },
    "authority": {"held": "late", "goodwill": "soon", "included": "good"},
}


@register.filter
def word(code: object, kind: str) -> str:
    """Return the name of a code: `{{ ticket.status|word:"status" }}`; an unknown code as it is."""
    return WORDS[kind].get(code, str(code).replace("_", " ") if code else "–")


@register.filter
def tone(code: str, kind: str) -> str:
    return TONES.get(kind, {}).get(code, "")


@register.inclusion_tag("components/_badge.html")
def badge(kind: str, code: str, wrap: bool = False) -> dict[str, object]:
    """Show a code as a word with its colour: `{% badge "status" ticket.status %}`."""
    return {"label": word(code, kind), "tone": tone(code, kind), "wrap": wrap}

"""What the codes of frozen facts are called in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from tickets.models import choices
from tickets.models.alert import AlertSourceKind
from tickets.models.security import FindingState, Severity

STATES = {
    "open": gettext_lazy("Open"),
    "waiting": gettext_lazy("Waiting for the client"),
    "resolved": gettext_lazy("Resolved"),
    "cancelled": gettext_lazy("Cancelled"),
}
LINES = {
    "fee": gettext_lazy("Monthly fee"),
    "pool": gettext_lazy("Hour pool"),
    "bought": gettext_lazy("Bought hours"),
    "overage": gettext_lazy("Beyond the hour pool"),
    "preapproved": gettext_lazy("Preapproved work"),
    "estimate": gettext_lazy("Accepted estimate"),
    "emergency": gettext_lazy("Emergency work"),
    "credit": gettext_lazy("Credit for missed targets"),
    "adjustment": gettext_lazy("Late entries of a closed month"),
}
CHARGES = {
    **dict(choices.AuthorityKind.choices),
    "overage": gettext_lazy("Beyond the hour pool"),
    "triage": gettext_lazy("Triage, included"),
    "adjustment": gettext_lazy("Late entries of a closed month"),
    "corrected": gettext_lazy("Taken off a closed month as wrong"),
}
COMMITMENTS = {
    "guarantee": gettext_lazy("Guarantee: a miss pays a credit"),
    "goal": gettext_lazy("Goal: a miss is reported"),
}
OFFERS = {
    "sent": gettext_lazy("Waits for the client"),
    "accepted": gettext_lazy("Accepted"),
    "declined": gettext_lazy("Declined"),
    "expired": gettext_lazy("Expired"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "cancelled": gettext_lazy("Cancelled"),
    "delivered": gettext_lazy("Delivered"),
    "delivery_accepted": gettext_lazy("Delivery accepted"),
    "delivery_refused": gettext_lazy("Delivery refused"),
}
CAUSES = {
    "delivered_software": gettext_lazy("Software we delivered"),
    "client_change": gettext_lazy("A change by the client"),
    "third_party": gettext_lazy("A third party"),
    "infrastructure": gettext_lazy("Infrastructure"),
    "regulation": gettext_lazy("Law or regulation"),
}
TROUBLES = {
    "outage": pgettext_lazy("system", "Down"),
    "silence": pgettext_lazy("system", "Not watched"),
}
CODES: dict[str, Mapping[str, Any]] = {
    "activity": dict(choices.Activity.choices),
    "alert_source": dict(AlertSourceKind.choices),
    "clock": dict(choices.ClockState.choices),
    "finding": dict(FindingState.choices),
    "obligation": dict(choices.ObligationKind.choices),
    "outcome": dict(choices.Outcome.choices),
    "pause": dict(choices.PauseCause.choices),
    "priority": dict(choices.Priority.choices),
    "severity": dict(Severity.choices),
    "stream": dict(choices.WorkStream.choices),
    "trouble": TROUBLES,
    "type": dict(choices.TicketType.choices),
}


def word(code: str, kind: str) -> str:
    """Return the name of a code; an unknown code is shown as it is, an empty one is not known yet."""
    if not code:
        return _("Not known yet")
    return str(CODES[kind].get(code, code.replace("_", " ")))


def verdict_word(code: str) -> str:
    return _("A question is open") if code == "pending" else word(code, "outcome")


def line_detail(line: Mapping[str, Any]) -> str:
    """Return what a line's key adds to its name: the pool, or the promise that was missed."""
    kind, key = line["kind"], line["key"]
    if kind == "credit":
        obligation, *priorities = key.split()
        return " ".join([word(obligation, "obligation"), *priorities])
    return key if kind in ("pool", "bought", "overage") else ""

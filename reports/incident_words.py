"""An incident report in the reader's language: its sections and the lines of its timeline."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.models.choices import ObligationKind, PauseCause
from tickets.views.timeline import PLAIN

SECTION_NAMES = {
    "summary": gettext_lazy("Summary"),
    "impact": gettext_lazy("Impact"),
    "emergency_response": gettext_lazy("Emergency response"),
    "root_cause": gettext_lazy("Root cause"),
    "permanent_fix": gettext_lazy("Permanent fix"),
    "prevention": gettext_lazy("Prevention of recurrence"),
}
SECTION_HELP = {
    "summary": gettext_lazy("One or two sentences that a manager can pass on."),
    "impact": gettext_lazy("Who could not do what, for how long, and what it cost them."),
    "emergency_response": gettext_lazy("What brought the service back, and when."),
    "root_cause": gettext_lazy("Why it happened, and why nothing stopped it."),
    "permanent_fix": gettext_lazy("What was or will be changed for good, and in which release."),
    "prevention": gettext_lazy("How the same kind of fault is kept from coming back."),
}
SIDES = {"vendor": gettext_lazy("Vendor"), "client": gettext_lazy("Client")}


def moment_text(moment: Mapping[str, Any]) -> str:
    """Return a line of the timeline as a sentence."""
    said = moment["said"]
    if moment["code"] == "said":
        return _("Message")
    if moment["code"] == "held":
        where = " · ".join(part for part in (said["team"], said["tier"]) if part)
        return _("Accountable: %(owner)s") % {"owner": where or _("The client")}
    _icon, text = PLAIN[moment["code"]]
    return str(text) % {
        "cause": str(dict(PauseCause.choices).get(said.get("cause"), "")),
        "clock": str(dict(ObligationKind.choices).get(said.get("kind"), "")),
    }


def side_word(side: str) -> str:
    return str(SIDES.get(side, ""))

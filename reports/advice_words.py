"""Insight in the reader's language: the sentences of the codes that the facts hold."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contracts.formats import day_text

TOWARDS = {
    "operation": gettext_lazy("More weight on operation"),
    "maintenance": gettext_lazy("More weight on maintenance"),
    "balanced": gettext_lazy("Keep both in balance"),
}
BAND = {
    "below": gettext_lazy("Maintenance is below the band"),
    "within": gettext_lazy("Within the band"),
    "above": gettext_lazy("Maintenance is above the band"),
    "": gettext_lazy("No work to compare"),
}
FIX = {
    "estimate": gettext_lazy("estimate on the ticket"),
    "typical": gettext_lazy("typical fix of this month"),
    "unknown": gettext_lazy("too few fixes to say"),
}
STRETCH = {
    "running": gettext_lazy("Running"),
    "paused": gettext_lazy("Paused"),
    "stopped": gettext_lazy("Stopped, then reopened"),
}


def advice_text(advice: Mapping[str, Any]) -> str:
    """Return the evidence as a sentence; the system, where it has one, stands in front of it."""
    return _SENTENCES[advice["code"]](advice["count"], advice["said"])


def _recent_release(count: int, said: Mapping[str, Any]) -> str:
    day = day_text(timezone.localtime(datetime.fromisoformat(said["released_at"])).date())
    told = {"release": said["release"], "day": day, "n": count}
    return (
        ngettext(
            "Release %(release)s of %(day)s is being watched: %(n)d incident after it this month.",
            "Release %(release)s of %(day)s is being watched: %(n)d incidents after it this month.",
            count,
        )
        % told
    )


def _always_on(count: int, said: Mapping[str, Any]) -> str:
    return ngettext(
        "Restoration is promised around the clock: %(n)d incident came outside office hours.",
        "Restoration is promised around the clock: %(n)d incidents came outside office hours.",
        count,
    ) % {"n": count}


def _revenue_critical(count: int, said: Mapping[str, Any]) -> str:
    told = {"n": count, "missed": said["missed"]}
    return (
        ngettext(
            "It earns the client's revenue: %(n)d incident, %(missed)d promises missed.",
            "It earns the client's revenue: %(n)d incidents, %(missed)d promises missed.",
            count,
        )
        % told
    )


def _bug_trend(count: int, said: Mapping[str, Any]) -> str:
    return _("Faults are rising: %(n)d this month, %(before)s in the months before.") % {
        "n": count,
        "before": _listed(said["before"]),
    }


def _ageing_defects(count: int, said: Mapping[str, Any]) -> str:
    told = {"n": count, "days": said["oldest_days"]}
    return (
        ngettext(
            "%(n)d defect is open for 30 days or more, the oldest for %(days)d days.",
            "%(n)d defects are open for 30 days or more, the oldest for %(days)d days.",
            count,
        )
        % told
    )


def _regulation(count: int, said: Mapping[str, Any]) -> str:
    return ngettext(
        "%(n)d change is asked for by law, an outside interface or a platform.",
        "%(n)d changes are asked for by law, an outside interface or a platform.",
        count,
    ) % {"n": count}


def _slower(count: int, said: Mapping[str, Any]) -> str:
    told = {"n": count, "before": _listed(said["before"])}
    return (
        _("More tickets complain of slowness: %(n)d this month, %(before)s in the months before.")
        % told
    )


def _listed(counts: list[int]) -> str:
    return ", ".join(str(count) for count in counts)


_SENTENCES: dict[str, Callable[[int, Mapping[str, Any]], str]] = {
    "recent_release": _recent_release,
    "always_on": _always_on,
    "revenue_critical": _revenue_critical,
    "bug_trend": _bug_trend,
    "ageing_defects": _ageing_defects,
    "regulation": _regulation,
    "slower": _slower,
}

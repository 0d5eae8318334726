"""The words of insight, for the codes that a report's `glossary` names."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy

TERMS = {
    "term.band": (
        gettext_lazy("Band of 40 to 60 %"),
        gettext_lazy(
            "Where operation and maintenance are in balance. Outside it one of them lives off the"
            " other."
        ),
    ),
    "term.card": (
        gettext_lazy("By the rate card"),
        gettext_lazy(
            "What the same work would cost at the contract's hourly rates, without surcharges."
            " It is a measure, not an invoice."
        ),
    ),
    "term.effective_rate": (
        gettext_lazy("An hour through the fee"),
        gettext_lazy("The monthly fee divided by the hours it covered."),
    ),
    "term.handoff": (
        gettext_lazy("Handoff"),
        gettext_lazy(
            "The offer of a ticket from operation to maintenance. Until it is accepted the giver"
            " stays accountable."
        ),
    ),
    "term.on_offer": (
        gettext_lazy("Waiting on offer"),
        gettext_lazy("Time from a handoff's offer until somebody took it, through every dispute."),
    ),
    "term.round_trip": (
        gettext_lazy("Round trip"),
        gettext_lazy(
            "A ticket leaves a team and comes back to it. The work in between was for nothing."
        ),
    ),
    "term.standing_still": (
        gettext_lazy("Without movement"),
        gettext_lazy("More than a day on the vendor's side in which nothing was recorded."),
    ),
    "term.pattern": (
        gettext_lazy("Failure pattern"),
        gettext_lazy("The same symptom on the same system, five times or more in a month."),
    ),
    "term.watched": (
        gettext_lazy("Watched release"),
        gettext_lazy(
            "A release whose system's incidents are counted against it for some days after."
        ),
    ),
}


def insight_terms(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return term and meaning for the codes that have one here, in the order of the words."""
    wanted = set(codes)
    return [(str(name), str(said)) for code, (name, said) in TERMS.items() if code in wanted]

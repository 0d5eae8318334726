"""The first words of an incident report, made from what the ticket already says."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from contracts.domain.terms import text_in
from contracts.formats import at_text, length
from contracts.rules import rules_of
from reports.domain.incident import checked
from reports.services.incident_facts import evidence_of, note_of
from reports.words import CAUSES
from tickets.models import Ticket


def drafted_sections(ticket: Ticket, language: str) -> dict[str, str]:
    """Return a text for each section as far as the ticket tells it, times in the contract's zone."""
    evidence = evidence_of(ticket)
    with translation.override(language), timezone.override(ticket.contract.zone):
        return checked(
            {
                "summary": f"{ticket.title} ({ticket.priority})",
                "impact": lines([_affected(ticket, language), evidence.get("impact")]),
                "emergency_response": lines(
                    [note_of(ticket, "ticket.restored"), evidence.get("workaround")]
                ),
                "root_cause": lines(_cause(ticket, evidence)),
                "permanent_fix": lines(_fix(ticket)),
                "prevention": lines(_prevention(ticket)),
            }
        )


def lines(texts: Iterable[str | None]) -> str:
    return "\n".join(text.strip() for text in texts if text and text.strip())


def _affected(ticket: Ticket, language: str) -> str:
    system = rules_of(ticket.version).terms.system(ticket.system)
    told = {
        "system": text_in(system.name, language) if system else ticket.system,
        "start": at_text(ticket.received_at),
    }
    if ticket.restored_at is None:
        return _("%(system)s was affected from %(start)s on.") % told
    told |= {
        "end": at_text(ticket.restored_at),
        "length": length(ticket.restored_at - ticket.received_at),
    }
    return _("%(system)s was affected for %(length)s, from %(start)s to %(end)s.") % told


def _cause(ticket: Ticket, evidence: dict[str, str]) -> list[str | None]:
    cause = ticket.stage.facts.get("cause")
    named = str(CAUSES[cause]) if cause in CAUSES else ""
    return [named, evidence.get("symptom"), evidence.get("logs")]


def _fix(ticket: Ticket) -> list[str]:
    found = [ticket.resolution]
    for delivery in ticket.deliveries.select_related("release"):
        if delivery.release is None:
            found.append(delivery.reason)
        else:
            told = {"name": delivery.release.name, "day": _day(delivery.release.released_at)}
            found.append(_("Release %(name)s, %(day)s") % told)
    return found


def _prevention(ticket: Ticket) -> list[str]:
    rows = ticket.deliveries.exclude(release=None).select_related("release")
    documents = [text for row in rows for text in row.release.documents]
    if not documents:
        return []
    return [_("Updated design documents: %s") % ", ".join(documents)]


def _day(at: datetime) -> str:
    return at_text(at)

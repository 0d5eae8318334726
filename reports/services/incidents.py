"""The report on an incident: drafted from its facts, edited by people, issued to the client."""

from datetime import datetime

from django.utils.translation import gettext as _

from contracts.domain.canonical import canonical, sha256_of
from reports.domain import incident
from reports.models import IncidentReport
from reports.models.incident import IncidentState
from reports.services.incident_draft import drafted_sections
from reports.services.incident_facts import incident_facts
from tenants.errors import Invalid, Refused
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Obligation, Ticket
from tickets.models.choices import ObligationKind, TicketType
from tickets.services.clocks import Clocks
from tickets.services.guard import begin, command


@command
def draft_incident_report(
    *, ticket: Ticket, actor: Membership | None, now: datetime
) -> IncidentReport:
    """
    Write the first draft from what the ticket already says, in the client's language.

    :raises Refused: if the ticket is no incident, or its report was begun.
    """
    ticket = begin(ticket.pk, actor, Action.WRITE_INCIDENT_REPORT)
    if ticket.type != TicketType.INCIDENT:
        raise Refused(_("Only an incident has an incident report."))
    if IncidentReport.objects.latest(ticket) is not None:
        raise Refused(_("The report of this incident was begun already."))
    language = ticket.tenant.language
    sections = drafted_sections(ticket, language)
    report = _write(ticket, 1, IncidentState.DRAFT, sections, language, actor, now)
    return _recorded(report, "drafted", actor, now)


@command
def edit_incident_report(
    *,
    ticket: Ticket,
    actor: Membership,
    sections: dict[str, str],
    seen: int,
    now: datetime,
    language: str = "",
) -> IncidentReport:
    """
    Write the next revision with what a person changed; earlier ones stay as they are.

    :raises Refused: if `seen` is not the last revision: somebody else wrote one meanwhile.
    """
    ticket = begin(ticket.pk, actor, Action.WRITE_INCIDENT_REPORT)
    last = _last_seen(ticket, seen)
    report = _write(
        ticket,
        last.revision + 1,
        IncidentState.DRAFT,
        incident.checked(sections),
        language or last.language,
        actor,
        now,
    )
    return _recorded(report, "edited", actor, now)


@command
def issue_incident_report(
    *, ticket: Ticket, actor: Membership, seen: int, now: datetime
) -> IncidentReport:
    """
    Issue the report to the client, with the facts as they are now; its clock stops.

    :raises Refused: if `seen` is not the last revision, or the last one is issued already.
    :raises Invalid: if a section that the client needs is empty.
    """
    ticket = begin(ticket.pk, actor, Action.WRITE_INCIDENT_REPORT)
    last = _last_seen(ticket, seen)
    if last.is_issued:
        raise Refused(_("This revision is issued already. Change it first."))
    if left := incident.missing(last.sections):
        raise Invalid(_("Write this section before the report is issued."), field=left[0])
    clocks = Clocks.of(ticket, actor)
    clocks.stop(ObligationKind.INCIDENT_REPORT, now)
    clocks.save()
    ticket.save(update_fields=["next_due_at"])
    report = _write(
        ticket, last.revision + 1, IncidentState.ISSUED, last.sections, last.language, actor, now
    )
    return _recorded(report, "issued", actor, now)


def owed(now: datetime) -> list[Ticket]:
    """Return the tickets whose report is owed and not begun, the soonest due first."""
    running = Obligation.objects.running().filter(kind=ObligationKind.INCIDENT_REPORT)
    rows = running.filter(ticket__incident_reports=None, started_at__lte=now)
    return [row.ticket for row in rows.select_related("ticket").order_by("due_at")]


def _last_seen(ticket: Ticket, seen: int) -> IncidentReport:
    last = IncidentReport.objects.latest(ticket)
    if last is None:
        raise Refused(_("The report of this incident was not begun yet."))
    if last.revision != seen:
        raise Refused(_("Somebody wrote another revision meanwhile. Reload the page."))
    return last


def _write(
    ticket: Ticket,
    revision: int,
    state: str,
    sections: dict[str, str],
    language: str,
    actor: Membership | None,
    now: datetime,
) -> IncidentReport:
    facts = canonical(incident_facts(loaded(ticket), now))
    return IncidentReport.objects.create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        revision=revision,
        state=state,
        language=language,
        sections=sections,
        facts=facts,
        sha256=sha256_of(f"{facts}{canonical(sections)}"),
        by=actor,
        at=now,
    )


def loaded(ticket: Ticket) -> Ticket:
    """Return the ticket as it is in this transaction, with what its facts name."""
    rows = Ticket.objects.select_related("tenant", "contract", "version", "stage__decision")
    return rows.get(pk=ticket.pk)


def _recorded(
    report: IncidentReport, step: str, actor: Membership | None, now: datetime
) -> IncidentReport:
    audit.record(
        actor=actor,
        verb=f"incident_report.{step}",
        subject=report.ticket,
        at=now,
        report=report.public_id,
        revision=report.revision,
        sha256=report.sha256,
    )
    return report

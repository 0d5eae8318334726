"""Security findings: due as the terms say, mended, dismissed, or lived with until a day."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from contracts.domain.scope import Facts
from contracts.domain.vocabulary import Activity
from contracts.models import Contract
from contracts.rules import Rules, rules_of
from contracts.services import version_in_force
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Job, Membership
from tenants.roles import Role
from tenants.scoping import tenant_scope
from tenants.services import audit, jobs
from tickets.domain.lifecycle import AGENTS
from tickets.models import RiskAcceptance, SecurityFinding, Ticket
from tickets.models.choices import Channel, Level, TicketType
from tickets.models.security import FindingSource, FindingState, Severity
from tickets.services.guard import command
from tickets.services.intake import open_ticket
from tickets.services.owners import first_on_duty
from tickets.services.promises import end_of

EVERY = timedelta(minutes=10)
LONGEST = timedelta(days=366)
A_RUN = 500
HOW_BAD = {  # impact and urgency of the ticket that mends it
    Severity.CRITICAL: (Level.HIGH, Level.HIGH),
    Severity.HIGH: (Level.HIGH, Level.MEDIUM),
    Severity.MEDIUM: (Level.MEDIUM, Level.MEDIUM),
    Severity.LOW: (Level.LOW, Level.LOW),
}


@command
def record_finding(
    *,
    contract: Contract,
    actor: Membership,
    system: str,
    source: str,
    severity: str,
    title: str,
    now: datetime,
    description: str = "",
    reference: str = "",
    found_at: datetime | None = None,
) -> SecurityFinding:
    """
    Write a finding down; the terms in force when it was found say until when it is mended.

    :raises NotPermitted: to anybody outside the vendor's team of the client.
    :raises Invalid: if the system is none of the contract's, or it was found in the future.
    """
    check_agent(actor, contract.tenant_id)
    found_at = found_at or now
    if found_at > now:
        raise Invalid(_("It was found now or earlier."), field="found_at")
    if severity not in Severity.values or source not in FindingSource.values:
        raise Invalid(_("Choose a source and a severity of the list."), field="severity")
    if not title.strip():
        raise Invalid(_("Say what was found."), field="title")
    with tenant_scope(contract.tenant_id):
        rules = rules_at(contract, found_at)
        if rules.terms.system(system) is None:
            raise Invalid(_("Choose a system of this contract."), field="system")
        finding = SecurityFinding.objects.create(
            tenant_id=contract.tenant_id, contract=contract, system=system, source=source,
            severity=severity, title=title.strip(), description=description, reference=reference,
            found_at=found_at, due_at=due_of(severity, found_at, rules), by=actor,
        )  # fmt: skip
        audit.record(
            actor=actor, verb="finding.recorded", subject=finding, at=now, title=finding.title,
            severity=severity, due_at=finding.due_at and finding.due_at.isoformat(),
        )  # fmt: skip
    return finding


def rules_at(contract: Contract, at: datetime) -> Rules:
    version = version_in_force(contract, contract.local_date(at))
    if version is None:
        raise Refused(_("This contract is not in force."))
    return rules_of(version)


def due_of(severity: str, start: datetime, rules: Rules) -> datetime | None:
    """Return until when a finding is mended; None where the terms give its severity no time."""
    spans = rules.terms.time.findings or {}
    span = next((span for key, span in spans.items() if key == severity), None)
    return end_of(span, start, rules) if span else None


def check_agent(actor: Membership, tenant_id: int) -> None:
    if actor.tenant_id != tenant_id or actor.role not in AGENTS:
        raise NotPermitted(_("Only the vendor's team of this client works on its findings."))


def locked(finding: SecurityFinding, *states: str) -> SecurityFinding:
    """Return the finding as it is now, locked; :raises Refused: if it is in no such state."""
    rows = SecurityFinding.objects.select_for_update(of=["self"]).select_related("contract")
    found = rows.get(pk=finding.pk)
    if found.state not in states:
        raise Refused(_("This finding is not open any more."))
    return found


@command
def end_finding(
    *, finding: SecurityFinding, actor: Membership, fixed: bool, reason: str, now: datetime
) -> SecurityFinding:
    """
    Say that a finding is mended and how, or that it is none and why; a miss before it stays.

    :raises Invalid: without a reason.
    """
    check_agent(actor, finding.tenant_id)
    if not reason.strip():
        raise Invalid(_("Reason: say why."), field="reason")
    finding = locked(finding, FindingState.OPEN, FindingState.ACCEPTED)
    note_miss(finding, now)
    finding.state = FindingState.FIXED if fixed else FindingState.DISMISSED
    finding.reason, finding.ended_at, finding.accepted_until = reason.strip(), now, None
    finding.save()
    verb = "finding.fixed" if fixed else "finding.dismissed"
    audit.record(actor=actor, verb=verb, subject=finding, at=now, reason=finding.reason)
    return finding


@command
def accept_risk(
    *, finding: SecurityFinding, actor: Membership, reason: str, expires_on: date, now: datetime
) -> RiskAcceptance:
    """
    Live with a finding until a day: the client's service owner says so, and why.

    :raises NotPermitted: to anybody else: whose risk it is decides.
    :raises Invalid: without a reason, or if the day is not after today and within a year.
    """
    if actor.tenant_id != finding.tenant_id or actor.role != Role.SERVICE_OWNER:
        raise NotPermitted(_("Only the client's service owner accepts a risk."))
    if not reason.strip():
        raise Invalid(_("Reason: say why."), field="reason")
    finding = locked(finding, FindingState.OPEN, FindingState.ACCEPTED)
    today = finding.contract.local_date(now)
    if not today < expires_on <= today + LONGEST:
        raise Invalid(_("Choose a day after today, a year from now at most."), field="expires_on")
    note_miss(finding, now)
    finding.state, finding.accepted_until = FindingState.ACCEPTED, expires_on
    finding.save()
    row = RiskAcceptance.objects.create(
        tenant_id=finding.tenant_id, finding=finding, by=actor, reason=reason.strip(),
        expires_on=expires_on, at=now,
    )  # fmt: skip
    audit.record(
        actor=actor, verb="finding.risk_accepted", subject=finding, at=now, reason=row.reason,
        expires_on=expires_on.isoformat(),
    )  # fmt: skip
    return row


@command
def open_finding_ticket(
    *,
    finding: SecurityFinding,
    actor: Membership,
    environment: str,
    now: datetime,
    answers: Mapping[int, bool] | None = None,
) -> Ticket:
    """
    Open the ticket that mends a finding; one that is open already is it.

    It is security operation, unless the contract's own questions are answered: then they tell
    whether it is preventive maintenance.
    """
    check_agent(actor, finding.tenant_id)
    finding = locked(finding, FindingState.OPEN, FindingState.ACCEPTED)
    if finding.ticket is not None and finding.ticket.is_open:
        return finding.ticket
    told = dict(answers or {})
    facts = Facts(answers=told) if told else Facts(activity=Activity.SECURITY_OPERATION)
    impact, urgency = HOW_BAD[Severity(finding.severity)]
    ticket = open_ticket(
        contract=finding.contract,
        actor=actor,
        requester=first_on_duty(finding, Role.SERVICE_OWNER, Role.REQUESTER),
        type=TicketType.CHANGE_REQUEST,
        title=finding.title,
        description="\n\n".join(filter(None, [finding.reference, finding.description])),
        system=finding.system,
        environment=environment,
        impact=impact,
        urgency=urgency,
        channel=Channel.FORM,
        received_at=now,
        now=now,
        facts=facts,
    )
    finding.ticket = ticket
    finding.save(update_fields=["ticket"])
    audit.record(
        actor=actor, verb="finding.ticket_opened", subject=finding, at=now, ticket=ticket.key
    )
    return ticket


def note_miss(finding: SecurityFinding, now: datetime) -> None:
    if finding.missed_at is None and finding.is_late(now):
        finding.missed_at = finding.due_at


@jobs.handles("tickets.security", every=EVERY)
def look_after_findings(job: Job) -> None:
    sweep_findings(timezone.now())


def sweep_findings(now: datetime) -> int:
    """Record each due date that passed, and open what was accepted until now; return how many."""
    rows = SecurityFinding.objects.select_for_update(skip_locked=True, of=["self"])
    late = list(rows.overdue(now).filter(missed_at=None)[:A_RUN])
    for finding in late:
        note_miss(finding, now)
        finding.save(update_fields=["missed_at"])
        audit.record(actor=None, verb="finding.missed", subject=finding, at=now)
    rows = rows.filter(state=FindingState.ACCEPTED).select_related("contract")
    near = rows.filter(accepted_until__lte=now.date() + timedelta(days=1))
    back = [row for row in near[:A_RUN] if row.accepted_until <= row.contract.local_date(now)]
    for finding in back:
        reopen(finding, now)
    return len(late) + len(back)


def reopen(finding: SecurityFinding, now: datetime) -> None:
    """Let a risk be open again, with the time that the terms give it from now."""
    finding.state, finding.accepted_until = FindingState.OPEN, None
    finding.due_at = due_of(finding.severity, now, rules_at(finding.contract, now))
    finding.save(update_fields=["state", "accepted_until", "due_at"])
    audit.record(
        actor=None, verb="finding.risk_expired", subject=finding, at=now,
        due_at=finding.due_at and finding.due_at.isoformat(),
    )  # fmt: skip

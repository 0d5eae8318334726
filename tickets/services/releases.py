"""What maintenance delivers: a release is recorded, and a stage of maintenance ends with one."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from contracts.models import Contract
from contracts.rules import rules_of
from contracts.services import version_in_force
from tenants.errors import Invalid, NotPermitted
from tenants.models import AuditEvent, Membership
from tenants.scoping import tenant_scope
from tenants.services import audit
from tickets.domain.lifecycle import AGENTS, Action
from tickets.models import Delivery, Release, Stage, Ticket
from tickets.models.choices import WorkStream
from tickets.services.guard import begin, command, stage_of


@command
def record_release(
    *,
    contract: Contract,
    actor: Membership,
    system: str,
    kind: str,
    name: str,
    released_at: datetime,
    now: datetime,
    documents: Sequence[str] = (),
    summary: str = "",
    fixes: Sequence[Ticket] = (),
) -> Release:
    """
    Write down what was released to a system, and which tickets in maintenance it fixes.

    :raises Invalid: if it lies in the future, its name is taken, or a ticket is not maintenance's.
    :raises NotPermitted: if `actor` is not of the vendor's team of this client.
    """
    if actor.tenant_id != contract.tenant_id or actor.role not in AGENTS:
        raise NotPermitted(_("Only the vendor's team of this client records a release."))
    with tenant_scope(contract.tenant_id):
        tickets = [begin(ticket.pk, actor, Action.RECORD_RELEASE) for ticket in fixes]
        check_release(contract, system, name, released_at, now)
        release = Release.objects.create(
            tenant_id=contract.tenant_id,
            contract=contract,
            system=system,
            kind=kind,
            name=name.strip(),
            summary=summary,
            documents=[text.strip() for text in documents if text.strip()],
            released_at=released_at,
            written_at=now,
            by=actor,
        )
        for ticket in tickets:
            deliver(ticket, actor, now, release)
        audit.record(
            actor=actor,
            verb="release.recorded",
            subject=release,
            at=now,
            system=system,
            name=release.name,
            fixes=[ticket.key for ticket in tickets],
        )
    return release


@command
def record_release_for(*, ticket: Ticket, actor: Membership, now: datetime, **told) -> Ticket:
    """Write down the release that fixes a ticket, on the ticket's own system where none is told."""
    told.setdefault("system", ticket.system)
    record_release(contract=ticket.contract, actor=actor, now=now, fixes=[ticket], **told)
    return ticket


def check_release(
    contract: Contract, system: str, name: str, released_at: datetime, now: datetime
) -> None:
    version = version_in_force(contract, contract.local_date(now))
    if version is None or rules_of(version).terms.system(system) is None:
        raise Invalid(_("The contract does not name this system."), field="system")
    if released_at > now:
        raise Invalid(_("A release is recorded once it is out."), field="released_at")
    if not name.strip():
        raise Invalid(_("Give the patch or version its name."), field="name")
    if Release.objects.filter(contract=contract, system=system, name=name.strip()).exists():
        raise Invalid(_("This system has a release of that name."), field="name")


def deliver(ticket: Ticket, actor: Membership, now: datetime, release: Release) -> None:
    """
    Write down that a release fixes a locked ticket.

    :raises Invalid: if maintenance does not have the ticket, or the release is another contract's.
    """
    stage = stage_of(ticket)
    if stage.stream != WorkStream.MAINTENANCE:
        raise Invalid(_("Only what maintenance has is fixed by a release."), field="fixes")
    if release.contract_id != ticket.contract_id:
        raise Invalid(_("The release is of another contract."), field="release")
    if not Delivery.objects.filter(stage=stage, release=release).exists():
        _write(ticket, stage, actor, now, release=release)


def end_maintenance(
    ticket: Ticket, actor: Membership, now: datetime, release: Release | None, no_release: str
) -> None:
    """
    Hold a resolution in maintenance to its delivery: a release, or a reason why there is none.

    :raises Invalid: if neither is told, nor was a release recorded for the stage before.
    """
    stage = stage_of(ticket)
    if stage.stream != WorkStream.MAINTENANCE:
        return
    if release is not None:
        deliver(ticket, actor, now, release)
    elif no_release.strip():
        _write(ticket, stage, actor, now, reason=no_release.strip()[:200])
    elif not delivered(ticket, stage):
        raise Invalid(
            _("Maintenance ends with a release, or with the reason why there is none."),
            field="release",
        )


def delivered(ticket: Ticket, stage: Stage) -> bool:
    """Return whether a release was recorded for the stage since the ticket was last opened."""
    rows = Delivery.objects.filter(stage=stage).exclude(release=None)
    if ticket.reopened:
        reopened = AuditEvent.objects.filter(
            subject_type=ticket._meta.label_lower, subject_id=ticket.pk, verb="ticket.reopened"
        )
        rows = rows.filter(at__gte=reopened.latest("pk").at)
    return rows.exists()


def _write(
    ticket: Ticket,
    stage: Stage,
    actor: Membership,
    now: datetime,
    release: Release | None = None,
    reason: str = "",
) -> None:
    Delivery.objects.create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        stage=stage,
        release=release,
        reason=reason,
        by=actor,
        at=now,
    )

"""The lists as files, column by column: what each reader may see, in their language."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from contracts.domain.money import exponent_of
from tenants.exports import Column
from tenants.models import Membership
from tickets.models import Estimate, Ticket
from tickets.models.choices import AuthorityKind, EstimateStatus, Outcome
from tickets.views.estimate_face import shown_revision


def of_ticket() -> list[Column]:
    """Return what the list of tickets tells a client too; rows are `for_worklist` with decisions."""
    return [
        Column(_("Ticket"), lambda t: t.key, 12),
        Column(_("Client"), lambda t: t.tenant.name, 24),
        Column(_("Title"), lambda t: t.title, 50),
        Column(_("Type"), lambda t: t.get_type_display()),
        Column(_("System"), lambda t: t.system),
        Column(_("Environment"), lambda t: t.environment),
        Column(_("Priority"), lambda t: t.priority, 9),
        Column(_("Status"), lambda t: t.get_status_display(), 14),
        Column(_("Verdict"), verdict, 28),
        Column(_("Clause"), lambda t: t.stage.decision.clause_id, 10),
        Column(_("Accountable"), lambda t: t.stage.owner.user.name, 24),
        Column(_("Requester"), lambda t: t.requester.user.name, 24),
        Column(_("Received"), lambda t: t.received_at, moment=True),
        Column(_("Next deadline"), lambda t: t.next_due_at, moment=True),
        Column(_("Resolved"), lambda t: t.resolved_at, moment=True),
        Column(_("Closed"), lambda t: t.closed_at, moment=True),
        Column(_("Contract"), lambda t: t.contract.number),
        Column(_("Imported as"), lambda t: t.source_key),
    ]


def verdict(ticket: Ticket) -> str:
    decision = ticket.stage.decision
    return _("A question is open") if decision.pending else str(Outcome(decision.outcome).label)


def of_release() -> list[Column]:
    return [
        Column(_("Release"), lambda r: r.name),
        Column(_("Client"), lambda r: r.tenant.name, 24),
        Column(_("Contract"), lambda r: r.contract.number),
        Column(_("Kind"), lambda r: r.get_kind_display()),
        Column(_("System"), lambda r: r.system),
        Column(_("Released"), lambda r: r.released_at, moment=True),
        Column(_("Tickets fixed"), lambda r: r.fixes),
        Column(_("Incidents after"), lambda r: r.incidents_after),
        Column(_("Documents"), lambda r: ", ".join(map(str, r.documents)), 40),
        Column(_("Summary"), lambda r: r.summary, 60),
        Column(_("Recorded by"), lambda r: r.by.user.name, 24),
    ]


def of_run() -> list[Column]:
    """Return what is told of the runs of routine tasks."""
    return [
        Column(_("Routine"), lambda r: r.task.title, 40),
        Column(_("Client"), lambda r: r.tenant.name, 24),
        Column(_("Contract"), lambda r: r.task.contract.number),
        Column(_("System"), lambda r: r.task.system),
        Column(_("Day"), lambda r: r.due_on),
        Column(_("Opens"), lambda r: r.opens_at, moment=True),
        Column(_("Closes"), lambda r: r.closes_at, moment=True),
        Column(_("State"), lambda r: run_words()[r.state]),
        Column(_("Done at"), lambda r: r.done_at, moment=True),
        Column(_("Done by"), lambda r: r.done_by.user.name if r.done_by else "", 24),
        Column(_("Note"), lambda r: r.note, 50),
    ]


def run_words() -> dict[str, str]:
    return {
        "done": _("Done"),
        "late": _("Done late"),
        "missed": _("Missed"),
        "waiting": _("Waits to be done"),
    }


def of_entry() -> list[Column]:
    """Return what is told of time worked to whoever sees costs; `wrong` is annotated."""
    return [
        Column(_("Day"), lambda e: e.contract.local_date(e.starts_at), 12),
        Column(_("Ticket"), lambda e: e.ticket.key, 12),
        Column(_("Title"), lambda e: e.ticket.title, 50),
        Column(_("Person"), lambda e: e.person.user.name, 24),
        Column(_("Tier"), lambda e: e.tier, 8),
        Column(_("From"), lambda e: e.starts_at, moment=True),
        Column(_("To"), lambda e: e.ends_at, moment=True),
        Column(_("Minutes"), lambda e: e.minutes, 9),
        Column(_("Authority"), lambda e: str(AuthorityKind(e.authority).label)),
        Column(_("Clause"), lambda e: e.clause_id, 10),
        Column(_("Triage"), lambda e: yes(e.triage), 8),
        Column(_("Corrected"), lambda e: yes(e.wrong), 10),
        Column(_("Adjusts"), lambda e: f"{e.adjusts.month:%Y-%m}" if e.adjusts else "", 10),
        Column(_("What was done"), lambda e: e.note, 50),
    ]


def yes(true: bool) -> str:
    return _("Yes") if true else ""


def of_estimate(desks: Iterable[Membership]) -> list[Column]:
    """Return what is told of estimates; a client's columns show only what was sent to it."""
    vendor_at = {m.tenant_id for m in desks if m.is_vendor}

    def shown(estimate: Estimate) -> tuple[Any, str]:
        return shown_revision(estimate, for_vendor=estimate.tenant_id in vendor_at)

    def amount(estimate: Estimate) -> Decimal:
        revision, _status = shown(estimate)
        return Decimal(revision.amount).scaleb(-exponent_of(revision.currency))

    return [
        Column(_("Estimate"), lambda e: f"{e.ticket.key} E{e.number}", 16),
        Column(_("Client"), lambda e: e.tenant.name, 24),
        Column(_("Title"), lambda e: e.ticket.title, 50),
        Column(_("Revision"), lambda e: shown(e)[0].number, 9),
        Column(_("Status"), lambda e: str(EstimateStatus(shown(e)[1]).label), 24),
        Column(_("Pricing"), lambda e: shown(e)[0].get_pricing_display(), 20),
        Column(_("Amount"), amount, 14),
        Column(_("Currency"), lambda e: shown(e)[0].currency, 9),
        Column(_("Hours"), lambda e: hours(shown(e)[0]), 9),
        Column(_("Sent"), lambda e: e.sent_at, moment=True),
        Column(_("Answer until"), lambda e: e.expires_at, moment=True),
        Column(_("Accepted"), lambda e: e.accepted_at, moment=True),
        Column(_("Delivery on"), lambda e: shown(e)[0].delivery_on, 12),
        Column(_("Delivered"), lambda e: e.delivered_at, moment=True),
    ]


def hours(revision: Any) -> Decimal:
    """Return the offered effort in hours, to two places."""
    minutes = sum(line.minutes for line in revision.parts)
    return round(Decimal(minutes) / Decimal(timedelta(hours=1) // timedelta(minutes=1)), 2)

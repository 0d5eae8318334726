"""A ticket is opened: bound to the version in force, held against it, its clocks started."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from contracts.domain.scope import Facts
from contracts.models import Contract, ContractVersion
from contracts.rules import Rules, rules_of
from contracts.services import version_in_force
from tenants.errors import Invalid
from tenants.models import AuditEvent, Membership
from tenants.scoping import tenant_scope
from tenants.services import audit
from tenants.services.at_once import next_id, next_ids
from tickets.domain.priority import priority_of
from tickets.models import Decision, LinkKind, Obligation, Stage, Ticket
from tickets.models.choices import Channel
from tickets.services.attachments import StoredFile, attach
from tickets.services.binding import bind, has_others
from tickets.services.clocks import Clocks
from tickets.services.guard import command, keep
from tickets.services.link_rows import note_link
from tickets.services.promises import start_clocks
from tickets.services.stages import Ids, new_stage

AT_ONCE = timedelta(minutes=10)  # writing a request down takes that long
MOST_CLOCKS = 6  # that `start_clocks` starts


class Opened(NamedTuple):
    """A new ticket with its clocks and the event that says so: it is shown without a reading."""

    ticket: Ticket
    clocks: list[Obligation]
    event: AuditEvent


def open_ticket(**told: Any) -> Ticket:
    """Open a ticket as `opened` does, and return it alone."""
    return opened(**told).ticket


@command
def opened(
    *,
    contract: Contract,
    actor: Membership | None,
    requester: Membership,
    type: str,
    title: str,
    system: str,
    environment: str,
    impact: int,
    urgency: int,
    received_at: datetime,
    now: datetime,
    description: str = "",
    symptom: str = "",
    channel: str = Channel.FORM,
    facts: Facts | None = None,
    priority: str = "",
    source: str = "",
    source_key: str = "",
    received_reason: str = "",
    files: Sequence[StoredFile] = (),
    follows: Ticket | None = None,
) -> Opened:
    """
    Open a ticket, take the verdict on it, name its owner and start its clocks.

    All of it is written by one statement.

    `received_at` may be earlier than `now`, never later: that is a vendor person's to say, with a
    `received_reason`; writing it down is no first response. The version in force then, in the
    contract's zone, binds the ticket for good; where another contract of the client, and it alone,
    answers for the activity, the ticket is that one's. Facts told by a client are claimed, by a
    vendor person or the portal itself (no `actor`, as for an alert) confirmed. `files` were stored
    before (`store_file`); `follows` is a ticket that can be reopened no more.

    :raises Invalid: if no version was in force, system or environment are not in it, or a request
        that was received earlier has no reason.
    """
    with tenant_scope(contract.tenant_id):
        check_people(contract, actor, requester)
        version = binding_version(contract, received_at, now)
        if not source and actor is not None:
            check_received(actor, received_at, now, received_reason)
        rules = rules_of(version)
        check_place(rules, system, environment)
        day = contract.local_date(received_at)
        others = has_others(contract, day)
        bound, facts = bind(contract, rules.terms, facts or Facts(), system, day, others=others)
        if bound != contract:
            contract, version = bound, binding_version(bound, received_at, now)
            rules = rules_of(version)
            check_place(rules, system, environment)
        number, ids = numbered(contract)
        ticket = Ticket(
            pk=ids.ticket,
            tenant=contract.tenant,
            key=f"{contract.tenant.code}-{number}",
            number=number,
            contract=contract,
            version=version,
            type=type,
            title=title,
            description=description,
            system=system,
            environment=environment,
            symptom=symptom,
            impact=impact,
            urgency=urgency,
            priority=priority or priority_of(impact, urgency),
            channel=channel,
            requester=requester,
            received_at=received_at,
            received_reason=received_reason.strip(),
            registered_at=now,
            source=source,
            source_key=source_key,
        )
        known = with_ticket(facts, ticket, rules, confirmed=actor is None or actor.is_vendor)
        rows = new_stage(
            ids, ticket=ticket, facts=known, rules=rules, actor=actor, at=received_at, others=others
        )
        clocks = Clocks.of_new(ticket, actor, ids.clocks)
        start_clocks(clocks, ticket.stage, received_at)
        event = audit.record(
            actor=actor,
            verb="ticket.opened",
            subject=ticket,
            at=now,
            along=[ticket, *rows, *clocks.to_write()],
            key=ticket.key,
            outcome=ticket.stage.decision.outcome,
            clause=ticket.stage.decision.clause_id,
            pending=ticket.stage.decision.pending,
            **came(ticket),
        )
        attach(ticket, files, actor, now)
        if follows is not None:
            check_follows(ticket, follows)
            note_link(ticket, follows, LinkKind.RELATES, actor, now)
    keep(ticket)
    return Opened(ticket, clocks.rows, event)


def check_people(contract: Contract, actor: Membership | None, requester: Membership) -> None:
    if requester.is_vendor:
        raise Invalid(_("The requester is a person of the client."), field="requester")
    if {(actor or requester).tenant_id, requester.tenant_id} != {contract.tenant_id}:
        raise Invalid(_("The requester is a person of this client."), field="requester")


def check_received(actor: Membership, received_at: datetime, now: datetime, reason: str) -> None:
    """:raises Invalid: if a client says it came earlier, or a vendor person does not say why."""
    if now - received_at < AT_ONCE:
        return
    if not actor.is_vendor:
        raise Invalid(_("A request is received when you send it."), field="received_at")
    if not reason.strip():
        raise Invalid(
            _("It was received earlier: say why it is written down only now."),
            field="received_reason",
        )


def came(ticket: Ticket) -> dict[str, str]:
    """Return what the trail says of a request that was written down later than it came."""
    if not ticket.received_reason:
        return {}
    return {"received_at": ticket.received_at.isoformat(), "reason": ticket.received_reason}


def check_follows(ticket: Ticket, follows: Ticket) -> None:
    if follows.tenant_id != ticket.tenant_id:
        raise Invalid(_("There is no ticket with this number at this client."), field="follows")


def binding_version(
    contract: Contract, received_at: datetime, now: datetime, current: ContractVersion | None = None
) -> ContractVersion:
    """Return the version that was in force then; `current` is the one of today, where it is known."""
    if received_at > now:
        raise Invalid(_("A ticket cannot be received in the future."), field="received_at")
    day = contract.local_date(received_at)
    is_todays = current is not None and current.effective_on <= day
    version = current if is_todays else version_in_force(contract, day, without_text=True)
    if version is None or (contract.ends_on is not None and day >= contract.ends_on):
        raise Invalid(_("No version of this contract was in force then."), field="contract")
    return version


def check_place(rules: Rules, system: str, environment: str) -> None:
    if (known := rules.terms.system(system)) is None:
        names = ", ".join(rules.terms.system_keys())
        raise Invalid(_("The contract names these systems: %s.") % names, field="system")
    if environment not in known.environments:
        names = ", ".join(known.environments)
        raise Invalid(_("This system has these environments: %s.") % names, field="environment")


def numbered(contract: Contract) -> tuple[int, Ids]:
    """Take the next number of the tenant; its counter stays locked until the commit."""
    ids = (next_id(Stage), next_id(Decision), next_id(Ticket), next_ids(Obligation, MOST_CLOCKS))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_ticketcounter (tenant_id, last) VALUES (%s, 1)"  # noqa: S608
            " ON CONFLICT (tenant_id) DO UPDATE SET last = tickets_ticketcounter.last + 1"
            f" RETURNING last, {', '.join(ids)}",
            [contract.tenant_id],
        )
        number, *taken = cursor.fetchone()
    return number, Ids(*taken)


def with_ticket(facts: Facts, ticket: Ticket, rules: Rules, *, confirmed: bool) -> Facts:
    """Return the facts with what the ticket itself says."""
    hours = rules.hours[rules.terms.time.hours or "always"]
    known = replace(
        facts,
        system=ticket.system,
        environment=ticket.environment,
        priority=ticket.priority,
        in_hours=hours.is_open(ticket.received_at),
    )
    return replace(known, confirmed=known.confirmed | told(known)) if confirmed else known


def told(facts: Facts) -> frozenset[str]:
    """Return the names of the facts that have a value."""
    names = facts.to_dict().keys() - {"answers", "confirmed"}
    return frozenset(names) | {f"answers.{index}" for index in facts.answers}

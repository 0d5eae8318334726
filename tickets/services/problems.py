"""From a pattern to its cause and its end: a problem, what is known of it, an estimate of the fix."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from contracts.domain.scope import Facts
from contracts.domain.vocabulary import Activity, Tier
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.scoping import tenant_scope
from tenants.services import audit
from tickets.domain.lifecycle import AGENTS, Action
from tickets.models import Estimate, LinkKind, Occurrence, Pattern, Problem, Ticket
from tickets.models.choices import Channel, Level, Outcome, TicketType
from tickets.models.ticket import OPEN_STATUSES
from tickets.services.estimates import draft_estimate
from tickets.services.guard import begin, command, stage_of
from tickets.services.intake import open_ticket
from tickets.services.link_rows import note_link
from tickets.services.offers import terms_on
from tickets.services.recurrence import standing

MOST_LINKED = 50
DEFAULT_MINUTES = 8 * 60  # of a first line, where nothing says how long a fix takes


@command
def raise_problem(*, pattern: Pattern, actor: Membership, now: datetime) -> Ticket:
    """
    Open a problem for a pattern, with its open incidents linked; one that is open already is it.

    The work that ends a recurring failure is corrective maintenance until somebody says otherwise.

    :raises NotPermitted: to anybody outside the vendor's team of the client.
    :raises Refused: if the pattern has no incident left.
    """
    if actor.tenant_id != pattern.tenant_id or actor.role not in AGENTS:
        raise NotPermitted(_("Only the vendor's team of this client opens a problem."))
    with tenant_scope(pattern.tenant_id):
        rows = Pattern.objects.select_for_update(of=["self"])
        pattern = rows.select_related("contract", "problem__ticket").get(pk=pattern.pk)
        before = pattern.problem.ticket if pattern.problem else None
        if before is not None and before.status in OPEN_STATUSES:
            return before
        last = last_incident(pattern)
        ticket = open_ticket(
            contract=pattern.contract,
            actor=actor,
            requester=last.requester,
            type=TicketType.PROBLEM,
            title=pattern.title,
            symptom=pattern.symptom,
            description=described(pattern),
            system=pattern.system,
            environment=last.environment,
            impact=last.impact,
            urgency=max(last.urgency, Level.MEDIUM),
            channel=Channel.FORM,
            received_at=now,
            now=now,
            facts=Facts(activity=Activity.CORRECTIVE),
        )
        pattern.problem = Problem.objects.create(
            tenant_id=ticket.tenant_id, ticket=ticket, changed_by=actor, changed_at=now,
            **inherited(pattern),
        )  # fmt: skip
        pattern.save(update_fields=["problem"])
        if before is not None:
            note_link(ticket, before, LinkKind.RELATES, actor, now)
        still = Ticket.objects.filter(occurrences__pattern=pattern, status__in=OPEN_STATUSES)
        for incident in still.order_by("-pk")[:MOST_LINKED]:
            note_link(incident, ticket, LinkKind.CAUSED_BY, actor, now)
        audit.record(
            actor=actor, verb="problem.raised", subject=ticket, at=now, pattern=pattern.public_id
        )
    return ticket


def last_incident(pattern: Pattern) -> Ticket:
    rows = standing(Occurrence.objects.filter(pattern=pattern))
    rows = rows.select_related("ticket__requester__user").order_by("-ticket__received_at", "-pk")
    if (row := rows.first()) is None:
        raise Refused(_("No incident is left in this pattern."))
    return row.ticket


def described(pattern: Pattern) -> str:
    """Return what the problem says of itself, in the client's language."""
    rows = standing(Occurrence.objects.filter(pattern=pattern)).order_by("ticket__received_at")
    keys = list(rows.values_list("ticket__key", flat=True))
    with override(pattern.tenant.language):
        said = _("%(count)d incidents of this kind so far, the first %(first)s, the last %(last)s.")
        return said % {"count": len(keys), "first": keys[0], "last": keys[-1]}


def inherited(pattern: Pattern) -> dict[str, str]:
    """Return what was known of the problem before, where the failure came back after its fix."""
    if pattern.problem is None:
        return {}
    return {"workaround": pattern.problem.workaround}


@command
def describe_problem(
    *,
    ticket: Ticket,
    actor: Membership,
    now: datetime,
    root_cause: str = "",
    workaround: str = "",
    known_error: bool = False,
) -> Problem:
    """
    Write down what is known of a problem; a known error has its cause and a way to live with it.

    :raises Invalid: if the ticket is no problem, or a known error lacks one of the two.
    """
    ticket = begin(ticket.pk, actor, Action.LINK)
    if ticket.type != TicketType.PROBLEM:
        raise Invalid(_("Only a ticket of type problem has a cause to describe."))
    cause, way = root_cause.strip(), workaround.strip()
    for name, text in (("root_cause", cause), ("workaround", way)):
        if known_error and not text:
            raise Invalid(_("A known error has its root cause and a workaround."), field=name)
    problem, _made = Problem.objects.select_for_update().get_or_create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        defaults={"changed_by": actor, "changed_at": now},
    )
    problem.root_cause, problem.workaround = cause, way
    problem.known_error_at = (problem.known_error_at or now) if known_error else None
    problem.changed_by, problem.changed_at = actor, now
    problem.save()
    audit.record(
        actor=actor, verb="problem.described", subject=ticket, at=now,
        root_cause=cause, workaround=way, known_error=known_error,
    )  # fmt: skip
    return problem


@command
def draft_fix(*, pattern: Pattern, actor: Membership, now: datetime, minutes: int = 0) -> Estimate:
    """
    Draft an estimate that ends a pattern, on its problem, which is opened where there is none.

    Its one line is `minutes` of maintenance, else a day; whoever sends it writes it out.

    :raises Refused: if the contract asks for no estimate: then the fix may simply be made.
    """
    ticket = raise_problem(pattern=pattern, actor=actor, now=now)
    alive = Estimate.objects.filter(ticket=ticket).alive().first()
    if alive is not None:
        return alive
    decision = stage_of(ticket).decision
    if decision.outcome != Outcome.ESTIMATE:
        raise Refused(not_asked(decision.outcome))
    with override(pattern.tenant.language):
        text = _("Permanent fix: %s") % pattern.title
    line: dict[str, Any] = {"text": text[:200], "minutes": minutes or DEFAULT_MINUTES}
    return draft_estimate(ticket=ticket, actor=actor, now=now, lines=[line | worker(ticket, now)])


def not_asked(outcome: str) -> str:
    if outcome == Outcome.UNDECIDED:
        return _("The contract does not say yet who pays for the fix: answer what is asked first.")
    return _("The contract asks for no estimate here (%s): open the problem and fix it.") % (
        Outcome(outcome).label
    )


def worker(ticket: Ticket, now: datetime) -> dict[str, str]:
    """Return the tier that fixes, and its place where the rate depends on it."""
    rates = terms_on(ticket, now).cost.rates
    tier = Tier.L3 if Tier.L3 in rates else next(iter(rates))
    rate = rates[tier]
    return {"tier": str(tier), "place": str(next(iter(rate))) if isinstance(rate, dict) else ""}

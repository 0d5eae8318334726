"""A confirmed emergency outside the scope: worked at once, the client told, the estimate owed."""

from datetime import datetime

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from contracts.domain.scope import Facts
from contracts.rules import Rules, rules_of
from tenants.errors import Invalid, Refused
from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit
from tickets.domain.emergency import Told, is_emergency
from tickets.domain.lifecycle import Action
from tickets.models import Decision, Emergency, Ticket, TimeEntry
from tickets.models.choices import OUT_OF_SCOPE, AuthorityKind, ObligationKind
from tickets.services.clocks import Clocks
from tickets.services.conversation import heard, say
from tickets.services.guard import begin, command, lock, stage_of
from tickets.services.owners import first_on_duty
from tickets.services.promises import end_of
from tickets.services.settlements import settle_emergency

UNDER_EMERGENCY = "emergency"  # the key of minutes that use up its cap


@command
def declare_emergency(
    *,
    ticket: Ticket,
    actor: Membership,
    told_at: datetime | None,
    now: datetime,
    told: Membership | None = None,
) -> Emergency:
    """
    Record that work outside the scope is done at once, and when the service owner was told.

    It began when a vendor person had confirmed the priority; the retro-estimate is due from then
    on. `told` is the service owner on duty unless named; without `told_at` nobody was told.

    :raises Refused: if the ticket is no emergency of its contract, or was declared one before.
    :raises Invalid: if `told` is no service owner, or was told at an impossible time.
    """
    ticket = begin(ticket.pk, actor, Action.DECLARE_EMERGENCY)
    rules, decision = rules_of(ticket.version), stage_of(ticket).decision
    if not counts_as_emergency(decision, rules):
        raise Refused(
            _("Only work outside the scope, with a priority that we confirmed, is an emergency.")
        )
    if Emergency.objects.filter(ticket=ticket).exists():
        raise Refused(_("This emergency is declared already."))
    if told_at is not None:
        told = told or first_on_duty(ticket, Role.SERVICE_OWNER)
        check_told(ticket, told, told_at, now)
    began_at = confirmed_since(decision, rules)
    emergency = Emergency.objects.create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        began_at=began_at,
        declared_by=actor,
        declared_at=now,
        owner_told=told if told_at else None,
        owner_told_at=told_at,
        estimate_due_at=end_of(rules.terms.scope.emergency.estimate_within, began_at, rules),
    )
    audit.record(
        actor=actor,
        verb="emergency.declared",
        subject=ticket,
        at=now,
        told=emergency.owner_told_id,
        told_at=told_at and told_at.isoformat(),
        estimate_due_at=emergency.estimate_due_at.isoformat(),
    )
    return emergency


def check_told(ticket: Ticket, told: Membership, told_at: datetime, now: datetime) -> None:
    if told.role != Role.SERVICE_OWNER or told.tenant_id != ticket.tenant_id:
        raise Invalid(_("The service owner of this client must be told."), field="told")
    if not ticket.received_at <= told_at <= now:
        raise Invalid(_("Choose a time between the request and now."), field="told_at")


@command
def send_retro_estimate(
    *, ticket: Ticket, actor: Membership, amount: int, text: str, now: datetime
) -> Emergency:
    """
    Send the client what the emergency costs, in minor units; in time, its minutes stay billable.

    :raises Refused: if there is no emergency, or its estimate was sent.
    :raises Invalid: if the amount is negative, or there are no words for the client.
    """
    if amount < 0:
        raise Invalid(_("An amount is not negative."), field="amount")
    if not text.strip():
        raise Invalid(_("Write what was done and what it costs."), field="text")
    ticket = begin(ticket.pk, actor, Action.SEND_RETRO_ESTIMATE)
    emergency = Emergency.objects.filter(ticket=ticket).first()
    if emergency is None:
        raise Refused(_("No emergency was declared on this ticket."))
    if emergency.estimate_sent_at is not None:
        raise Refused(_("The estimate of this emergency was sent already."))
    emergency.estimate_amount = amount
    emergency.estimate_sent_by, emergency.estimate_sent_at = actor, now
    emergency.save(update_fields=["estimate_amount", "estimate_sent_by", "estimate_sent_at"])
    lapse(ticket, emergency, now)
    say(ticket, actor, text, now)
    clocks = Clocks.of(ticket, actor)
    clocks.stop(ObligationKind.ESTIMATE, now)
    heard(clocks, now)
    clocks.save()
    ticket.save(update_fields=["next_due_at"])
    audit.record(
        actor=actor,
        verb="emergency.estimate_sent",
        subject=ticket,
        at=now,
        amount=amount,
        late=emergency.lapsed_at is not None,
    )
    return emergency


def lapse(ticket: Ticket, emergency: Emergency, now: datetime) -> None:
    """Make goodwill of the minutes of an emergency whose estimate is late; once is enough."""
    late = told(emergency, rules_of(ticket.version)).estimate_is_late(now)
    if not late or emergency.lapsed_at is not None:
        return
    emergency.lapsed_at = now
    emergency.save(update_fields=["lapsed_at"])
    settled = settle_emergency(ticket, now=now)
    audit.record(actor=None, verb="emergency.lapsed", subject=ticket, at=now, entries=settled)


def late_estimates(now: datetime) -> list[int]:
    """Return the tickets whose retro-estimate is late and not yet known to be, oldest first."""
    rows = Emergency.objects.filter(
        estimate_sent_at=None, lapsed_at=None, estimate_due_at__lt=now
    ).order_by("estimate_due_at")
    return list(rows.values_list("ticket_id", flat=True))


@transaction.atomic
def lapse_emergency(ticket_id: int, now: datetime) -> None:
    """Let a late retro-estimate cost its minutes, where nobody works on the ticket right now."""
    if (ticket := lock(ticket_id, skip_locked=True)) is not None:
        lapse(ticket, Emergency.objects.get(ticket=ticket), now)


# --- what stands behind minutes ---


def told_of(ticket: Ticket, decision: Decision, at: datetime) -> Told | None:
    """Return the emergency in which work at an instant falls, under its decision; None where none."""
    if decision.outcome not in OUT_OF_SCOPE:
        return None
    rules = rules_of(ticket.version)
    if not counts_as_emergency(decision, rules):
        return None
    emergency = Emergency.objects.filter(ticket=ticket, began_at__lte=at).first()
    return told(emergency, rules) if emergency else None


def told(emergency: Emergency, rules: Rules) -> Told:
    return Told(
        began_at=emergency.began_at,
        owner_told_at=emergency.owner_told_at,
        estimate_due_at=emergency.estimate_due_at,
        estimate_sent_at=emergency.estimate_sent_at,
        cap=rules.terms.scope.emergency.cap,
    )


def minutes_used(ticket: Ticket) -> int:
    """Return the minutes that have used up the cap of the ticket's emergency, whatever they became."""
    rows = TimeEntry.objects.standing().filter(ticket=ticket, authority_key=UNDER_EMERGENCY)
    kinds = (AuthorityKind.EMERGENCY, AuthorityKind.GOODWILL)
    return rows.filter(authority__in=kinds).aggregate(sum=Sum("minutes"))["sum"] or 0


def counts_as_emergency(decision: Decision, rules: Rules) -> bool:
    facts = Facts.from_dict(decision.facts)
    return is_emergency(rules.terms.scope.emergency, decision.outcome, facts)


def confirmed_since(decision: Decision, rules: Rules) -> datetime:
    """Return when the ticket became the emergency that it still is under its last decision."""
    since = decision.at
    for earlier in Decision.objects.filter(ticket_id=decision.ticket_id).order_by("-at", "-pk"):
        if not counts_as_emergency(earlier, rules):
            break
        since = min(since, earlier.at)
    return since

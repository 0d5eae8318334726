"""The page of one ticket: verdict, clocks, what happened, and the steps on offer."""

from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from contracts.rules import rules_of
from contracts.views.shown import sees_cost
from tenants.models import AuditEvent, Membership
from tenants.roles import Role
from tickets.domain.lifecycle import Action
from tickets.models import Alert, Call, Correction, Delivery, Dispute, Ticket
from tickets.models.choices import Channel, HandoffState, Outcome, Priority, WorkStream
from tickets.services.corrections import corrector_of
from tickets.services.passing import potato
from tickets.services.precedents import precedents
from tickets.services.rounded import rounded_minutes
from tickets.views import panels
from tickets.views.clocks import faces
from tickets.views.desk import actions_at, desks_at, ticket_or_404
from tickets.views.estimate_face import estimate_on
from tickets.views.moves import ANSWERS, MOVES, RULINGS, Move, Offer, offers
from tickets.views.patterns import recurrence_on
from tickets.views.situation import Situation, situation_of
from tickets.views.timeline import timeline
from tickets.views.watch import linked, watching

PRECEDENTS = 3
MOST_ALERTS = 20
LINKING = [move for move in MOVES if move.action in (Action.LINK, Action.MERGE)]
COMMENT = next(move for move in MOVES if move.action == Action.COMMENT)


@require_GET
def ticket_page(request: HttpRequest, key: str) -> HttpResponse:
    ticket, now = ticket_or_404(request, key), timezone.now()
    state = state_of(ticket, now)  # before what it names: what happens meanwhile is news, not lost
    context = context_of(request, ticket, now)
    context |= {"seen_at": state, **recurrence_on(request, ticket)}
    context["panels"] = panels.drawn(request, ticket, context["desks"])
    return render(request, "tickets/ticket_page.html", context)


def context_of(request: HttpRequest, ticket: Ticket, now: datetime) -> dict[str, object]:
    """Return what the page shows of a ticket; `recurrence_on` and the panels come on top."""
    desks, rules = desks_at(request, ticket), rules_of(ticket.version)
    for_vendor = any(m.is_vendor for m in desks)
    handoffs = list(ticket.handoffs.select_related("offered_by__user", "answered_by__user"))
    sees_time = for_vendor or any(m.role == Role.SERVICE_OWNER for m in desks)
    situation = situation_of(
        ticket, rules, handoffs, now, for_client=any(not m.is_vendor for m in desks)
    )
    disputes = disputes_shown(ticket, desks, situation)
    leads = not any(dispute["answers"] for dispute in disputes)
    context = {
        "ticket": ticket,
        "now": now,
        "desks": desks,
        "terms": rules.terms,
        "system": rules.terms.system(ticket.system),
        "decision": ticket.stage.decision,
        "clocks": faces(ticket, rules, now),
        "timeline": timeline(ticket, for_vendor=for_vendor),
        "handoffs": handoffs if for_vendor else [],
        "answers": answers(ticket, desks, handoffs),
        "entries": time_entries(ticket, desks) if sees_time else None,
        "offers": offers(
            ticket, lambda action: able(ticket, desks, action), situation, leads=leads
        ),
        "situation": situation,
        "disputes": disputes,
        "comment": comment_offer(ticket, desks),
        "translates": able(ticket, desks, Action.TRANSLATE) is not None,
        "links": linked(ticket, request.memberships, for_vendor=for_vendor),
        "watchers": watching(ticket, desks, for_vendor=for_vendor),
        "link_moves": link_moves(ticket, desks),
        "files": list(ticket.attachments.filter(comment=None)),
        "deliveries": deliveries(ticket),
        "alerts": held_alerts(ticket),
        **calls_of(ticket, for_vendor=for_vendor),
        "for_vendor": for_vendor,
        "sees_cost": sees_cost(desks),
        "estimate": estimate_on(ticket, desks, now),
        "may_estimate": may_estimate(ticket, desks),
    }
    context["rounded"] = rounded_minutes(ticket) if context["entries"] else None
    context["potato"] = potato(ticket, context["entries"] or (), now) if for_vendor else None
    context["minutes"] = sum(entry.minutes for entry in context["entries"] or () if not entry.wrong)
    return context


def state_of(ticket: Ticket, now: datetime) -> str:
    """Return a name of what the page shows: another one when something happened, or a clock went on."""
    runs = ticket.next_due_at is not None
    return f"{last_event(ticket)}.{int(now.timestamp()) // 60 if runs else 0}"


def last_event(ticket: Ticket) -> int:
    """Return the last entry of the trail; every change of a ticket writes one."""
    rows = AuditEvent.objects.filter(subject_type="tickets.ticket", subject_id=ticket.pk)
    return rows.order_by("-pk").values_list("pk", flat=True).first() or 0


def held_alerts(ticket: Ticket) -> list[Alert]:
    """Return the last alerts of a ticket that came by one; a storm's ticket holds thousands."""
    if ticket.channel != Channel.ALERT:
        return []
    return list(Alert.objects.for_list().filter(ticket=ticket)[:MOST_ALERTS])


def calls_of(ticket: Ticket, *, for_vendor: bool) -> dict[str, object]:
    """Return who was called for a P1 and whether somebody still is; nothing to a client."""
    if not for_vendor or ticket.priority != Priority.P1:
        return {"calls": None}
    pages = list(ticket.pages.all())
    calls = Call.objects.filter(page__in=pages).select_related("member__user") if pages else None
    return {"calls": calls, "page_waits": any(page.ended_at is None for page in pages)}


def able(ticket: Ticket, desks: list[Membership], action: Action) -> Membership | None:
    return next((m for m in desks if action in actions_at(ticket, m)), None)


def may_estimate(ticket: Ticket, desks: list[Membership]) -> bool:
    """Return whether the verdict asks for an estimate that this person may write."""
    asks = ticket.stage.decision.outcome == Outcome.ESTIMATE
    return asks and able(ticket, desks, Action.DRAFT_ESTIMATE) is not None


def comment_offer(ticket: Ticket, desks: list[Membership]) -> Offer | None:
    actor = able(ticket, desks, Action.COMMENT)
    return Offer(COMMENT, COMMENT.form_for(ticket, actor), primary=False) if actor else None


def link_moves(ticket: Ticket, desks: list[Membership]) -> list[Offer]:
    """Return what this person may do about other tickets: link one, or merge this one into it."""
    found = ((move, able(ticket, desks, move.action)) for move in LINKING)
    return [Offer(move, form_of(move, ticket, actor), False) for move, actor in found if actor]


def answers(ticket: Ticket, desks: list[Membership], handoffs: list) -> list[dict[str, object]]:
    """Return the answers this person may give to the handoff on offer, with form and address."""
    waiting = next((h for h in handoffs if h.state == HandoffState.OFFERED), None)
    found: list[dict[str, object]] = []
    for move in ANSWERS if waiting else ():
        if actor := able(ticket, desks, move.action):
            url = reverse(f"tickets:{move.route}", args=[waiting.public_id])
            found.append({"move": move, "form": form_of(move, ticket, actor), "url": url})
    return found


def disputes_shown(
    ticket: Ticket, desks: list[Membership], situation: Situation
) -> list[dict[str, object]]:
    """Return each dispute with what this person may do about it, and the precedents to rule by."""
    return [
        {
            "row": dispute,
            "answers": rulings(ticket, desks, dispute),
            **(settled(ticket, dispute) if dispute.ruled_at is None and may_rule(desks) else {}),
        }
        for dispute in situation.disputes
    ]


def rulings(ticket: Ticket, desks: list[Membership], dispute: Dispute) -> list[dict[str, object]]:
    """Return the steps on a dispute: its answer, then the agreement, never to one's own doing."""
    found: list[dict[str, object]] = []
    for move in RULINGS:
        answers_it = move.action == Action.ANSWER_DISPUTE
        by = dispute.opened_by if answers_it else dispute.ruled_by
        is_due = dispute.ruled_at is None if answers_it else dispute.state == "ruled"
        actor = able(ticket, desks, move.action)
        if is_due and actor and actor.user_id != by.user_id:
            url = reverse(f"tickets:{move.route}", args=[dispute.public_id])
            found.append({"move": move, "form": form_of(move, ticket, actor), "url": url})
    return found


def deliveries(ticket: Ticket) -> list[Delivery]:
    """Return how maintenance ended its stages; only what it has, or had last, has any."""
    if ticket.stage.stream != WorkStream.MAINTENANCE:
        return []
    return list(ticket.deliveries.select_related("release"))


def may_rule(desks: list[Membership]) -> bool:
    return any(m.role == Role.ACCOUNT_MANAGER for m in desks)


def settled(ticket: Ticket, dispute: Dispute) -> dict[str, object]:
    """Return how often the disputed clause was ruled on with the client's agreement, and the last."""
    rows = precedents(ticket.contract, dispute.decision.clause_id)
    return {"precedents": list(rows[:PRECEDENTS]), "count": rows.count()}


def form_of(move: Move, ticket: Ticket, actor: Membership):
    return move.form_for(ticket, actor) if move.form else None


def time_entries(ticket: Ticket, desks: list[Membership]) -> list:
    """
    Return the entries; `wrong` says why another stands for it, or none, since a correction.

    `number` names one that this person may correct in an address, else it is None.
    """
    wrong = Correction.objects.filter(entry=OuterRef("pk")).values("reason")[:1]
    rows = ticket.time_entries.annotate(wrong=Subquery(wrong)).select_related("person__user")
    entries = list(rows.order_by("starts_at", "pk"))
    numbers = {pk: number for number, pk in enumerate(sorted(e.pk for e in entries), start=1)}
    for entry in entries:
        corrects = not entry.wrong and corrector_of(entry, desks) is not None
        entry.number = numbers[entry.pk] if corrects else None
    return entries

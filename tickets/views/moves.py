"""The steps a page offers: each is a button, a route and one command of `tickets.services`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from tenants.models import Membership
from tickets import services
from tickets.delivery_forms import DELIVERY_FORMS
from tickets.domain.lifecycle import Action
from tickets.models import Ticket
from tickets.models.choices import Status, TicketType, WorkStream
from tickets.step_forms import FORMS, StepForm
from tickets.verdict_forms import VERDICT_FORMS
from tickets.views.situation import Situation

TEMPLATES = {
    Action.COMMENT: "tickets/_comment_form.html",
    Action.CONFIRM_FACTS: "tickets/_facts_form.html",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One step: `run` is the command, `form` asks for what it needs (None: a plain button)."""

    action: Action
    slug: str
    label: Any
    icon: str
    run: Callable[..., Any]
    done: Any

    @property
    def route(self) -> str:
        return self.action.value

    @property
    def form(self) -> type[StepForm] | None:
        return (FORMS | VERDICT_FORMS | DELIVERY_FORMS).get(self.action)

    @property
    def template(self) -> str:
        return TEMPLATES.get(self.action, "tickets/_step_form.html")

    def form_for(
        self, ticket: Ticket, actor: Membership, data: Any = None, files: Any = None
    ) -> StepForm:
        return (self.form or StepForm)(data, files, ticket=ticket, actor=actor)


MOVES = (
    Move(Action.START, "start", _("Start work"), "play", services.start_work, _("Work has started.")),
    Move(Action.RESUME, "resume", _("Resume the clocks"), "play", services.resume_ticket,
         _("The clocks run again.")),
    Move(Action.RESOLVE, "resolve", _("Resolve"), "circle-check", services.resolve_ticket,
         _("The ticket is resolved. The client can close or reopen it.")),
    Move(Action.CLOSE, "close", _("Close"), "lock", services.close_ticket, _("The ticket is closed.")),
    Move(Action.RESTORE, "restore", _("Service is back"), "shield-check", services.restore_service,
         _("The restoration is recorded.")),
    Move(Action.PAUSE, "pause", _("Pause for the client"), "circle-pause", services.pause_ticket,
         _("The clocks are paused.")),
    Move(Action.CONFIRM_FACTS, "facts", _("Confirm or correct the facts"), "list-checks",
         services.confirm_facts, _("The facts are confirmed, and the verdict was taken again.")),
    Move(Action.OFFER_HANDOFF, "hand-over", _("Offer to maintenance"), "handshake",
         services.offer_handoff, _("The offer is made. You stay accountable until it is accepted.")),
    Move(Action.ASSIGN, "assign", _("Assign"), "user-round-check", services.assign,
         _("The ticket has a new accountable person.")),
    Move(Action.LOG_TIME, "time", _("Log time"), "timer", services.log_time,
         _("The time is recorded.")),
    Move(Action.COMMENT, "comment", _("Send"), "message-square", services.comment,
         _("Your message is on the ticket.")),
    Move(Action.LINK, "link", _("Link another ticket"), "link", services.link_tickets,
         _("The tickets are linked.")),
    Move(Action.MERGE, "merge", _("Merge into another ticket"), "merge", services.merge_ticket,
         _("The ticket is merged. The other one keeps the earlier clock.")),
    Move(Action.RULE_UNDECIDED, "rule", _("Rule on the verdict"), "scale", services.rule_undecided,
         _("The verdict is ruled. The client reads your reason.")),
    Move(Action.OVERRIDE_VERDICT, "override", _("Override the verdict"), "scale",
         services.override_verdict, _("The verdict is another one. The client reads your reason.")),
    Move(Action.DISPUTE_VERDICT, "dispute", _("Dispute the verdict"), "circle-x",
         services.open_dispute, _("The dispute is open. An account manager rules on it.")),
    Move(Action.DECLARE_EMERGENCY, "emergency", _("Declare an emergency"), "triangle-alert",
         services.declare_emergency, _("The emergency is recorded, and its estimate is owed.")),
    Move(Action.SEND_RETRO_ESTIMATE, "retro-estimate", _("Send the estimate of the emergency"),
         "coins", services.send_retro_estimate, _("The estimate is sent.")),
    Move(Action.RECORD_RELEASE, "release", _("Record its release"), "package-check",
         services.record_release_for, _("The release is recorded. Resolving names it.")),
    Move(Action.REOPEN, "reopen", _("Reopen"), "rotate-ccw", services.reopen_ticket,
         _("The ticket is open again.")),
    Move(Action.CANCEL, "cancel", _("Cancel the ticket"), "ban", services.cancel_ticket,
         _("The ticket is cancelled.")),
)  # fmt: skip
ANSWERS = (
    Move(Action.ACCEPT_HANDOFF, "accept", _("Accept"), "check", services.accept_handoff,
         _("You are accountable now.")),
    Move(Action.DISPUTE_HANDOFF, "dispute", _("Send back"), "circle-x", services.dispute_handoff,
         _("The offer went back with your reason.")),
)  # fmt: skip
RULINGS = (
    Move(Action.ANSWER_DISPUTE, "answer", _("Answer the dispute"), "scale", services.answer_dispute,
         _("Your ruling is on the ticket. It binds when the service owner agrees.")),
    Move(Action.AGREE_TO_RULING, "agree", _("Agree to the ruling"), "handshake",
         services.agree_to_ruling, _("The ruling binds.")),
)  # fmt: skip
NEXT = {
    Status.NEW: Action.START,
    Status.IN_PROGRESS: Action.RESOLVE,
    Status.ON_HOLD: Action.RESUME,
    Status.RESOLVED: Action.CLOSE,
}


def fits(move: Move, ticket: Ticket, now: Situation, actor: Membership) -> bool:
    """Return whether the step makes sense now, beyond what the table of steps says."""
    if move.action in SENSE:
        return SENSE[move.action](now, actor)
    if move.action == Action.RESTORE:
        return ticket.type == TicketType.INCIDENT and ticket.restored_at is None
    if move.action == Action.OFFER_HANDOFF:
        return not now.offered and ticket.stage.stream == WorkStream.OPERATION
    if move.action == Action.RECORD_RELEASE:
        return ticket.is_open and ticket.stage.stream == WorkStream.MAINTENANCE
    return move.action not in ELSEWHERE


ELSEWHERE = {Action.COMMENT, Action.LINK, Action.MERGE}  # each stands in a panel of its own
SENSE: dict[Action, Callable[[Situation, Membership], bool]] = {
    Action.REOPEN: lambda now, actor: now.reopenable,
    Action.RULE_UNDECIDED: lambda now, actor: now.undecided,
    Action.OVERRIDE_VERDICT: lambda now, actor: now.may_override(actor),
    Action.DISPUTE_VERDICT: lambda now, actor: now.disputable,
    Action.DECLARE_EMERGENCY: lambda now, actor: now.is_emergency and now.emergency is None,
    Action.SEND_RETRO_ESTIMATE: lambda now, actor: now.owes_estimate,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A step as the page draws it."""

    move: Move
    form: StepForm | None
    primary: bool


def offers(
    ticket: Ticket, actor_at: Callable[[Action], Membership | None], now: Situation, *, leads: bool
) -> list[Offer]:
    """
    Return the steps this person may take, the next one first and marked primary.

    Where something else on the page waits for them, none of these `leads`: a page has one primary step.
    """
    found = []
    for move in MOVES:
        if (actor := actor_at(move.action)) and fits(move, ticket, now, actor):
            form = move.form_for(ticket, actor) if move.form else None
            found.append(Offer(move, form, leads and NEXT.get(ticket.status) == move.action))
    return sorted(found, key=lambda offer: not offer.primary)

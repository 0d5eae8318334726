"""
The one table of steps of a ticket: from, action, to, and who may take it (design.md section 8).

Buttons, the API's `actions` and the commands read it; `after` raises on any other step. The roles
of an action are the same for every status it starts from.
"""

from dataclasses import dataclass
from enum import StrEnum

from contracts.domain.vocabulary import CLIENT_ROLES, VENDOR_ROLES, Role


class TicketType(StrEnum):
    INCIDENT = "incident"
    SERVICE_REQUEST = "service_request"
    CHANGE_REQUEST = "change_request"
    PROBLEM = "problem"


class Status(StrEnum):
    NEW = "new"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Action(StrEnum):
    COMMENT = "comment"
    CONFIRM_FACTS = "confirm_facts"
    ASSIGN = "assign"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    RESTORE = "restore"
    OFFER_HANDOFF = "offer_handoff"
    ACCEPT_HANDOFF = "accept_handoff"
    DISPUTE_HANDOFF = "dispute_handoff"
    LOG_TIME = "log_time"
    RESOLVE = "resolve"
    CLOSE = "close"
    REOPEN = "reopen"
    CANCEL = "cancel"
    OVERRIDE_VERDICT = "override_verdict"
    RULE_UNDECIDED = "rule_undecided"
    DISPUTE_VERDICT = "dispute_verdict"
    ANSWER_DISPUTE = "answer_dispute"
    AGREE_TO_RULING = "agree_to_ruling"
    DECLARE_EMERGENCY = "declare_emergency"
    SEND_RETRO_ESTIMATE = "send_retro_estimate"
    DRAFT_ESTIMATE = "draft_estimate"
    RECORD_RELEASE = "record_release"
    WATCH = "watch"
    TRANSLATE = "translate"
    LINK = "link"
    MERGE = "merge"
    CORRECT_TIME = "correct_time"
    REMIND = "remind"
    AUTO_CLOSE = "auto_close"
    WRITE_INCIDENT_REPORT = "write_incident_report"


AGENTS = VENDOR_ROLES
LEADS = frozenset({Role.BRIDGE_SE, Role.ACCOUNT_MANAGER})
RECEIVERS = LEADS | {Role.MAINTENANCE_ENGINEER}
CLIENTS = CLIENT_ROLES
EVERYONE = AGENTS | CLIENTS
RULERS = frozenset({Role.ACCOUNT_MANAGER})
OWNERS = frozenset({Role.SERVICE_OWNER})
PORTAL: frozenset[Role] = frozenset()  # nobody's desk: only the portal itself takes the step

OPEN = (Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD)
FINISHED = (Status.RESOLVED, Status.CLOSED, Status.CANCELLED)
DONE_OR_OPEN = (*OPEN, Status.RESOLVED, Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Step:
    source: Status
    action: Action
    target: Status
    by: frozenset[Role]


class TransitionNotAllowed(Exception):
    """The ticket's status does not offer this step."""

    def __init__(self, status: str, action: str) -> None:
        super().__init__(f"{action} is not a step from {status}")
        self.status = status
        self.action = action


class RoleNotAllowed(Exception):
    """The step exists, and this desk may not take it."""

    def __init__(self, role: str, action: str) -> None:
        super().__init__(f"{role} may not {action}")
        self.role = role
        self.action = action


def _staying(action: Action, statuses: tuple[Status, ...], by: frozenset[Role]) -> list[Step]:
    return [Step(status, action, status, by) for status in statuses]


LIFECYCLE: tuple[Step, ...] = (  # one line is one arrow of the state diagram, and who may take it
    Step(Status.NEW, Action.START, Status.IN_PROGRESS, AGENTS),
    Step(Status.NEW, Action.PAUSE, Status.ON_HOLD, AGENTS),
    Step(Status.IN_PROGRESS, Action.PAUSE, Status.ON_HOLD, AGENTS),
    Step(Status.ON_HOLD, Action.RESUME, Status.IN_PROGRESS, AGENTS),
    Step(Status.IN_PROGRESS, Action.RESOLVE, Status.RESOLVED, AGENTS),
    Step(Status.ON_HOLD, Action.RESOLVE, Status.RESOLVED, AGENTS),
    Step(Status.RESOLVED, Action.CLOSE, Status.CLOSED, EVERYONE),
    Step(Status.RESOLVED, Action.REOPEN, Status.IN_PROGRESS, EVERYONE),
    Step(Status.CLOSED, Action.REOPEN, Status.IN_PROGRESS, EVERYONE),
    Step(Status.NEW, Action.CANCEL, Status.CANCELLED, EVERYONE),
    Step(Status.IN_PROGRESS, Action.CANCEL, Status.CANCELLED, EVERYONE),
    Step(Status.ON_HOLD, Action.CANCEL, Status.CANCELLED, EVERYONE),
    *(Step(status, Action.MERGE, Status.CANCELLED, AGENTS) for status in OPEN),
    Step(Status.ON_HOLD, Action.AUTO_CLOSE, Status.CLOSED, PORTAL),
    Step(Status.RESOLVED, Action.AUTO_CLOSE, Status.CLOSED, PORTAL),
    # steps within a status
    *_staying(Action.COMMENT, tuple(Status), EVERYONE),
    *_staying(Action.CONFIRM_FACTS, OPEN, AGENTS),
    *_staying(Action.ASSIGN, (*OPEN, Status.RESOLVED), AGENTS),
    *_staying(Action.RESTORE, OPEN, AGENTS),
    *_staying(Action.OFFER_HANDOFF, OPEN, AGENTS),
    *_staying(Action.ACCEPT_HANDOFF, OPEN, RECEIVERS),
    *_staying(Action.DISPUTE_HANDOFF, OPEN, RECEIVERS),
    *_staying(Action.LOG_TIME, tuple(Status), AGENTS),
    *_staying(Action.CORRECT_TIME, tuple(Status), AGENTS),
    *_staying(Action.WATCH, tuple(Status), EVERYONE),
    *_staying(Action.TRANSLATE, tuple(Status), LEADS),
    *_staying(Action.LINK, tuple(Status), AGENTS),
    *_staying(Action.REMIND, (Status.ON_HOLD, Status.RESOLVED), PORTAL),
    # the verdict, which costs somebody money after the work is done too
    *_staying(Action.OVERRIDE_VERDICT, DONE_OR_OPEN, LEADS),
    *_staying(Action.RULE_UNDECIDED, DONE_OR_OPEN, RULERS),
    *_staying(Action.DISPUTE_VERDICT, tuple(Status), CLIENTS),
    *_staying(Action.ANSWER_DISPUTE, tuple(Status), RULERS),
    *_staying(Action.AGREE_TO_RULING, tuple(Status), OWNERS),
    *_staying(Action.DECLARE_EMERGENCY, OPEN, AGENTS),
    *_staying(Action.SEND_RETRO_ESTIMATE, DONE_OR_OPEN, LEADS),
    *_staying(Action.DRAFT_ESTIMATE, DONE_OR_OPEN, AGENTS),  # its own steps: domain/estimate.py
    *_staying(Action.RECORD_RELEASE, DONE_OR_OPEN, AGENTS),
    *_staying(Action.WRITE_INCIDENT_REPORT, DONE_OR_OPEN, AGENTS),
)
_STEPS = {(step.source, step.action): step for step in LIFECYCLE}


def steps_for(status: str, role: str) -> list[Step]:
    """Return the steps on offer: the buttons of the page and the `actions` of the API."""
    return [step for step in LIFECYCLE if step.source == status and role in step.by]


def after(status: str, action: Action, *, role: str | None) -> Status:
    """
    Return the status that `action` leads to. The portal itself, which has no role, takes any step.

    :raises TransitionNotAllowed: if `status` does not offer the action.
    :raises RoleNotAllowed: if it does, but not to `role`.
    """
    if (step := _STEPS.get((Status(status), action))) is None:
        raise TransitionNotAllowed(status, action)
    if role is not None and role not in step.by:
        raise RoleNotAllowed(role, action)
    return step.target

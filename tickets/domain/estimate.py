"""
The one table of steps of an estimate, and who must approve and may accept it (design.md section 9).

`status` is that of the revision on the table. A change order of an accepted estimate goes the same
way; when it is declined, withdrawn or expires, what was accepted before stands again.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.domain.vocabulary import VENDOR_ROLES, Role
from tickets.domain.lifecycle import RoleNotAllowed, TransitionNotAllowed

UNLIMITED = 10**15  # more than any amount that the database takes


class EstimateStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DELIVERED = "delivered"
    DELIVERY_ACCEPTED = "delivery_accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class EstimateAction(StrEnum):
    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    REFUSE = "refuse"
    SEND = "send"
    ACCEPT = "accept"
    RECORD_ORDER = "record_order"
    DECLINE = "decline"
    EXPIRE = "expire"
    REVISE = "revise"
    WITHDRAW = "withdraw"
    DELIVER = "deliver"
    ACCEPT_DELIVERY = "accept_delivery"
    REFUSE_DELIVERY = "refuse_delivery"
    CANCEL = "cancel"


WRITERS = VENDOR_ROLES
SENDERS = frozenset({Role.BRIDGE_SE, Role.ACCOUNT_MANAGER})
MANAGERS = frozenset({Role.ACCOUNT_MANAGER})
OWNERS = frozenset({Role.SERVICE_OWNER})
NOBODY: frozenset[Role] = frozenset()  # the portal itself

ON_THE_TABLE = (
    EstimateStatus.DRAFT,
    EstimateStatus.SUBMITTED,
    EstimateStatus.APPROVED,
    EstimateStatus.SENT,
)
ENDED = (
    EstimateStatus.DECLINED,
    EstimateStatus.DELIVERY_ACCEPTED,
    EstimateStatus.WITHDRAWN,
    EstimateStatus.EXPIRED,
    EstimateStatus.CANCELLED,
)
FALLS_BACK = (EstimateStatus.DECLINED, EstimateStatus.WITHDRAWN, EstimateStatus.EXPIRED)
SHOWN_TO_CLIENT = (
    EstimateStatus.SENT,
    EstimateStatus.ACCEPTED,
    EstimateStatus.DECLINED,
    EstimateStatus.DELIVERED,
    EstimateStatus.DELIVERY_ACCEPTED,
    EstimateStatus.EXPIRED,
    EstimateStatus.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class EstimateStep:
    source: EstimateStatus
    action: EstimateAction
    target: EstimateStatus
    by: frozenset[Role]


_S, _A = EstimateStatus, EstimateAction

STEPS: tuple[EstimateStep, ...] = (  # one line is one arrow of the diagram, and who may take it
    EstimateStep(_S.DRAFT, _A.EDIT, _S.DRAFT, WRITERS),
    EstimateStep(_S.DRAFT, _A.SUBMIT, _S.SUBMITTED, WRITERS),
    EstimateStep(_S.SUBMITTED, _A.APPROVE, _S.APPROVED, WRITERS),  # within a limit of the terms
    EstimateStep(_S.SUBMITTED, _A.REFUSE, _S.DRAFT, WRITERS),
    EstimateStep(_S.APPROVED, _A.SEND, _S.SENT, SENDERS),
    EstimateStep(_S.SENT, _A.ACCEPT, _S.ACCEPTED, OWNERS),
    EstimateStep(_S.SENT, _A.RECORD_ORDER, _S.ACCEPTED, MANAGERS),
    EstimateStep(_S.SENT, _A.DECLINE, _S.DECLINED, OWNERS),
    EstimateStep(_S.SENT, _A.EXPIRE, _S.EXPIRED, NOBODY),
    EstimateStep(_S.SUBMITTED, _A.REVISE, _S.DRAFT, WRITERS),
    EstimateStep(_S.APPROVED, _A.REVISE, _S.DRAFT, WRITERS),
    EstimateStep(_S.SENT, _A.REVISE, _S.DRAFT, SENDERS),
    EstimateStep(_S.ACCEPTED, _A.REVISE, _S.DRAFT, WRITERS),  # a change order
    *(EstimateStep(status, _A.WITHDRAW, _S.WITHDRAWN, SENDERS) for status in ON_THE_TABLE),
    EstimateStep(_S.ACCEPTED, _A.DELIVER, _S.DELIVERED, WRITERS),
    EstimateStep(_S.DELIVERED, _A.ACCEPT_DELIVERY, _S.DELIVERY_ACCEPTED, OWNERS),
    EstimateStep(_S.DELIVERED, _A.REFUSE_DELIVERY, _S.ACCEPTED, OWNERS),
    EstimateStep(_S.ACCEPTED, _A.CANCEL, _S.CANCELLED, SENDERS | OWNERS),
    EstimateStep(_S.DELIVERED, _A.CANCEL, _S.CANCELLED, SENDERS),
)
_STEPS = {(step.source, step.action): step for step in STEPS}


def steps_for(status: str, role: str) -> list[EstimateStep]:
    """Return the steps on offer: the buttons of the page and the `actions` of the API."""
    return [step for step in STEPS if step.source == status and role in step.by]


def after(
    status: str, action: EstimateAction, *, role: str | None, has_authority: bool = False
) -> EstimateStatus:
    """
    Return the status that `action` leads to. The portal itself, which has no role, takes any step.

    With `has_authority` an earlier revision is accepted: it stands again where the step would end
    the estimate without an acceptance.

    :raises TransitionNotAllowed: if `status` does not offer the action.
    :raises RoleNotAllowed: if it does, but not to `role`.
    """
    if (step := _STEPS.get((EstimateStatus(status), action))) is None:
        raise TransitionNotAllowed(status, action)
    if role is not None and role not in step.by:
        raise RoleNotAllowed(role, action)
    if has_authority and step.target in FALLS_BACK:
        return EstimateStatus.ACCEPTED
    return step.target


def revision_status(number: int, *, current: int, accepted: int, status: str) -> EstimateStatus:
    """
    Return what became of revision `number`; `accepted` is the number that has authority, 0: none.

    The one on the table has the estimate's status. Of the others only the accepted one stands.
    """
    if number == current:
        return EstimateStatus(status)
    return EstimateStatus.ACCEPTED if number == accepted else EstimateStatus.SUPERSEDED


# --- who approves, who accepts ---


@dataclass(frozen=True, slots=True)
class Approver:
    """A person (a user's id) at a desk, with the limit in minor units up to which they decide."""

    person: int
    role: str
    limit: int
    name: str = ""

    def covers(self, amount: int) -> bool:
        return amount <= self.limit


def limit_of(
    role: str, own: int | None, limits: Mapping[str, int], *, last: str = Role.ACCOUNT_MANAGER
) -> int | None:
    """
    Return up to which amount a desk decides; None if it does not decide at all.

    A person's own limit goes before that of the role. Where the terms name none for the desk that
    decides `last`, it has no limit.
    """
    if own is not None:
        return own
    named = {str(name): amount for name, amount in limits.items()}
    return named.get(str(role), UNLIMITED if role == last else None)


def suffices(approvers: Iterable[Approver], amount: int) -> bool:
    """Return whether `amount` is approved: by one whose limit covers it, or two account managers."""
    approvers = list(approvers)
    if any(each.covers(amount) for each in approvers):
        return True
    return len({each.person for each in approvers if each.role == Role.ACCOUNT_MANAGER}) >= 2


def next_approvers(
    team: Iterable[Approver], approved: Iterable[Approver], barred: Collection[int], amount: int
) -> list[Approver]:
    """
    Return who can still approve, those first who need nobody else.

    `barred` are the persons who wrote, changed or submitted it; who approved is not asked twice.
    """
    done = {each.person for each in approved} | set(barred)
    free = [each for each in team if each.person not in done]
    alone = [each for each in free if each.covers(amount)]
    together = [each for each in free if each not in alone and each.role == Role.ACCOUNT_MANAGER]
    return alone + together

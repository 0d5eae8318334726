from tickets.services.conversation import comment
from tickets.services.effort import log_time
from tickets.services.facts import confirm_facts
from tickets.services.handoffs import (
    accept_handoff,
    default_handoff,
    dispute_handoff,
    offer_handoff,
)
from tickets.services.intake import open_ticket
from tickets.services.progress import (
    assign,
    pause_ticket,
    restore_service,
    resume_ticket,
    start_work,
)
from tickets.services.resolution import (
    cancel_ticket,
    close_ticket,
    reopen_ticket,
    reopen_until,
    resolve_ticket,
)

__all__ = [
    "accept_handoff",
    "assign",
    "cancel_ticket",
    "close_ticket",
    "comment",
    "confirm_facts",
    "default_handoff",
    "dispute_handoff",
    "log_time",
    "offer_handoff",
    "open_ticket",
    "pause_ticket",
    "reopen_ticket",
    "reopen_until",
    "resolve_ticket",
    "restore_service",
    "resume_ticket",
    "start_work",
]

from tickets.services.conversation import comment
from tickets.services.disputes import agree_to_ruling, answer_dispute, open_dispute
from tickets.services.effort import log_time
from tickets.services.emergencies import declare_emergency, send_retro_estimate
from tickets.services.facts import confirm_facts
from tickets.services.handoffs import (
    accept_handoff,
    default_handoff,
    dispute_handoff,
    offer_handoff,
)
from tickets.services.intake import open_ticket
from tickets.services.overrides import override_verdict, rule_undecided
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
    "agree_to_ruling",
    "answer_dispute",
    "assign",
    "cancel_ticket",
    "close_ticket",
    "comment",
    "confirm_facts",
    "declare_emergency",
    "default_handoff",
    "dispute_handoff",
    "log_time",
    "offer_handoff",
    "open_dispute",
    "open_ticket",
    "override_verdict",
    "pause_ticket",
    "reopen_ticket",
    "reopen_until",
    "resolve_ticket",
    "restore_service",
    "resume_ticket",
    "rule_undecided",
    "send_retro_estimate",
    "start_work",
]

from tickets.services.attachments import StoredFile, store_file
from tickets.services.conversation import comment
from tickets.services.corrections import correct_time
from tickets.services.disputes import (
    agree_to_ruling,
    answer_dispute,
    open_dispute,
    open_disputed_ticket,
)
from tickets.services.effort import log_time
from tickets.services.emergencies import declare_emergency, send_retro_estimate
from tickets.services.estimate_answers import accept_estimate, decline_estimate
from tickets.services.estimate_approval import approve_estimate, refuse_estimate, send_estimate
from tickets.services.estimate_delivery import (
    accept_delivery,
    cancel_estimate,
    deliver_estimate,
    refuse_delivery,
)
from tickets.services.estimate_orders import attach_order
from tickets.services.estimate_people import set_amount_limit
from tickets.services.estimates import (
    draft_estimate,
    edit_estimate,
    revise_estimate,
    submit_estimate,
    withdraw_estimate,
)
from tickets.services.facts import confirm_facts
from tickets.services.faq import (
    answer_from_faq,
    answer_many,
    answered_me,
    save_faq,
    set_faq_status,
)
from tickets.services.handoffs import (
    accept_handoff,
    default_handoff,
    dispute_handoff,
    offer_handoff,
)
from tickets.services.intake import open_ticket, opened
from tickets.services.links import link_tickets, merge_ticket, unlink_tickets
from tickets.services.overage import agree_overage
from tickets.services.overrides import override_verdict, rule_undecided
from tickets.services.problems import describe_problem, draft_fix, raise_problem
from tickets.services.progress import (
    assign,
    pause_ticket,
    restore_service,
    resume_ticket,
    start_work,
)
from tickets.services.recurrence import join_pattern, leave_pattern
from tickets.services.releases import record_release, record_release_for
from tickets.services.resolution import (
    cancel_ticket,
    close_ticket,
    reopen_ticket,
    reopen_until,
    resolve_ticket,
)
from tickets.services.security import (
    accept_risk,
    end_finding,
    open_finding_ticket,
    record_finding,
)
from tickets.services.silence import heed_silence
from tickets.services.timers import start_timer, stop_timer
from tickets.services.translation import remove_term, save_term, translate_comment
from tickets.services.watching import unwatch_ticket, watch_ticket

__all__ = [
    "StoredFile",
    "accept_delivery",
    "accept_estimate",
    "accept_handoff",
    "accept_risk",
    "agree_overage",
    "agree_to_ruling",
    "answer_dispute",
    "answer_from_faq",
    "answer_many",
    "answered_me",
    "approve_estimate",
    "assign",
    "attach_order",
    "cancel_estimate",
    "cancel_ticket",
    "close_ticket",
    "comment",
    "confirm_facts",
    "correct_time",
    "declare_emergency",
    "decline_estimate",
    "default_handoff",
    "deliver_estimate",
    "describe_problem",
    "dispute_handoff",
    "draft_estimate",
    "draft_fix",
    "edit_estimate",
    "end_finding",
    "heed_silence",
    "join_pattern",
    "leave_pattern",
    "link_tickets",
    "log_time",
    "merge_ticket",
    "offer_handoff",
    "open_dispute",
    "open_disputed_ticket",
    "open_finding_ticket",
    "open_ticket",
    "opened",
    "override_verdict",
    "pause_ticket",
    "raise_problem",
    "record_finding",
    "record_release",
    "record_release_for",
    "refuse_delivery",
    "refuse_estimate",
    "remove_term",
    "reopen_ticket",
    "reopen_until",
    "resolve_ticket",
    "restore_service",
    "resume_ticket",
    "revise_estimate",
    "rule_undecided",
    "save_faq",
    "save_term",
    "send_estimate",
    "send_retro_estimate",
    "set_amount_limit",
    "set_faq_status",
    "start_timer",
    "start_work",
    "stop_timer",
    "store_file",
    "submit_estimate",
    "translate_comment",
    "unlink_tickets",
    "unwatch_ticket",
    "watch_ticket",
    "withdraw_estimate",
]

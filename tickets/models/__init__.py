from tickets.models.comment import Comment
from tickets.models.handoff import Handoff
from tickets.models.obligation import LedgerEntry, Obligation
from tickets.models.stage import Assignment, Decision, Stage
from tickets.models.ticket import Ticket, TicketCounter
from tickets.models.time_entry import TimeEntry

__all__ = [
    "Assignment",
    "Comment",
    "Decision",
    "Handoff",
    "LedgerEntry",
    "Obligation",
    "Stage",
    "Ticket",
    "TicketCounter",
    "TimeEntry",
]

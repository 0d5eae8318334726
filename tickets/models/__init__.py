from tickets.models.alert import Alert, AlertRoute, AlertSource, AlertWindow
from tickets.models.attachment import Attachment
from tickets.models.bulk import BulkImport, BulkRow
from tickets.models.comment import Comment
from tickets.models.correction import Correction
from tickets.models.dispute import Dispute
from tickets.models.emergency import Emergency
from tickets.models.estimate import Estimate, EstimateRevision
from tickets.models.estimate_answer import (
    AmountLimit,
    EstimateAcceptance,
    EstimateApproval,
    EstimateCharge,
    PurchaseOrderFile,
)
from tickets.models.faq import FaqEntry, FaqText, FaqUse
from tickets.models.handoff import Handoff
from tickets.models.letter import (
    Letter,
    LetterReason,
    LetterState,
    Mailbox,
    MailProblem,
    MailSecurity,
    MailSignIn,
)
from tickets.models.link import Link, LinkKind
from tickets.models.notice import NoticePreference, Notification
from tickets.models.obligation import LedgerEntry, Obligation
from tickets.models.oncall import Absence, Call, Page, Roster, RosterSeat, Swap
from tickets.models.pattern import Occurrence, Pattern, PatternWording, Problem
from tickets.models.release import Delivery, Release
from tickets.models.replay import Replay
from tickets.models.routine import RoutineProof, RoutineRun, RoutineTask
from tickets.models.saved_filter import SavedFilter
from tickets.models.security import RiskAcceptance, SecurityFinding
from tickets.models.settlement import Settlement
from tickets.models.stage import Assignment, Decision, Stage
from tickets.models.ticket import Ticket, TicketCounter
from tickets.models.time_entry import TimeEntry
from tickets.models.timer import Timer
from tickets.models.translation import GlossaryTerm, Translation
from tickets.models.watcher import Watcher

__all__ = [
    "Absence",
    "Alert",
    "AlertRoute",
    "AlertSource",
    "AlertWindow",
    "AmountLimit",
    "Assignment",
    "Attachment",
    "BulkImport",
    "BulkRow",
    "Call",
    "Comment",
    "Correction",
    "Decision",
    "Delivery",
    "Dispute",
    "Emergency",
    "Estimate",
    "EstimateAcceptance",
    "EstimateApproval",
    "EstimateCharge",
    "EstimateRevision",
    "FaqEntry",
    "FaqText",
    "FaqUse",
    "GlossaryTerm",
    "Handoff",
    "LedgerEntry",
    "Letter",
    "LetterReason",
    "LetterState",
    "Link",
    "LinkKind",
    "MailProblem",
    "MailSecurity",
    "MailSignIn",
    "Mailbox",
    "NoticePreference",
    "Notification",
    "Obligation",
    "Occurrence",
    "Page",
    "Pattern",
    "PatternWording",
    "Problem",
    "PurchaseOrderFile",
    "Release",
    "Replay",
    "RiskAcceptance",
    "Roster",
    "RosterSeat",
    "RoutineProof",
    "RoutineRun",
    "RoutineTask",
    "SavedFilter",
    "SecurityFinding",
    "Settlement",
    "Stage",
    "Swap",
    "Ticket",
    "TicketCounter",
    "TimeEntry",
    "Timer",
    "Translation",
    "Watcher",
]

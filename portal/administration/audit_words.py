"""The verbs of the audit in the reader's words, and what a client may read of them."""

from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.models import AuditEvent

NOUNS: dict[str, Promise] = {
    "ticket": _("Tickets"),
    "verdict": _("Verdicts"),
    "handoff": _("Handoffs"),
    "clock": _("Clocks"),
    "dispute": _("Disputes"),
    "emergency": _("Emergencies"),
    "estimate": _("Estimates"),
    "time": _("Time worked"),
    "contract": _("Contracts"),
    "period": _("Months"),
    "faq": _("FAQ"),
    "finding": _("Security findings"),
    "problem": _("Problems"),
    "report": _("Reports"),
    "client": _("Settings of the client"),
    "member": _("People"),
    "invitation": _("Invitations"),
    "token": _("API tokens"),
    "job": _("Background work"),
    "bulk": _("Imports"),
    "letter": _("Letters"),
    "mailbox": _("Mailboxes"),
    "roster": _("On call"),
    "absence": _("Absences"),
    "page": _("Calls"),
    "alert": _("Alerts"),
    "alert_source": _("Sources of alerts"),
    "alert_window": _("Agreed maintenance"),
}
VERBS: dict[str, Promise] = {
    "alert.recovered": _("The monitoring says that it is over"),
    "alert_source.changed": _("Source of alerts changed"),
    "alert_source.created": _("Source of alerts connected"),
    "alert_source.disabled": _("Source of alerts turned off"),
    "alert_source.enabled": _("Source of alerts turned on"),
    "alert_source.secret_changed": _("Secret of a source of alerts changed"),
    "alert_window.agreed": _("Maintenance written down"),
    "alert_window.cancelled": _("Maintenance ended early"),
    "absence.noted": _("Absence written down"),
    "absence.taken_back": _("Absence taken back"),
    "page.called": _("Called who is on call"),
    "page.in_vain": _("Everybody on call was called; nobody answered"),
    "page.taken": _("Taken by who is on call"),
    "roster.swap_taken_back": _("Swap of a turn taken back"),
    "roster.swapped": _("Turn swapped"),
    "roster.written": _("Roster written"),
    "letter.commented": _("Letter put on a ticket"),
    "letter.discarded": _("Letter put away"),
    "letter.opened": _("Letter became a ticket"),
    "letter.taken_in": _("Letter taken in"),
    "mailbox.changed": _("Mailbox changed"),
    "mailbox.created": _("Mailbox set up"),
    "mailbox.disabled": _("Mailbox turned off"),
    "mailbox.enabled": _("Mailbox turned on"),
    "bulk.uploaded": _("File for an import uploaded"),
    "bulk.confirmed": _("Import confirmed"),
    "bulk.finished": _("Import finished"),
    "client.changed": _("Settings of the client changed"),
    "clock.missed": _("Deadline missed"),
    "contract.activated": _("Contract version activated"),
    "contract.created": _("Contract written down"),
    "contract.draft_replaced": _("Draft replaced"),
    "contract.end_agreed": _("End of the contract agreed"),
    "contract.ended": _("Contract ended"),
    "contract.hours_bought": _("Hours bought"),
    "contract.overage_agreed": _("Hours beyond a pool agreed"),
    "contract.renewed": _("Contract renewed"),
    "contract.version_added": _("Contract version added"),
    "dispute.agreed": _("The client agreed: the ruling binds"),
    "dispute.opened": _("The client disputes the verdict"),
    "dispute.ruled": _("Ruled on the dispute"),
    "emergency.declared": _("Emergency: worked at once"),
    "emergency.estimate_sent": _("Estimate of the emergency sent"),
    "emergency.lapsed": _("The estimate was late: the work is goodwill"),
    "handoff.accepted": _("Maintenance took it over"),
    "handoff.defaulted": _("Given to the default owner"),
    "handoff.disputed": _("Maintenance sent the offer back"),
    "handoff.offered": _("Offered to maintenance"),
    "invitation.accepted": _("Invitation accepted"),
    "invitation.sent": _("Invitation sent"),
    "invitation.withdrawn": _("Invitation withdrawn"),
    "job.retried": _("Dead job tried again"),
    "member.added": _("Seated at a desk"),
    "member.password_changed": _("Password changed"),
    "member.password_reset": _("Password reset by a mailed link"),
    "member.removed": _("Seat taken away"),
    "member.role_changed": _("Moved to another desk"),
    "member.second_factor_added": _("Second step turned on"),
    "member.second_factor_removed": _("Second step turned off"),
    "period.closed": _("Month closed"),
    "member.sign_on_bound": _("Bound to an account of single sign-on"),
    "member.sign_on_removed": _("Account of single sign-on taken off"),
    "member.limit_set": _("Own limit for estimates set"),
    "replay.asked": _("Replay of a draft asked for"),
    "finding.dismissed": _("Security finding is none"),
    "finding.fixed": _("Security finding mended"),
    "finding.missed": _("Due date of a security finding passed"),
    "finding.recorded": _("Security finding written down"),
    "finding.risk_accepted": _("Risk accepted by the client"),
    "finding.risk_expired": _("Accepted risk is open again"),
    "finding.ticket_opened": _("Ticket opened for a security finding"),
    "faq.written": _("FAQ entry written"),
    "faq.changed": _("FAQ entry changed"),
    "faq.status_set": _("FAQ entry published, retired or made a draft"),
    "faq.answered_somebody": _("The FAQ answered somebody without a ticket"),
    "ticket.reminded": _("Reminder: we wait for your answer"),
    "ticket.answered_from_faq": _("Ticket answered from the FAQ"),
    "problem.described": _("What is known of a problem written down"),
    "problem.raised": _("Problem opened for a failure pattern"),
    "ticket.joined_pattern": _("Incident put into a failure pattern"),
    "ticket.left_pattern": _("Incident taken out of a failure pattern"),
    "report.delivered": _("Report sent"),
    "report.issued": _("Report issued"),
    "report.printed": _("Report printed"),
    "report.remarked": _("Remark on a report"),
    "report.signed": _("Report signed"),
    "ticket.assigned": _("Owner changed"),
    "ticket.cancelled": _("Cancelled"),
    "ticket.closed": _("Closed"),
    "ticket.commented": _("Comment written"),
    "ticket.facts_confirmed": _("Facts confirmed"),
    "ticket.opened": _("Request received"),
    "ticket.paused": _("Clocks paused"),
    "ticket.recovered": _("Recovered by itself and closed"),
    "ticket.reopened": _("Reopened"),
    "ticket.resolved": _("Resolved"),
    "ticket.restored": _("Service restored"),
    "ticket.resumed": _("Clocks running again"),
    "ticket.started": _("Work started"),
    "time.logged": _("Time recorded"),
    "verdict.overridden": _("Verdict overridden"),
    "verdict.ruled": _("Ruled on the verdict"),
}

# What a client reads: what its people see elsewhere too. A verb that nobody put here stays inside.
CLIENTS_NOUNS = (
    *("verdict", "dispute", "emergency", "clock", "period", "report"),
    *("client", "member", "invitation", "handoff"),
)
CLIENTS_VERBS = {
    *(verb for verb in VERBS if verb.startswith("ticket.") and verb != "ticket.commented"),
    *("contract.created", "contract.activated", "contract.renewed", "contract.end_agreed"),
    *("contract.ended", "contract.hours_bought", "contract.overage_agreed"),
    *("estimate.sent", "estimate.accepted", "estimate.declined", "estimate.delivered"),
}
CLIENTS_DATA = ("client.", "member.", "invitation.", "period.", "report.")


def said(verb: str) -> str:
    """Return the verb in the reader's language; one without words as it is stored."""
    return str(VERBS[verb]) if verb in VERBS else verb.replace(".", " ").replace("_", " ")


class ForClient:
    """The part of the audit that a client reads, as a condition; of most events without the data."""

    def __call__(self) -> Q:
        wanted = Q(verb__in=CLIENTS_VERBS) | Q(verb="ticket.commented", data__lane="public")
        for noun in CLIENTS_NOUNS:
            wanted |= Q(verb__startswith=f"{noun}.")
        return wanted

    def data(self, event: AuditEvent) -> dict[str, Any]:
        return event.data if event.verb.startswith(CLIENTS_DATA) else {}


for_client = ForClient()

"""What happened on a ticket, as sentences for its reader: the newest first, no subject needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.models import AuditEvent, Membership
from tickets.models import Assignment, Comment, Decision, LinkKind, Ticket
from tickets.models.choices import Lane, ObligationKind, PauseCause

PLAIN = {
    "ticket.opened": ("inbox", gettext_lazy("Request received")),
    "ticket.started": ("play", gettext_lazy("Work started")),
    "ticket.paused": ("circle-pause", gettext_lazy("Clocks paused: %(cause)s")),
    "ticket.resumed": ("play", gettext_lazy("Clocks running again")),
    "ticket.restored": ("shield-check", gettext_lazy("Service restored")),
    "ticket.resolved": ("circle-check", gettext_lazy("Resolved")),
    "ticket.closed": ("lock", gettext_lazy("Closed")),
    "ticket.cancelled": ("ban", gettext_lazy("Cancelled")),
    "ticket.reopened": ("rotate-ccw", gettext_lazy("Reopened")),
    "ticket.facts_confirmed": ("list-checks", gettext_lazy("Facts confirmed")),
    "handoff.offered": ("handshake", gettext_lazy("Offered to maintenance")),
    "handoff.accepted": ("handshake", gettext_lazy("Maintenance took it over")),
    "handoff.disputed": ("circle-x", gettext_lazy("Maintenance sent the offer back")),
    "handoff.defaulted": ("handshake", gettext_lazy("Given to the default owner")),
    "dispute.opened": ("circle-x", gettext_lazy("The client disputes the verdict")),
    "dispute.ruled": ("scale", gettext_lazy("Ruled on the dispute")),
    "dispute.agreed": ("handshake", gettext_lazy("The client agreed: the ruling binds")),
    "emergency.declared": ("triangle-alert", gettext_lazy("Emergency: worked at once")),
    "emergency.estimate_sent": ("coins", gettext_lazy("Estimate of the emergency sent")),
    "emergency.lapsed": ("coins", gettext_lazy("The estimate was late: the work is goodwill")),
    "estimate.sent": ("coins", gettext_lazy("Estimate sent")),
    "estimate.accepted": ("coins", gettext_lazy("Estimate accepted")),
    "estimate.declined": ("coins", gettext_lazy("Estimate declined")),
    "estimate.expired": ("coins", gettext_lazy("Estimate expired without an answer")),
    "estimate.delivered": ("coins", gettext_lazy("Work under the estimate delivered")),
    "estimate.delivery_accepted": ("coins", gettext_lazy("Delivery accepted")),
    "estimate.delivery_refused": ("coins", gettext_lazy("Delivery not accepted")),
    "estimate.cancelled": ("coins", gettext_lazy("Work under the estimate cancelled")),
    "ticket.reminded": ("bell", gettext_lazy("Reminder %(number)s: we wait for the client")),
    "ticket.auto_closed": ("lock", gettext_lazy("Closed: the client did not answer")),
    "ticket.linked": ("link", gettext_lazy("Linked: %(link)s %(other)s")),
    "ticket.unlinked": ("unlink", gettext_lazy("Link taken back: %(link)s %(other)s")),
    "ticket.merged": ("merge", gettext_lazy("Merged into %(into)s, which keeps the earlier clock")),
    "ticket.recovered": ("heart-pulse", gettext_lazy("Recovered by itself and closed")),
    "alert.recovered": ("heart-pulse", gettext_lazy("The monitoring says that it is over")),
    "incident_report.issued": ("file-text", gettext_lazy("Incident report issued")),
    "clock.missed": ("triangle-alert", gettext_lazy("Deadline missed: %(clock)s")),
}
INSIDE = {
    "incident_report.drafted": ("file-text", gettext_lazy("Incident report drafted")),
    "incident_report.edited": ("file-text", gettext_lazy("Incident report changed")),
    "problem.raised": ("bug", gettext_lazy("Raised as a problem of a pattern")),
    "problem.described": ("bug", gettext_lazy("Cause or workaround described")),
    "page.called": ("phone-call", gettext_lazy("Called who is on call (call %(number)s)")),
    "page.taken": ("phone", gettext_lazy("Taken by who is on call")),
    "page.in_vain": ("phone-missed", gettext_lazy("Everybody on call was called; nobody answered")),
    "estimate.drafted": ("coins", gettext_lazy("Estimate drafted")),
    "estimate.edited": ("coins", gettext_lazy("Estimate changed")),
    "estimate.submitted": ("coins", gettext_lazy("Estimate submitted for approval")),
    "estimate.approved": ("coins", gettext_lazy("Estimate approved")),
    "estimate.refused": ("coins", gettext_lazy("Estimate given back to its writers")),
    "estimate.withdrawn": ("coins", gettext_lazy("Estimate withdrawn")),
    "estimate.change_proposed": ("coins", gettext_lazy("A change order is proposed")),
}  # clients do not read these
SAID_ELSEWHERE = {
    *("ticket.commented", "ticket.assigned", "time.logged"),
    *("verdict.overridden", "verdict.ruled"),
    *("ticket.watched", "comment.mentioned", "comment.translated", "attachment.added"),
    *("time.corrected", "timer.started", "timer.stopped"),
}
VENDOR_REASONS = {"handoff.disputed"}
WITH_THE_VERDICT = {"dispute.ruled"}  # their reason is the verdict's, which has its own line


@dataclass(frozen=True, slots=True)
class Event:
    """One line: when, an icon, who (None: the portal), a sentence, and what was said or why."""

    at: datetime
    icon: str
    who: Membership | None
    text: str
    body: str = ""
    lane: str = ""
    reason: str = ""
    comment: Comment | None = None


def timeline(ticket: Ticket, *, for_vendor: bool) -> list[Event]:
    """Return what this reader may see, the newest first; clients never see the vendor's lanes."""
    events = [
        *from_audit(ticket, for_vendor),
        *from_assignments(ticket),
        *from_decisions(ticket),
        *from_comments(ticket, for_vendor),
    ]
    return sorted(events, key=lambda event: event.at)[::-1]


def from_audit(ticket: Ticket, for_vendor: bool) -> Iterator[Event]:
    rows = AuditEvent.objects.filter(subject_type="tickets.ticket", subject_id=ticket.pk)
    for row in rows.exclude(verb__in=SAID_ELSEWHERE).select_related("actor__user").order_by("pk"):
        if row.verb in PLAIN:
            icon, text = PLAIN[row.verb]
        elif for_vendor and row.verb in INSIDE:
            icon, text = INSIDE[row.verb]
        elif for_vendor:
            icon, text = "circle-dot", row.verb.replace(".", " ").replace("_", " ")
        else:
            continue
        unsaid = WITH_THE_VERDICT if for_vendor else WITH_THE_VERDICT | VENDOR_REASONS
        reason = (
            "" if row.verb in unsaid else str(row.data.get("reason") or row.data.get("note") or "")
        )
        yield Event(row.at, icon, row.actor, str(text) % codes(row.data), reason=reason)


def codes(data: dict[str, Any]) -> dict[str, str]:
    """Return the codes of an event in the reader's words."""
    return {
        "cause": str(dict(PauseCause.choices).get(data.get("cause"), data.get("cause", ""))),
        "number": str(data.get("number", "")),
        "link": link_word(data.get("kind", ""), back=bool(data.get("back"))),
        "other": str(data.get("other", "")),
        "into": str(data.get("into", "")),
        "clock": str(dict(ObligationKind.choices).get(data.get("kind"), data.get("kind", ""))),
    }


LINKS = {
    (LinkKind.RELATES, False): gettext_lazy("relates to"),
    (LinkKind.RELATES, True): gettext_lazy("relates to"),
    (LinkKind.BLOCKS, False): gettext_lazy("blocks"),
    (LinkKind.BLOCKS, True): gettext_lazy("is blocked by"),
    (LinkKind.CAUSED_BY, False): gettext_lazy("is caused by"),
    (LinkKind.CAUSED_BY, True): gettext_lazy("causes"),
    (LinkKind.DUPLICATE_OF, False): gettext_lazy("is a duplicate of"),
    (LinkKind.DUPLICATE_OF, True): gettext_lazy("has the duplicate"),
}


def link_word(kind: str, *, back: bool) -> str:
    """Return what a ticket is to another, seen from it or (`back`) from the other."""
    return str(LINKS.get((kind, back), kind))


def from_assignments(ticket: Ticket) -> Iterator[Event]:
    rows = Assignment.objects.filter(ticket=ticket).select_related("owner__user", "by__user")
    for row in rows:
        owner = row.owner.user.name
        where = " · ".join(part for part in (row.team, row.tier) if part)
        text = _("Accountable: %(owner)s") % {"owner": f"{owner} ({where})" if where else owner}
        reason = row.reason if row.reason != "reopened" else ""
        yield Event(row.at, "user-round-check", by_hand(row.by), text, reason=reason)


def by_hand(member: Membership | None) -> Membership | None:
    """Return who assigned; when a client's request did it, the contract named the owner."""
    return member if member and member.is_vendor else None


def from_decisions(ticket: Ticket) -> Iterator[Event]:
    for row in Decision.objects.filter(ticket=ticket).select_related("by__user"):
        who = None if row.kind == Decision.Kind.RULE else row.by
        yield Event(row.at, "scale", who, verdict_text(row), reason=row.reason)


def verdict_text(row: Decision) -> str:
    if row.pending:
        return _("Verdict waits for an answer")
    said = {"outcome": row.get_outcome_display(), "clause": row.clause_id}
    if row.clause_id:
        return _("Verdict: %(outcome)s (clause %(clause)s)") % said
    return _("Verdict: %(outcome)s") % said


def from_comments(ticket: Ticket, for_vendor: bool) -> Iterator[Event]:
    rows = (
        Comment.objects.filter(ticket=ticket)
        .select_related("author__user")
        .prefetch_related("translations__by__user", "attachments")
    )
    for row in rows if for_vendor else rows.filter(lane=Lane.PUBLIC):
        lane = "" if row.lane == Lane.PUBLIC else row.lane
        text = str(row.get_lane_display()) if lane else _("Message")
        row.newest = {said.language: said for said in row.translations.all()}
        yield Event(
            row.at, "message-square", row.author, text, body=row.body, lane=lane, comment=row
        )

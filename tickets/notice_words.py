"""The words of a notification, in the language and zone that are active when it is read or mailed."""

import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contracts.formats import at_text, day_text
from tickets.models import Comment, Notification
from tickets.models.choices import Lane, ObligationKind, PauseCause

LONGEST_QUOTE = 1500

HEADLINES = {
    "ticket.yours": gettext_lazy("A new ticket is yours"),
    "ticket.assigned": gettext_lazy("Assigned to you"),
    "ticket.opened_for_you": gettext_lazy("Request registered for you"),
    "ticket.paused": gettext_lazy("We wait for you"),
    "ticket.restored": gettext_lazy("Service is restored"),
    "ticket.resolved": gettext_lazy("Resolved"),
    "ticket.closed": gettext_lazy("Closed"),
    "ticket.cancelled": gettext_lazy("Cancelled"),
    "ticket.reopened": gettext_lazy("Reopened"),
    "ticket.reminded": gettext_lazy("Reminder: we wait for your answer"),
    "ticket.auto_closed": gettext_lazy("Closed after no answer"),
    "ticket.merged": gettext_lazy("Merged into %(into)s, where it goes on"),
    "ticket.recovered": gettext_lazy("It recovered by itself"),
    "page.in_vain": gettext_lazy("Everybody on call was called; nobody answered"),
    "alert.recovered": gettext_lazy("The monitoring says that it is over"),
    "comment.public": gettext_lazy("New message"),
    "comment.internal": gettext_lazy("New internal note"),
    "comment.mentioned": gettext_lazy("You were mentioned"),
    "handoff.offered": gettext_lazy("Handoff offered to maintenance"),
    "handoff.accepted": gettext_lazy("Your handoff was accepted"),
    "handoff.disputed": gettext_lazy("The handoff was disputed"),
    "handoff.defaulted": gettext_lazy("Nobody answered your handoff: it has its default owner"),
    "handoff.yours": gettext_lazy("A handoff that nobody answered is yours"),
    "clock.half": gettext_lazy("Half the time is used: %(clock)s"),
    "clock.nearly": gettext_lazy("80 %% of the time is used: %(clock)s"),
    "clock.missed": gettext_lazy("Deadline missed: %(clock)s"),
    "verdict.to_rule": gettext_lazy("No clause decides: your ruling is needed"),
    "verdict.changed": gettext_lazy("The verdict was changed"),
    "dispute.opened": gettext_lazy("The client disputes the verdict"),
    "dispute.ruled": gettext_lazy("Your dispute has its ruling"),
    "dispute.agreed": gettext_lazy("The client agreed to the ruling"),
    "emergency.declared": gettext_lazy("Emergency: worked on at once"),
    "emergency.estimate_sent": gettext_lazy("The estimate of the emergency is there"),
    "estimate.to_approve": gettext_lazy("An estimate waits for your approval"),
    "estimate.approved": gettext_lazy("Your estimate is approved"),
    "estimate.refused": gettext_lazy("Your estimate came back without approval"),
    "estimate.to_accept": gettext_lazy("An estimate waits for your answer"),
    "estimate.accepted": gettext_lazy("The client accepted the estimate"),
    "estimate.declined": gettext_lazy("The client declined the estimate"),
    "estimate.expired": gettext_lazy("The estimate has expired"),
    "estimate.delivered": gettext_lazy("A delivery waits for your acceptance"),
    "estimate.delivery_accepted": gettext_lazy("The delivery was accepted"),
    "estimate.delivery_refused": gettext_lazy("The delivery was not accepted"),
    "estimate.change_proposed": gettext_lazy(
        "Most of the estimate is used: propose a change order"
    ),
    "estimate.withdrawn": gettext_lazy("The estimate was withdrawn"),
    "estimate.cancelled": gettext_lazy("Work under the estimate was cancelled"),
    "contract.reminded": gettext_lazy("The contract ends soon"),
    "contract.renewed": gettext_lazy("The contract was renewed"),
    "contract.ended": gettext_lazy("The contract has ended"),
    "report.issued": gettext_lazy("The monthly report waits for your signature"),
    "report.reissued": gettext_lazy("A corrected report waits for your signature"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """What an e-mail says below its headline: lines of facts, and what somebody wrote."""

    headline: str
    lines: list[str] = field(default_factory=list)
    quote: str = ""


def headline(notice: Notification) -> str:
    """Return the sentence of a notification; asks the database nothing."""
    return str(HEADLINES[notice.code]) % codes_of(notice)


def subject(notice: Notification) -> str:
    """Return what it is about: the ticket's key and title, or the contract; one safe line."""
    if notice.ticket is not None:
        return one_line(f"{notice.ticket.key} {notice.ticket.title}")
    if notice.contract is not None:
        return one_line(f"{notice.contract.number} {notice.contract.title}")
    return one_line(notice.tenant.name)


def mail_subject(notice: Notification) -> str:
    """Return the subject line: it begins with the ticket's key, so that a mailbox sorts by it."""
    key, _space, title = subject(notice).partition(" ")
    return f"{key} {headline(notice)}: {title}" if title else f"{key}: {headline(notice)}"


def words_of(notice: Notification) -> Words:
    """Return all that the e-mail of a notification says. Free text is read from its own row, now."""
    return Words(headline(notice), list(lines(notice)), quote(notice))


def codes_of(notice: Notification) -> dict[str, str]:
    """Return what a headline names, in the reader's words."""
    kind = notice.facts.get("kind", "")
    clock = str(dict(ObligationKind.choices).get(kind, kind))
    return {"clock": clock, "into": notice.facts.get("into", "")}


def lines(notice: Notification):
    facts = notice.facts
    if notice.actor is not None:
        yield _("By: %(name)s") % {"name": one_line(notice.actor.user.name)}
    yield _("When: %(at)s") % {"at": moment(notice.at)}
    for name in ("due_at", "missed_at"):
        if name in facts:
            yield _("Deadline: %(at)s") % {"at": moment(datetime.fromisoformat(facts[name]))}
    if "cause" in facts and notice.code == "ticket.paused":
        yield str(dict(PauseCause.choices).get(facts["cause"], facts["cause"]))
    if facts.get("ends_on"):
        yield _("Last day: before %(day)s") % {
            "day": day_text(date.fromisoformat(facts["ends_on"]))
        }
    if notice.code == "contract.reminded" and "days" in facts:
        left = ngettext("%(days)d day is left.", "%(days)d days are left.", facts["days"])
        yield left % {"days": facts["days"]}


def quote(notice: Notification) -> str:
    """Return the words that the recipient may read, cut to a length that an e-mail bears."""
    if notice.code == "ticket.resolved":
        return notice.ticket.resolution[:LONGEST_QUOTE]
    if notice.code.startswith("comment.") and (pk := notice.facts.get("comment")):
        said = Comment.objects.filter(pk=pk, ticket=notice.ticket)
        if not notice.recipient.is_vendor:
            said = said.filter(lane=Lane.PUBLIC)
        return "".join(said.values_list("body", flat=True))[:LONGEST_QUOTE]
    return ""


def path_of(notice: Notification) -> str:
    """Return where a notification leads: its ticket or its contract."""
    if notice.ticket is not None:
        return reverse("tickets:page", args=[notice.ticket.key])
    if notice.kind == "report":
        return reverse("reports:page", args=[notice.facts["report"]])
    if notice.contract is not None:
        return reverse("contracts:page", args=[notice.contract.public_id])
    return reverse("notices:list")


# --- safe and readable ---


def one_line(text: str) -> str:
    """Return text without line breaks, control characters and changes of writing direction."""
    plain = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in text)
    return " ".join(plain.split())


def moment(at: datetime) -> str:
    """Return an instant with the name of the zone it is told in."""
    return f"{at_text(at)} ({timezone.get_current_timezone_name()})"

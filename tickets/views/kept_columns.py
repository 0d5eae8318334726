"""What the desk keeps besides its tickets, as files, column by column."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from contracts.domain.money import exponent_of
from tenants.exports import Column
from tickets.models import Alert, BulkImport, FaqEntry, Letter
from tickets.notice_words import headline, subject


def of_finding() -> list[Column]:
    return [
        Column(_("Finding"), lambda f: f.title, 50),
        Column(_("Client"), lambda f: f.tenant.name, 24),
        Column(_("Contract"), lambda f: f.contract.number),
        Column(_("System"), lambda f: f.system),
        Column(_("Found by"), lambda f: f.get_source_display(), 20),
        Column(_("Reference"), lambda f: f.reference),
        Column(_("Severity"), lambda f: f.get_severity_display(), 12),
        Column(_("Status"), lambda f: f.get_state_display(), 16),
        Column(_("Found"), lambda f: f.found_at, moment=True),
        Column(_("Due"), lambda f: f.due_at, moment=True),
        Column(_("Missed"), lambda f: f.missed_at, moment=True),
        Column(_("Risk accepted until"), lambda f: f.accepted_until, 14),
        Column(_("Ended"), lambda f: f.ended_at, moment=True),
        Column(_("Reason"), lambda f: f.reason, 50),
        Column(_("Ticket"), lambda f: f.ticket.key if f.ticket else "", 12),
    ]


def of_alert() -> list[Column]:
    return [
        Column(_("Alert"), lambda a: a.name, 30),
        Column(_("Client"), lambda a: a.tenant.name, 24),
        Column(_("Source"), lambda a: a.source.name, 20),
        Column(_("System"), lambda a: a.system),
        Column(_("Environment"), lambda a: a.environment),
        Column(_("Severity"), lambda a: a.severity, 12),
        Column(_("Priority"), lambda a: a.priority, 9),
        Column(_("Summary"), lambda a: a.summary, 50),
        Column(_("Began"), lambda a: a.started_at, moment=True),
        Column(_("Ended"), lambda a: a.ended_at, moment=True),
        Column(_("Times told"), lambda a: a.count, 10),
        Column(_("Ticket"), lambda a: a.ticket.key if a.ticket else "", 12),
        Column(_("Held back by"), held_back, 30),
        Column(_("Problem"), lambda a: a.problem, 40),
    ]


def held_back(alert: Alert) -> str:
    return alert.window.reason if alert.window else ""


def of_faq() -> list[Column]:
    """Return what is told of the FAQ; a row is an entry with one of its texts (`texts_of`)."""
    return [
        Column(_("Question"), lambda row: row[1].title, 50),
        Column(_("Answer"), lambda row: row[1].answer, 60),
        Column(_("Language"), lambda row: row[1].language, 10),
        Column(_("Client"), lambda row: row[0].tenant.name, 24),
        Column(_("System"), lambda row: row[0].system),
        Column(_("Status"), lambda row: row[0].get_status_display(), 14),
        Column(_("Tickets answered"), lambda row: row[0].answered, 10),
        Column(_("Tickets saved"), lambda row: row[0].deflected, 10),
        Column(_("Changed"), lambda row: row[0].changed_at, moment=True),
    ]


def texts_of(entries: Iterable[FaqEntry]) -> Iterator[tuple]:
    for entry in entries:
        for text in entry.texts.all():
            yield entry, text


def of_term() -> list[Column]:
    return [
        Column("日本語", lambda t: t.ja, 30),
        Column("English", lambda t: t.en, 30),
        Column("Tiếng Việt", lambda t: t.vi, 30),
        Column(_("Note"), lambda t: t.note, 50),
        Column(_("Changed"), lambda t: t.changed_at, moment=True),
    ]


def of_overage() -> list[Column]:
    """Return what is told of hours beyond the pools to whoever sees costs."""
    return [
        Column(_("Contract"), lambda b: b.contract.number),
        Column(_("Client"), lambda b: b.contract.tenant.name, 24),
        Column(_("Pool"), lambda b: b.pool),
        Column(_("Month"), lambda b: b.month, 10),
        Column(_("Worked, in minutes"), lambda b: b.worked, 12),
        Column(_("At most"), lambda b: Decimal(b.at_most).scaleb(-exponent_of(b.currency)), 14),
        Column(_("Currency"), lambda b: b.currency, 9),
        Column(_("Tickets"), lambda b: ", ".join(b.tickets), 30),
    ]


def of_letter() -> list[Column]:
    """Return what the list tells of letters; what stands in them is for the page of each."""
    return [
        Column(_("Subject"), lambda r: r.subject, 50),
        Column(_("Client"), lambda r: r.tenant.name, 24),
        Column(pgettext("sender", "From"), sender, 24),
        Column(_("Sender's address"), lambda r: r.sender, 40),
        Column(_("Mailbox"), lambda r: r.mailbox.address, 40),
        Column(_("Received"), lambda r: r.received_at, moment=True),
        Column(_("State"), lambda r: r.get_state_display(), 20),
        Column(_("Reason"), lambda r: r.get_reason_display(), 40),
        Column(_("Ticket"), lambda r: r.ticket.key if r.ticket else "", 12),
    ]


def sender(letter: Letter) -> str:
    return letter.member.user.name if letter.member else letter.sender_name


def of_mailbox() -> list[Column]:
    """Return what the list tells of mailboxes: nothing of how they are signed in to."""
    return [
        Column(_("Mailbox"), lambda b: b.address, 40),
        Column(_("Client"), lambda b: b.tenant.name, 24),
        Column(_("Fetched from"), lambda b: b.host or _("posted by the provider"), 30),
        Column(_("Last visit"), lambda b: b.checked_at, moment=True),
        Column(_("Problem"), lambda b: b.get_problem_display(), 50),
        Column(_("Active"), lambda b: _("No") if b.disabled_at else _("Yes"), 8),
    ]


def of_notice() -> list[Column]:
    return [
        Column(_("Notification"), headline, 50),
        Column(_("About"), subject, 50),
        Column(_("Client"), lambda n: n.tenant.name, 24),
        Column(_("By"), lambda n: n.actor.user.name if n.actor else "", 24),
        Column(_("Notified at"), lambda n: n.at, moment=True),
        Column(_("Read at"), lambda n: n.read_at, moment=True),
    ]


def of_import() -> list[Column]:
    return [
        Column(_("File"), lambda i: i.name, 40),
        Column(_("Client"), lambda i: i.tenant.name, 24),
        Column(_("Contract"), lambda i: i.contract.number),
        Column(_("Holds"), lambda i: f"{i.get_kind_display()} · {i.get_source_display()}", 24),
        Column(_("Uploaded"), lambda i: i.uploaded_at, moment=True),
        Column(_("By"), lambda i: i.by.user.name, 24),
        Column(_("State"), how_far, 16),
    ]


def how_far(bulk: BulkImport) -> str:
    if bulk.finished_at:
        return _("Imported")
    return _("Being imported") if bulk.confirmed_at else _("Not confirmed")

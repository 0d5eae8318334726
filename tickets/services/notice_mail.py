"""
Notifications by e-mail, in the recipient's language and zone.

The row is claimed in the transaction that also says it was mailed, so a second run sends nothing.
A worker that is killed between the mail server's yes and the commit sends the same Message-ID
again, by which mailboxes know it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from tenants.models import Job, Membership
from tenants.services import jobs
from tickets.models import Notification
from tickets.notice_words import mail_subject, one_line, path_of, subject, words_of
from tickets.services.reply_addresses import mailbox_of, token_for, with_token

MOST_A_DAY = 100


@jobs.handles("notices.mail")
def mail(job: Job) -> None:
    """Send the e-mail of one notification, unless it has left or its recipient has."""
    rows = claimed(job.payload["recipient_id"])
    notice = rows.filter(key=job.payload["notice_key"]).first()
    if notice is not None and may_still(notice.recipient):
        with reading_as(notice.recipient):
            message(notice).send()
        done([notice])


@jobs.handles("notices.mail_day")
def mail_day(job: Job) -> None:
    """Send one e-mail with all that a person should be told once a day."""
    now = timezone.now()
    rows = claimed(job.payload["recipient_id"]).to_mail(now)
    notices = list(rows.order_by("at", "pk"))
    if notices and may_still(notices[0].recipient):
        with reading_as(notices[0].recipient):
            daily_message(notices, job.key).send()
    done(notices)


def claimed(recipient_id: int):
    """Return what a person should still be mailed, locked until it is marked as mailed."""
    rows = Notification.objects.for_list().select_for_update(of=["self"])
    return rows.filter(recipient_id=recipient_id, mailed_at=None).exclude(mail_at=None)


def may_still(member: Membership) -> bool:
    """Return whether the person is still on the team: who left is told nothing more."""
    return member.is_active and member.user.is_active


def done(notices: list[Notification]) -> None:
    rows = Notification.objects.filter(pk__in=[notice.pk for notice in notices])
    rows.update(mailed_at=timezone.now())


@contextmanager
def reading_as(member: Membership) -> Iterator[None]:
    zone = ZoneInfo(member.user.timezone)
    with translation.override(member.user.language), timezone.override(zone):
        yield


# --- what leaves ---


def message(notice: Notification) -> EmailMultiAlternatives:
    """Return the e-mail of one notification; it threads with the others of its ticket."""
    context = {"notice": notice, "words": words_of(notice), "about": subject(notice)}
    context |= {"url": absolute(path_of(notice)), "choices_url": choices_url()}
    headers = {"Message-ID": f"<notice-{notice.public_id}@{domain()}>"}
    if notice.ticket is not None and (mailbox := mailbox_of(notice.tenant_id)):
        token = token_for(notice)  # what proves an answer, in both places that an answer keeps
        headers["Message-ID"] = f"<notice-{notice.public_id}.{token}@{domain()}>"
        headers["Reply-To"] = with_token(mailbox.address, token)
    if notice.ticket is not None:
        thread = f"<ticket-{notice.ticket.key.lower()}@{domain()}>"
        headers |= {"In-Reply-To": thread, "References": thread}
    return addressed(notice.recipient, mail_subject(notice), "notice", context, headers)


def daily_message(notices: list[Notification], key: str) -> EmailMultiAlternatives:
    """Return the e-mail of a day, of one client: the oldest news first."""
    first, count = notices[0], len(notices)
    told = [
        {"words": words_of(n), "about": subject(n), "url": absolute(path_of(n))}
        for n in notices[:MOST_A_DAY]
    ]
    code = first.recipient.tenant.code
    text = ngettext(
        "%(code)s: %(count)d piece of news", "%(code)s: %(count)d pieces of news", count
    )
    context = {"told": told, "more": count - len(told), "tenant": first.recipient.tenant}
    context |= {"url": absolute(reverse("notices:list")), "choices_url": choices_url()}
    headers = {"Message-ID": f"<day-{first.public_id}@{domain()}>"}
    said = text % {"code": code, "count": count}
    return addressed(first.recipient, said, "day", context, headers)


def addressed(
    member: Membership, title: str, template: str, context: dict, headers: dict[str, str]
) -> EmailMultiAlternatives:
    """Return an e-mail to one person, with its text and its simple HTML, marked as automatic."""
    context["member"] = member
    mail = EmailMultiAlternatives(
        subject=one_line(title),
        body=render_to_string(f"tickets/mail/{template}.txt", context),
        to=[member.user.email],
        headers={
            **headers,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Content-Language": translation.get_language(),
        },
    )
    mail.attach_alternative(render_to_string(f"tickets/mail/{template}.html", context), "text/html")
    return mail


def choices_url() -> str:
    return absolute(reverse("notices:choices"))


def absolute(path: str) -> str:
    return settings.PORTAL_URL.rstrip("/") + path


def domain() -> str:
    return urlsplit(settings.PORTAL_URL).hostname or "localhost"

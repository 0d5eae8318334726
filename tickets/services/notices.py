"""
People are told: a job turns an event into one notification for each of them, and into e-mails.

The row is the record: its key makes a second run write nothing, and the job of an e-mail is named
after it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from contracts.models import Contract
from tenants.models import AuditEvent, Job, Membership
from tenants.services import jobs
from tickets.domain.notices import Channel, channel_of, mail_at
from tickets.models import NoticePreference, Notification, Obligation, Ticket
from tickets.services.paging import page_if_urgent
from tickets.services.recipients import SENTENCES, TELL, Told, clock_people, recipients

SETTLED = timedelta(minutes=1)  # what was said just before nine is written by then
KEPT = (  # of an event's data: codes and instants; never an amount, a lane or free text
    *("kind", "cause", "comment", "handoff", "dispute", "estimate", "report", "revision", "month"),
    *("missed_at", "ends_on", "days", "until", "renewed_on", "late", "percent", "due_at", "into"),
)


@dataclass(frozen=True, slots=True)
class News:
    """What happened `at`, and is told `now`; `key` is the same however often it is said."""

    key: str
    at: datetime
    now: datetime
    ticket: Ticket | None = None
    contract: Contract | None = None
    event: AuditEvent | None = None
    actor: Membership | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@jobs.handles(TELL)
def tell(job: Job) -> None:
    """Tell the people whom an event concerns; a new P1 begins to call who is on call."""
    event = AuditEvent.objects.select_related("actor").get(pk=job.payload["event_id"])
    told = Told(event, ticket_of(event))
    news = News(
        key=f"event:{event.pk}",
        at=event.at,
        now=timezone.now(),
        ticket=told.ticket,
        contract=contract_of(event),
        event=event,
        actor=event.actor,
        facts={name: event.data[name] for name in KEPT if event.data.get(name) is not None},
    )
    write(news, recipients(told))
    if event.verb == "ticket.opened":
        page_if_urgent(told.ticket, event.at)


def ticket_of(event: AuditEvent) -> Ticket | None:
    if event.subject_type != Ticket._meta.label_lower:
        return None
    return Ticket.objects.select_related("stage").get(pk=event.subject_id)


def contract_of(event: AuditEvent) -> Contract | None:
    if event.subject_type != Contract._meta.label_lower:
        return None
    return Contract.objects.get(pk=event.subject_id)


@transaction.atomic
def write(news: News, people: Iterable[tuple[str, Membership]]) -> None:
    """
    Write the notification of each person, with the job of its e-mail.

    A person who chose not to be told of the kind gets no row. Saying the same news twice, also at
    the same time, writes one row a person.
    """
    people = list(people)
    chosen = choices_of({member.user_id for _code, member in people})
    rows = []
    for code, member in people:
        channel = channel_of(SENTENCES[code].kind, chosen.get(member.user_id, {}))
        if channel is not Channel.OFF:
            rows.append(notice(news, code, member, channel))
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    for row in rows:
        if row.mail_at is not None:
            enqueue_mail(row, Channel.DAILY if row.mail_at > news.now else Channel.MAIL)


def choices_of(users: set[int]) -> dict[int, dict[str, str]]:
    rows = NoticePreference.objects.filter(user__in=users)
    return dict(rows.values_list("user_id", "channels"))


def notice(news: News, code: str, member: Membership, channel: Channel) -> Notification:
    sentence = SENTENCES[code]
    zone = ZoneInfo(member.user.timezone)
    return Notification(
        tenant_id=member.tenant_id,
        recipient=member,
        kind=sentence.kind.value,
        code=code,
        key=news.key,
        event=news.event,
        ticket=news.ticket,
        contract=news.contract,
        actor=news.actor,
        facts=news.facts,
        at=news.at,
        mail_at=mail_at(channel, news.now, zone) if sentence.by_mail else None,
    )


def enqueue_mail(row: Notification, channel: Channel) -> None:
    """Write the job of an e-mail: one a notification, or one a person and day."""
    if channel is Channel.DAILY:
        jobs.enqueue(
            "notices.mail_day",
            tenant_id=row.tenant_id,
            key=f"{row.recipient_id}:{row.mail_at:%Y-%m-%dT%H:%M}",
            due_at=row.mail_at + SETTLED,
            recipient_id=row.recipient_id,
        )
    else:
        jobs.enqueue(
            "notices.mail",
            tenant_id=row.tenant_id,
            key=f"{row.recipient_id}:{row.key}",
            recipient_id=row.recipient_id,
            notice_key=row.key,
        )


def tell_of_clock(ticket: Ticket, row: Obligation, percent: int, now: datetime) -> None:
    """Tell who can still keep the promise that `percent` of its time is used; once a clock and step."""
    ticket = Ticket.objects.select_related("stage").get(pk=ticket.pk)
    news = News(
        key=f"clock:{row.pk}:{percent}",
        at=now,
        now=now,
        ticket=ticket,
        facts={"kind": row.kind, "percent": percent, "due_at": row.due_at.isoformat()},
    )
    write(news, clock_people(ticket, row, percent))

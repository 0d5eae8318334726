"""
A P1 calls the person on call, then the deputy and so on, until somebody has it.

Each call is a row with a job of its own, and each way of it (e-mail, webhook) another job: whatever
is tried again, a call is made once.
"""

import json
from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import outbound, signing
from tenants.errors import NotPermitted, Refused
from tenants.models import AuditEvent, Job, Membership
from tenants.services import audit, jobs
from tenants.vault import vault
from tickets.domain.oncall import called, who
from tickets.models import Call, Page, Roster, Ticket
from tickets.models.choices import Priority
from tickets.notice_words import one_line
from tickets.services.guard import in_story
from tickets.services.notice_mail import absolute, domain, reading_as
from tickets.services.rosters import USE, rule_of

URGENT = Priority.P1
TIERS = ("L1", "L2", "L3", "PMO")
HAS_IT = (  # what a person of the vendor's does who has it
    *("ticket.started", "ticket.commented", "ticket.paused", "ticket.resumed", "ticket.restored"),
    *("ticket.resolved", "handoff.offered", "handoff.accepted", "handoff.disputed", "time.logged"),
)


def page_if_urgent(ticket: Ticket, now: datetime) -> Page | None:
    """
    Begin to call for a ticket that is a P1 now: by the job that tells of it, or the command that made it one.

    The roster is that of the tier that is accountable, else the next tier's that has one. Where the
    client itself is accountable, or no roster stands, nobody is called.
    """
    if ticket.priority != URGENT or in_story() or not ticket.stage.owner.is_vendor:
        return None
    if (roster := roster_for(ticket)) is None or ticket.pages.waiting().exists():
        return None
    page = Page.objects.create(
        tenant_id=ticket.tenant_id, ticket=ticket, roster=roster, started_at=now
    )
    call_later(page, 0, now)
    return page


def roster_for(ticket: Ticket) -> Roster | None:
    rosters = {roster.tier: roster for roster in Roster.objects.filter(tenant_id=ticket.tenant_id)}
    first = TIERS.index(ticket.stage.tier) if ticket.stage.tier in TIERS else 0
    found = (rosters.get(tier) for tier in (*TIERS[first:], *TIERS[:first]))
    return next((roster for roster in found if roster is not None), None)


def call_later(page: Page, number: int, at: datetime) -> None:
    jobs.enqueue(
        "paging.call", tenant_id=page.tenant_id, key=f"{page.pk}:{number}", due_at=at,
        page_id=page.pk, number=number,
    )  # fmt: skip


@jobs.handles("paging.call")
def call_next(job: Job) -> None:
    call(job.payload["page_id"], job.payload["number"], timezone.now())


@transaction.atomic
def call(page_id: int, number: int, now: datetime) -> Call | None:
    """
    Make the call of a number, unless somebody has the ticket; plan the next one.

    Who is called is asked of the roster now: a hand-over between two calls counts. When everybody
    was called often enough the page ends in vain, and the trail says so.
    """
    page = Page.objects.select_for_update(of=["self"]).get(pk=page_id)
    ticket = Ticket.objects.select_related("stage").get(pk=page.ticket_id)
    if page.ended_at is not None or Call.objects.filter(page=page, number=number).exists():
        return None
    taker = taken_by(page)
    if taker or not ticket.is_open or ticket.priority != URGENT:
        end(page, now, taken_by=taker)
        return None
    member = called(who(rule_of(page.roster, now), now), number)
    if member is None:
        end(page, now, in_vain=True)
        audit.record(actor=None, verb="page.in_vain", subject=ticket, at=now, calls=number)
        return None
    row = Call.objects.create(
        tenant_id=page.tenant_id, page=page, number=number, member_id=member, at=now
    )
    audit.record(
        actor=None, verb="page.called", subject=ticket, at=now, member=member, number=number + 1
    )
    ways = ["paging.mail", *(["paging.hook"] if page.roster.hook_url else [])]
    for way in ways:
        jobs.enqueue(way, tenant_id=page.tenant_id, key=f"{page.pk}:{number}", call_id=row.pk)
    call_later(page, number + 1, now + timedelta(minutes=page.roster.step_minutes))
    return row


def taken_by(page: Page) -> Membership | None:
    """Return the first person of the vendor's who did something on the ticket since the page began."""
    done = AuditEvent.objects.filter(
        subject_type="tickets.ticket", subject_id=page.ticket_id, verb__in=HAS_IT,
        at__gte=page.started_at,
    ).exclude(actor=None)  # fmt: skip
    people = (event.actor for event in done.select_related("actor").order_by("pk"))
    return next((member for member in people if member.is_vendor), None)


def end(page: Page, now: datetime, *, taken_by: Membership | None = None, in_vain: bool = False):
    page.ended_at, page.taken_by, page.in_vain = now, taken_by, in_vain
    page.save(update_fields=["ended_at", "taken_by", "in_vain"])


@transaction.atomic
def take_page(*, ticket: Ticket, actor: Membership, now: datetime) -> Page:
    """
    Say that one has the ticket: nobody else is called. To the client that is no first response.

    :raises NotPermitted: to a client.
    :raises Refused: if nobody is being called any more.
    """
    if not actor.is_vendor or actor.tenant_id != ticket.tenant_id:
        raise NotPermitted(_("Only the vendor's team is on call."))
    page = Page.objects.select_for_update(of=["self"]).waiting().filter(ticket=ticket).first()
    if page is None:
        raise Refused(_("Nobody is being called for this ticket any more."))
    end(page, now, taken_by=actor)
    audit.record(actor=actor, verb="page.taken", subject=ticket, at=now)
    return page


# --- the ways of a call ---


def claimed(call_id: int) -> Call:
    rows = Call.objects.select_for_update(of=["self"])
    related = ("member__user", "member__tenant", "page__ticket", "page__roster")
    return rows.select_related(*related).get(pk=call_id)


@jobs.handles("paging.mail")
def mail_call(job: Job) -> None:
    """Mail a call once; a second delivery has the same Message-ID."""
    row = claimed(job.payload["call_id"])
    if row.mailed_at is not None or not row.member.is_active:
        return
    ticket = row.page.ticket
    with reading_as(row.member):
        url = absolute(reverse("tickets:page", args=[ticket.key]))
        subject = _("You are on call: %(key)s %(title)s") % {
            "key": ticket.key,
            "title": ticket.title,
        }
        body = _(
            "%(priority)s at %(client)s waits for somebody.\n\n%(title)s\n%(url)s\n\nSay on its page"
            " that you have it. Otherwise the next person is called in %(minutes)d minutes."
        ) % {
            "priority": ticket.priority,
            "client": row.member.tenant.name,
            "title": ticket.title,
            "url": url,
            "minutes": row.page.roster.step_minutes,
        }
        headers = {
            "Message-ID": f"<call-{row.page.public_id}-{row.number}@{domain()}>",
            "Auto-Submitted": "auto-generated",
            "X-Priority": "1",
            "Importance": "high",
        }
        to = [row.member.user.email]
        EmailMessage(one_line(subject), body, to=to, headers=headers).send()
    row.mailed_at = timezone.now()
    row.save(update_fields=["mailed_at"])


@jobs.handles("paging.hook")
def hook_call(job: Job) -> None:
    """
    Post a call to the roster's webhook, signed as what we take in is.

    Where nobody answers the job tries again; the receiver knows a second delivery by its `id`.
    """
    row = claimed(job.payload["call_id"])
    roster, ticket = row.page.roster, row.page.ticket
    if row.hooked_at is not None or not roster.hook_url:
        return
    body = json.dumps(message_of(row), ensure_ascii=False).encode()
    stamp = str(int(timezone.now().timestamp()))
    secret = vault(USE).decrypt(roster.hook_sealed.encode()).decode()
    told = {signing.TIMESTAMP: stamp, signing.SIGNATURE: signing.signature(secret, stamp, body)}
    status = outbound.post(roster.hook_url, body, told)
    if not 200 <= status < 300:
        raise outbound.NotReachable(f"status {status} for {ticket.pk}")
    row.hooked_at = timezone.now()
    row.save(update_fields=["hooked_at"])


def message_of(row: Call) -> dict[str, object]:
    ticket, user = row.page.ticket, row.member.user
    return {
        "id": f"{row.page.public_id}:{row.number}",
        "event": "page.called",
        "at": row.at.isoformat(),
        "call": row.number + 1,
        "person": {"name": user.name, "email": user.email},
        "ticket": {
            "key": ticket.key,
            "title": ticket.title,
            "priority": ticket.priority,
            "system": ticket.system,
            "url": absolute(reverse("tickets:page", args=[ticket.key])),
        },
    }

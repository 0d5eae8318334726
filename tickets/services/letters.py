"""
Letters become drafts for the desk, or words on the ticket that they answer; what nobody proved waits.

A letter speaks on a ticket only with the token that we sent to somebody about it, and only as the
member whose address it comes from. A header alone names neither. What a machine wrote is dropped,
and we answer no letter: nothing goes round.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from contracts.models import Contract
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.services import audit
from tickets.domain import letter as rules
from tickets.domain.alert_payloads import clean
from tickets.domain.letter import MOST_FILES, Broken, read_letter
from tickets.domain.lifecycle import AGENTS, LEADS, TransitionNotAllowed
from tickets.domain.reply_token import Reply
from tickets.models import Letter, LetterReason, LetterState, Mailbox, Ticket
from tickets.models.choices import Channel
from tickets.services.attachments import StoredFile, store_file
from tickets.services.conversation import comment
from tickets.services.intake import open_ticket
from tickets.services.notice_mail import domain
from tickets.services.reply_addresses import answering, token_in

log = logging.getLogger(__name__)

MOST_AN_HOUR = 30  # letters of one sender that are heeded
OWN_IDS = ("notice-", "day-", "call-", "ticket-")


@transaction.atomic
def take_in(
    *,
    mailbox: Mailbox,
    raw: bytes,
    received_at: datetime,
    now: datetime,
    uid: str = "",
    reading: Callable[[], rules.Letter] | None = None,
) -> Letter:
    """Take a letter in, once by its Message-ID, and do with it what it has proved."""
    mailbox = Mailbox.objects.select_for_update(of=["self"]).get(pk=mailbox.pk)
    try:
        read = reading() if reading else read_letter(raw)
    except Broken:
        read = unreadable(raw)
    if known := Letter.objects.filter(mailbox=mailbox, message_id=read.message_id).first():
        return known
    row = Letter(
        tenant_id=mailbox.tenant_id,
        mailbox=mailbox,
        message_id=read.message_id,
        uid=uid,
        sender=read.sender,
        sender_name=read.sender_name,
        subject=read.subject,
        body=read.body,
        received_at=min(received_at, now),
        taken_at=now,
    )
    settle(row, read, raw, now)
    row.save()
    audit.record(
        actor=None, verb="letter.taken_in", subject=row, at=now, state=row.state, reason=row.reason
    )
    return row


def take_in_anyhow(
    *, mailbox: Mailbox, raw: bytes, received_at: datetime, now: datetime, uid: str = ""
) -> Letter:
    """
    Take a letter in; one at which we fail is written down unread, and the log says why.

    One letter must not keep all that come after it from coming in.
    """
    told = {"mailbox": mailbox, "received_at": received_at, "now": now, "uid": uid}
    try:
        with transaction.atomic():
            return take_in(raw=raw, **told)
    except (OperationalError, InterfaceError):
        raise  # a database that is away or locked is no fault of the letter: it is fetched again
    except Exception:
        log.exception("A letter of mailbox %s could not be taken in", mailbox.pk)
        return take_in(raw=b"", reading=partial(unreadable, raw), **told)


def unreadable(raw: bytes) -> rules.Letter:
    shown = clean(raw[:2000].decode("utf-8", "replace"))
    return rules.Letter(f"sha256:{sha256(raw).hexdigest()}", "", "", (), "", shown)


def settle(row: Letter, read: rules.Letter, raw: bytes, now: datetime) -> None:
    """Decide what becomes of a letter, and do it."""
    row.member = member_of(row.tenant_id, read.sender)
    row.state, row.reason = LetterState.DROPPED, dropped(row.mailbox, read)
    if row.reason:
        return
    row.state, row.reason = LetterState.QUARANTINED, quarantined(row, read, raw, now)
    if row.reason:
        keep_files(row, read)
        return
    keep_files(row, read)
    reply = proved(row.mailbox, read)
    if reply is None:
        row.state, row.reason = LetterState.DRAFT, claims(row.mailbox, read)
        if row.member.is_vendor:
            row.state, row.reason = LetterState.QUARANTINED, LetterReason.VENDOR
    else:
        speak(row, reply, now)


def dropped(mailbox: Mailbox, read: rules.Letter) -> str:
    """Return why a letter goes no further: we wrote it, or no person did."""
    own = {mailbox.address.lower(), settings.DEFAULT_FROM_EMAIL.lower()}
    if read.sender in own or is_own_id(read.message_id):
        return LetterReason.OWN
    return LetterReason.AUTOMATIC if read.automatic else ""


def is_own_id(message_id: str) -> bool:
    return message_id.startswith(OWN_IDS) and message_id.endswith(f"@{domain()}")


def quarantined(row: Letter, read: rules.Letter, raw: bytes, now: datetime) -> str:
    """Return why a person must look at a letter first; empty for one of a member."""
    if not read.sender:
        return LetterReason.BROKEN
    if says_forged(raw):
        return LetterReason.FORGED
    lately = Letter.objects.filter(tenant_id=row.tenant_id, sender=read.sender)
    if lately.filter(taken_at__gt=now - timedelta(hours=1)).count() >= MOST_AN_HOUR:
        return LetterReason.MANY
    if row.member is None:
        proves = proved(row.mailbox, read) is not None
        return LetterReason.NOT_A_MEMBER if proves else LetterReason.UNKNOWN
    return ""


def says_forged(raw: bytes) -> bool:
    """Return whether a mail server on the way found that the domain's own rule disowns the sender."""
    head = raw[:20_000].partition(b"\r\n\r\n")[0].lower()
    return b"authentication-results:" in head and b"dmarc=fail" in head


def proved(mailbox: Mailbox, read: rules.Letter) -> Reply | None:
    """Return what a letter answers, by a token of ours in an address or in an id; of this client only."""
    told = [token_in(recipient, mailbox.address) for recipient in read.recipients]
    told += [
        answered.rpartition("@")[0].partition(".")[2]
        for answered in read.answers
        if answered.endswith(f"@{domain()}") and answered.startswith("notice-")
    ]
    found = (answering(text) for text in told if text)
    return next((r for r in found if r and r.tenant == mailbox.tenant_id), None)


def claims(mailbox: Mailbox, read: rules.Letter) -> str:
    """Return whether a letter claims to answer, so that the desk looks for its ticket."""
    plus = any(token_in(recipient, mailbox.address) for recipient in read.recipients)
    return LetterReason.NOT_PROVED if plus or any(map(is_own_id, read.answers)) else ""


def member_of(tenant_id: int, sender: str) -> Membership | None:
    """Return the client's or vendor's person with an address, a client's desk first."""
    if not sender:
        return None
    rows = Membership.objects.active().filter(tenant_id=tenant_id, user__is_active=True)
    found = list(rows.filter(user__email__iexact=sender).select_related("user", "tenant"))
    return min(found, key=lambda m: (m.is_vendor, m.pk), default=None)


def speak(row: Letter, reply: Reply, now: datetime) -> None:
    """Let a member speak on the ticket that their letter answers, if they see it."""
    seen = Ticket.objects.visible_to([row.member]).filter(pk=reply.ticket)
    if (ticket := seen.first()) is None:
        row.state, row.reason = LetterState.QUARANTINED, LetterReason.NOT_PROVED
        return
    body = row.body or row.subject
    if row.refused:
        body += "\n\n" + _("Files that were not taken: %s") % ", ".join(row.refused)
    try:
        comment(
            ticket=ticket, actor=row.member, body=body, now=now,
            language=row.member.user.language, files=stored(row),
        )  # fmt: skip
    except (Refused, TransitionNotAllowed):
        row.state, row.reason = LetterState.QUARANTINED, LetterReason.REFUSED
        return
    row.state, row.reason, row.ticket, row.files = LetterState.COMMENTED, "", ticket, []


def keep_files(row: Letter, read: rules.Letter) -> None:
    """Store the files of a letter by the limits of every file; name those that break them."""
    kept, refused = [], []
    for place, (name, content) in enumerate(read.files):
        try:
            if place >= min(MOST_FILES, settings.ATTACHMENTS_MOST_FILES):
                raise Invalid("too many")
            upload = SimpleUploadedFile(name, content)
            kept.append(asdict(store_file(upload, tenant_id=row.tenant_id)))
        except Invalid:
            refused.append(name[:150])
    row.files, row.refused = kept, refused[:50]


def stored(row: Letter) -> Sequence[StoredFile]:
    return [StoredFile(**told) for told in row.files]


# --- what the desk does ---


@transaction.atomic
def open_letter(
    *,
    letter: Letter,
    actor: Membership,
    contract: Contract,
    requester: Membership,
    type: str,
    title: str,
    system: str,
    environment: str,
    impact: int,
    urgency: int,
    now: datetime,
) -> Ticket:
    """
    Make a ticket of a letter; its clocks start when the letter came in.

    :raises NotPermitted: to a client, and of a letter in quarantine to anybody but a lead.
    :raises Refused: if it waits no more.
    """
    letter = waiting(letter, actor)
    ticket = open_ticket(
        contract=contract, actor=actor, requester=requester, type=type, title=title,
        description=letter.body[:5000], system=system, environment=environment, impact=impact,
        urgency=urgency, channel=Channel.EMAIL, received_at=letter.received_at,
        received_reason=_("It came by e-mail."), files=stored(letter), now=now,
    )  # fmt: skip
    decide(letter, LetterState.OPENED, actor, now, ticket=ticket, files=[])
    return ticket


@transaction.atomic
def answer_with_letter(
    *, letter: Letter, actor: Membership, ticket: Ticket, now: datetime
) -> Letter:
    """
    Put a letter of a member on the ticket that a person says it belongs to, in that person's name.

    As above, it may refuse.
    """
    letter = waiting(letter, actor)
    said = _("By e-mail from %(sender)s:") % {"sender": letter.sender}
    comment(
        ticket=ticket, actor=actor, body=f"{said}\n\n{letter.body or letter.subject}",
        files=stored(letter), now=now, lane="internal",
    )  # fmt: skip
    return decide(letter, LetterState.COMMENTED, actor, now, ticket=ticket, files=[])


@transaction.atomic
def discard_letter(*, letter: Letter, actor: Membership, now: datetime) -> Letter:
    """Put a letter away; it stays in the list. As above, it may refuse."""
    return decide(waiting(letter, actor), LetterState.DISCARDED, actor, now, files=[])


def waiting(letter: Letter, actor: Membership) -> Letter:
    letter = Letter.objects.select_for_update(of=["self"]).get(pk=letter.pk)
    needed = LEADS if letter.state == LetterState.QUARANTINED else AGENTS
    if actor.tenant_id != letter.tenant_id or actor.role not in needed:
        raise NotPermitted(_("Only the vendor's desk of this client reads its letters."))
    if letter.state not in (LetterState.DRAFT, LetterState.QUARANTINED):
        raise Refused(_("Somebody was faster: this letter waits no more."))
    return letter


def decide(
    letter: Letter, state: str, actor: Membership, now: datetime, **changes: object
) -> Letter:
    for name, value in {"state": state, "decided_by": actor, "decided_at": now, **changes}.items():
        setattr(letter, name, value)
    letter.save()
    audit.record(actor=actor, verb=f"letter.{state}", subject=letter, at=now)
    return letter

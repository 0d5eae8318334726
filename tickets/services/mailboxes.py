"""
Mailboxes: set up, and fetched by IMAP.

A letter is marked as seen only once it stands in the database, at the next visit: a worker that is
killed between the two fetches it again, and its Message-ID makes it the same letter.
"""

import imaplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.errors import Invalid, NotPermitted
from tenants.models import Job, Membership, Tenant
from tenants.outbound import TIMEOUT, NotReachable, public_address
from tenants.services import audit, hooks, jobs
from tenants.vault import vault
from tickets.domain.lifecycle import LEADS
from tickets.models import Letter, Mailbox, MailSecurity
from tickets.services.letters import take_in_anyhow

EVERY = timedelta(minutes=1)
POLL = "mail.poll"
USE = "mailbox"
MOST_A_VISIT = 50
TOO_LARGE = "(This letter was too large to be taken in. It lies in the mailbox.)"


@dataclass(frozen=True, slots=True)
class MailboxPlan:
    """How a mailbox is reached; without a host a mail provider posts to its door."""

    address: str
    host: str = ""
    port: int = 993
    security: str = MailSecurity.TLS
    user: str = ""
    folder: str = "INBOX"


@transaction.atomic
def create_mailbox(
    *, tenant: Tenant, actor: Membership, plan: MailboxPlan, password: str, now: datetime
) -> tuple[Mailbox, str]:
    """
    Set a client's mailbox up; return it with the secret of its door, which nobody sees again.

    :raises NotPermitted: to anybody but a bridge SE or an account manager of the client.
    :raises Invalid: if the address is taken, or a host comes without user and password.
    """
    check_lead(tenant.pk, actor)
    check_plan(tenant, plan, password)
    hook, secret = hooks.make(tenant_id=tenant.pk, signed_only=False, now=now)
    mailbox = Mailbox.objects.create(
        tenant=tenant, public_id=hook.public_id, by=actor, made_at=now,
        sealed=sealed(password) if plan.host else "",
        **{name: getattr(plan, name) for name in plan.__slots__},
    )  # fmt: skip
    jobs.enqueue(POLL, tenant_id=tenant.pk, key="recurring")
    audit.record(
        actor=actor, verb="mailbox.created", subject=mailbox, at=now, address=plan.address,
        host=plan.host,
    )  # fmt: skip
    return mailbox, secret


@transaction.atomic
def switch_mailbox(*, mailbox: Mailbox, actor: Membership, on: bool, now: datetime) -> Mailbox:
    """Close a mailbox, or open it again."""
    check_lead(mailbox.tenant_id, actor)
    mailbox = Mailbox.objects.select_for_update(of=["self"]).get(pk=mailbox.pk)
    mailbox.disabled_at = None if on else now
    mailbox.save(update_fields=["disabled_at"])
    hooks.close(public_id=mailbox.public_id, tenant_id=mailbox.tenant_id, now=mailbox.disabled_at)
    verb = "mailbox.enabled" if on else "mailbox.disabled"
    audit.record(actor=actor, verb=verb, subject=mailbox, at=now)
    return mailbox


def check_lead(tenant_id: int, actor: Membership) -> None:
    if actor.tenant_id != tenant_id or actor.role not in LEADS:
        raise NotPermitted(_("Only a bridge SE or an account manager sets up mailboxes."))


def check_plan(tenant: Tenant, plan: MailboxPlan, password: str) -> None:
    if Mailbox.objects.filter(tenant=tenant, address__iexact=plan.address).exists():
        raise Invalid(_("This client has a mailbox with this address."), field="address")
    if plan.host and not (plan.user and password):
        raise Invalid(_("IMAP needs a user and a password."), field="user")
    inside = plan.host in settings.OUTBOUND_PRIVATE_HOSTS
    if plan.host and plan.security == MailSecurity.PLAIN and not inside:
        raise Invalid(_("A password is not sent without encryption."), field="security")


def sealed(password: str) -> str:
    return vault(USE).encrypt(password.encode()).decode()


# --- fetching ---


@jobs.handles(POLL, every=EVERY)
def poll(job: Job) -> None:
    """Fetch the letters of one tenant's mailboxes; one that is not reached says so and waits."""
    rows = Mailbox.objects.filter(disabled_at=None).exclude(host="")
    for mailbox in rows.order_by("pk"):
        fetch(mailbox, timezone.now())


def fetch(mailbox: Mailbox, now: datetime) -> int:
    """Visit a mailbox: mark what stands in the database, take the next letters in; return how many."""
    taken = 0
    try:
        with opened(mailbox) as box:
            validity = said(box.response("UIDVALIDITY")[1])
            for uid in unseen(box):
                name = f"{validity}.{uid}"
                if Letter.objects.filter(mailbox=mailbox, uid=name).exists():
                    box.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")
                elif taken < MOST_A_VISIT:
                    take_one(mailbox, box, uid, name, now)
                    taken += 1
        problem = ""
    except (NotReachable, OSError, imaplib.IMAP4.error) as error:
        problem = type(error).__name__  # what the server says may hold anything
    Mailbox.objects.filter(pk=mailbox.pk).update(checked_at=now, problem=problem)
    return taken


def take_one(mailbox: Mailbox, box: imaplib.IMAP4, uid: str, name: str, now: datetime) -> None:
    _kind, told = box.uid("FETCH", uid, "(INTERNALDATE RFC822.SIZE)")
    facts = said(told)
    size = int(facts.partition("RFC822.SIZE ")[2].partition(" ")[0].strip(")") or 0)
    what = "BODY.PEEK[]" if size <= settings.MAIL_MOST_BYTES else "BODY.PEEK[HEADER]"
    _kind, found = box.uid("FETCH", uid, f"({what})")
    raw = next((part[1] for part in found if isinstance(part, tuple)), b"")
    if what != "BODY.PEEK[]":
        raw = headers_only(raw)
    at = internal_date(facts.encode()) or now
    letter = take_in_anyhow(mailbox=mailbox, raw=raw, received_at=at, now=now, uid=name)
    if letter.uid != name:  # the same letter lies here twice
        box.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")


def headers_only(head: bytes) -> bytes:
    """Return the headers of a letter that is too large, with words in place of what it held."""
    lines = (
        line
        for line in head.replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ").split(b"\r\n")
        if line
    )
    kept = [line for line in lines if not line.lower().startswith(b"content-")]
    return b"\r\n".join([*kept, b"", TOO_LARGE.encode()])


def internal_date(head: bytes) -> datetime | None:
    told = imaplib.Internaldate2tuple(head)
    return datetime.fromtimestamp(time.mktime(told), UTC) if told else None


def unseen(box: imaplib.IMAP4) -> list[str]:
    _kind, found = box.uid("SEARCH", "UNSEEN")
    return said(found).split()


def said(found: list) -> str:
    return b" ".join(part for part in found or [] if isinstance(part, bytes)).decode(
        "ascii", "replace"
    )


@contextmanager
def opened(mailbox: Mailbox) -> Iterator[imaplib.IMAP4]:
    """Open the mailbox's folder, at the address that was checked (`tenants.outbound`)."""
    box = Imap(mailbox.host, mailbox.port, secure=mailbox.security == MailSecurity.TLS)
    try:
        if mailbox.security == MailSecurity.STARTTLS:
            box.starttls(ssl.create_default_context())
        password = vault(USE).decrypt(mailbox.sealed.encode()).decode()
        box.login(mailbox.user, password)
        kind, _found = box.select(f'"{mailbox.folder}"')
        if kind != "OK":
            raise imaplib.IMAP4.error("no such folder")
        yield box
    finally:
        box.shutdown()


class Imap(imaplib.IMAP4):
    """IMAP to an address of the open internet, under the name that was told."""

    def __init__(self, host: str, port: int, *, secure: bool) -> None:
        self.secure = secure
        super().__init__(host, port, TIMEOUT)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((public_address(self.host, self.port), self.port), timeout)
        if not self.secure:
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)

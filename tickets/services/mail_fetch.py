"""
Mailboxes are fetched by IMAP.

A letter is marked as seen only once it stands in the database, at the next visit: a worker that is
killed between the two fetches it again, and its Message-ID makes it the same letter.
"""

import imaplib
import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from tenants.models import Job
from tenants.services import jobs
from tickets.models import Letter, Mailbox, MailProblem
from tickets.services.imap import NotOpened, opened
from tickets.services.letters import take_in_anyhow
from tickets.services.mail_proof import forget, plan_of, proof_of

EVERY = timedelta(minutes=1)
POLL = "mail.poll"
MOST_A_VISIT = 50
TOO_LARGE = "(This letter was too large to be taken in. It lies in the mailbox.)"


@jobs.handles(POLL, every=EVERY)
def poll(job: Job) -> None:
    """Fetch the letters of one tenant's mailboxes; one that is not reached says so and waits."""
    rows = Mailbox.objects.filter(disabled_at=None).exclude(host="")
    for mailbox in rows.order_by("pk"):
        fetch(mailbox, timezone.now())


def fetch(mailbox: Mailbox, now: datetime) -> int:
    """Visit a mailbox: mark what stands in the database, take the next letters in; return how many."""
    taken, problem = 0, ""
    try:
        with opened(plan_of(mailbox), proof_of(mailbox, now)) as box:
            validity = said(box.response("UIDVALIDITY")[1])
            for uid in unseen(box):
                name = f"{validity}.{uid}"
                if Letter.objects.filter(mailbox=mailbox, uid=name).exists():
                    box.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")
                elif taken < MOST_A_VISIT:
                    take_one(mailbox, box, uid, name, now)
                    taken += 1
    except NotOpened as error:
        problem = error.problem
        if problem == MailProblem.SIGN_IN and mailbox.access_until:
            forget(mailbox)
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

"""Mailboxes to be set up at a real server, and what the person reads who is refused."""

import pytest
from django.db import transaction
from django.utils import timezone

from tenants.errors import Invalid
from tenants.scoping import tenant_scope
from tests.tickets import mail_servers
from tests.tickets.letters.post import DESK
from tickets.domain.mailbox import MailboxPlan, MailSecrets
from tickets.models import Letter, Mailbox
from tickets.services import mail_fetch, mailboxes

TOKEN = "ya29.a-token-for-the-tests"
HOST = "127.0.0.1"


def plan(**told) -> MailboxPlan:
    return MailboxPlan(**({"address": DESK, "host": HOST, "user": mail_servers.USER} | told))


def set_up(desk, *, secrets: MailSecrets | None = None, **told) -> Mailbox:
    with tenant_scope(desk.tenant), transaction.atomic():
        return mailboxes.set_up_mailbox(
            tenant=desk.tenant, actor=desk.people["bridge_se"], plan=plan(**told),
            secrets=secrets or MailSecrets(password=mail_servers.PASSWORD), now=timezone.now(),
        )[0]  # fmt: skip


def fetched(box: Mailbox, now=None) -> Mailbox:
    """Visit the mailbox, and return its row."""
    with tenant_scope(box.tenant_id), transaction.atomic():
        mail_fetch.fetch(Mailbox.objects.get(pk=box.pk), now or timezone.now())
        return Mailbox.objects.get(pk=box.pk)


def letters(box: Mailbox) -> int:
    with tenant_scope(box.tenant_id), transaction.atomic():
        return Letter.objects.filter(mailbox=box).count()


def refused(desk, **told) -> tuple[str, str]:
    """Return what the person reads who sets the mailbox up, and at which field."""
    with pytest.raises(Invalid) as caught:
        set_up(desk, **told)
    with tenant_scope(desk.tenant), transaction.atomic():
        assert not Mailbox.objects.exists()
    return str(caught.value.message), caught.value.field

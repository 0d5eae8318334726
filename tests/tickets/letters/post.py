"""Letters as people send them, mailboxes that take them in, and what became of each."""

from email.message import EmailMessage
from email.utils import make_msgid

from django.db import transaction
from django.utils import timezone

from tenants.scoping import tenant_scope
from tickets.domain.mailbox import MailboxPlan, MailSecrets
from tickets.domain.reply_token import Reply, token_of
from tickets.models import Comment, Letter, Mailbox, Ticket
from tickets.services import letters, mailboxes, reply_addresses

DESK = "desk@portal.example"


def set_up(desk, **told):
    password = told.pop("password", "")
    with tenant_scope(desk.tenant):
        return mailboxes.create_mailbox(
            tenant=desk.tenant, actor=desk.people["bridge_se"],
            plan=MailboxPlan(**({"address": DESK} | told)),
            secrets=MailSecrets(password=password), now=timezone.now(),
        )  # fmt: skip


def letter_of(sender, said: str = "The cart is empty.", to: str = DESK, **headers: str):
    message = EmailMessage()
    message["From"] = sender if isinstance(sender, str) else sender.user.email
    message["To"], message["Subject"] = to, headers.pop("Subject", "The cart")
    message["Message-ID"] = headers.pop("Message_ID", make_msgid(domain="acme.example"))
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(said)
    return message


def take(box: Mailbox, message, **told) -> Letter:
    raw = message if isinstance(message, bytes) else message.as_bytes()
    now = timezone.now()
    with tenant_scope(box.tenant_id), transaction.atomic():
        return letters.take_in(mailbox=box, raw=raw, **({"received_at": now, "now": now} | told))


def states(box: Mailbox) -> list[tuple[str, str]]:
    with tenant_scope(box.tenant_id), transaction.atomic():
        return list(Letter.objects.order_by("pk").values_list("state", "reason"))


def reply_to(ticket: Ticket, member) -> str:
    token = token_of(Reply(ticket.tenant_id, ticket.pk, member.pk), reply_addresses.keys()[0])
    return reply_addresses.with_token(DESK, token)


def said_on(ticket: Ticket) -> list[str]:
    with tenant_scope(ticket.tenant_id), transaction.atomic():
        return list(Comment.objects.filter(ticket=ticket).values_list("body", flat=True))

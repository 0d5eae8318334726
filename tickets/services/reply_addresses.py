"""The addresses of our mails: where an answer goes, with what proves that it answers."""

import hashlib
import hmac

from django.conf import settings

from tickets.domain.reply_token import Reply, read_token, token_of
from tickets.models import Mailbox, Notification


def keys() -> list[bytes]:
    """Return the keys of tokens, the present one first; replaced ones still read."""
    found = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [hmac.new(key.encode(), b"reply token", hashlib.sha256).digest() for key in found]


def token_for(notice: Notification) -> str:
    """Return what proves an answer of this recipient about this ticket."""
    reply = Reply(notice.tenant_id, notice.ticket_id, notice.recipient_id)
    return token_of(reply, keys()[0])


def answering(text: str) -> Reply | None:
    return read_token(text, keys())


def mailbox_of(tenant_id: int) -> Mailbox | None:
    """Return the address under which a client's desk is answered; None where mail does not come in."""
    rows = Mailbox.objects.filter(tenant_id=tenant_id, disabled_at=None)
    return rows.order_by("made_at", "pk").first()


def with_token(address: str, token: str) -> str:
    local, _at, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"


def token_in(recipient: str, address: str) -> str:
    """Return what stands behind the plus of an address of the mailbox; empty where it is not its."""
    local, _at, domain = recipient.rpartition("@")
    own, _at, own_domain = address.lower().rpartition("@")
    begins = f"{own}+"
    if domain != own_domain or not local.startswith(begins):
        return ""
    return local.removeprefix(begins)

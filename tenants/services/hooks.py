"""
Doors for machines: opened with a secret that is shown once, proved by it, closed for good.

Whoever proves a door's secret is let into the scope of its one client: the tenant comes from the
door's own row, never from what was sent.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings

from tenants import signing
from tenants.errors import Refused
from tenants.models import Hook, HookMessage
from tenants.services import throttles
from tenants.services.throttles import Limit
from tenants.vault import vault

PREFIX = "hook_"  # so that a scanner of leaked secrets recognises one
USE = "hook"
KEPT = timedelta(hours=1)  # longer than a signature is good for
NOBODYS = PREFIX + "0" * 43  # what an address that never was is checked against


class NotProved(Refused):
    """Unknown door, closed door, wrong secret, wrong or old signature: all look the same."""

    status = 401
    code = "not_proved"

    def __init__(self) -> None:
        super().__init__("The secret or the signature is not this address's, or is too old.")


def make(*, tenant_id: int, signed_only: bool, now: datetime) -> tuple[Hook, str]:
    """Make a door into one client and return it with its secret, which nobody sees again."""
    secret = PREFIX + secrets.token_urlsafe(32)
    hook = Hook.objects.create(
        tenant_id=tenant_id, sealed=sealed(secret), signed_only=signed_only, made_at=now
    )
    return hook, secret


def renew(*, public_id: str, tenant_id: int, now: datetime) -> str:
    """Give a door another secret and return it; the one before opens nothing from now on."""
    secret = PREFIX + secrets.token_urlsafe(32)
    rows = Hook.objects.filter(public_id=public_id, tenant_id=tenant_id)
    rows.update(sealed=sealed(secret), changed_at=now)
    return secret


def close(*, public_id: str, tenant_id: int, now: datetime | None) -> None:
    """Close a door, or with None open it again."""
    Hook.objects.filter(public_id=public_id, tenant_id=tenant_id).update(closed_at=now)


def sealed(secret: str) -> str:
    return vault(USE).encrypt(secret.encode()).decode()


def proved(public_id: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Hook:
    """
    Return the door whose secret the message proves, by a signature or by `Authorization: Bearer`.

    :raises NotProved: if it does not.
    """
    hook = Hook.objects.filter(public_id=public_id, closed_at=None).first()
    secret = vault(USE).decrypt(hook.sealed.encode()).decode() if hook else NOBODYS
    told = headers.get(signing.SIGNATURE, "")
    if told:
        timestamp = headers.get(signing.TIMESTAMP, "")
        right = signing.is_signed(secret, timestamp, told, body, now.timestamp())
    else:
        scheme, _space, brought = headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(brought.strip().encode(), secret.encode())
        right = right and scheme.lower() == "bearer" and not (hook and hook.signed_only)
    if hook is None or not right:
        raise NotProved
    return hook


def is_first(hook: Hook, headers: Mapping[str, str], now: datetime) -> bool:
    """
    Return whether a signed message is here for the first time; one without a signature always is.

    Two of the same at once: the second waits for the first, and is none.
    """
    if not (told := headers.get(signing.SIGNATURE, "")):
        return True
    digest = sha256(told.encode()).hexdigest()
    HookMessage.objects.filter(hook=hook, at__lt=now - KEPT).delete()
    found = {"hook": hook, "sha256": digest}
    _row, made = HookMessage.objects.get_or_create(**found, defaults={"at": now})
    return made


def spend(hook: Hook, now: datetime) -> None:
    """:raises TooManyAttempts: if the door was used more often this minute than `HOOK_RATE` says."""
    if settings.HOOK_RATE:
        limit = Limit("hook", settings.HOOK_RATE, timedelta(minutes=1))
        throttles.spend(limit, hook.public_id, now)

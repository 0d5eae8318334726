"""The second step: an authenticator app, and codes for the day it is lost."""

import base64
import hashlib
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.fernet import MultiFernet
from django.db import transaction
from django.utils.translation import gettext as _

from tenants import sessions, totp
from tenants import vault as vaults
from tenants.errors import Invalid
from tenants.models import Membership, RecoveryCode, SecondFactor, User
from tenants.services import people, throttles

ISSUER = "Outsourcing portal"
CODES = 10


def vault() -> MultiFernet:
    """Return what en- and decrypts the secrets of authenticator apps."""
    return vaults.vault("second factor")


def has_one(user: User) -> bool:
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


def demanded(memberships: list[Membership]) -> bool:
    """Whether one of these seats is not worked at without a second factor."""
    return any(seat.role in seat.tenant.second_factor_roles for seat in memberships)


@transaction.atomic
def begin(user: User) -> str:
    """
    Draw a secret (160 bits) and return it in base32; until it is confirmed it asks for nothing.

    An unconfirmed one is given again, so that reloading the page does not make the app useless.

    :raises Invalid: if the person has a second factor.
    """
    row = SecondFactor.objects.select_for_update().filter(user=user).first()
    if row and row.confirmed_at:
        raise Invalid(_("You have a second factor. Take it off before you set up another."))
    if row is None:
        text = base64.b32encode(secrets.token_bytes(20)).decode()
        row = SecondFactor(user=user, secret=vault().encrypt(text.encode()).decode())
        row.save()
    return vault().decrypt(row.secret.encode()).decode()


def address_for(user: User, secret: str) -> str:
    """Return what the QR code says to the app (otpauth://)."""
    label = quote(f"{ISSUER}:{user.email}")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(ISSUER)}&digits=6&period=30"


@transaction.atomic
def confirm(*, user: User, code: str, keep: str | None, now: datetime) -> list[str]:
    """
    Begin to ask for the app's codes, and return the recovery codes, which are never shown again.

    Other sessions end: they were made without it.

    :raises Invalid: if the code is not the app's.
    :raises TooManyAttempts: after five wrong ones.
    """
    row = SecondFactor.objects.select_for_update().filter(user=user, confirmed_at=None).first()
    if row is None or not takes(row, code, now):
        raise Invalid(_("The code does not match. Is the clock of your phone right?"), field="code")
    row.confirmed_at = now
    row.save(update_fields=["confirmed_at"])
    sessions.end_all(user, but=keep)
    people.note(user, "member.second_factor_added", now)
    return new_recovery_codes(user=user)


@transaction.atomic
def new_recovery_codes(*, user: User) -> list[str]:
    """Draw ten codes of 80 bits; the ones before end."""
    RecoveryCode.objects.filter(user=user).delete()
    codes = [secrets.token_hex(10) for _number in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=hashed(c)) for c in codes)
    return ["-".join(code[i : i + 5] for i in range(0, 20, 5)) for code in codes]


def hashed(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


@transaction.atomic
def accepts(*, user: User, code: str, now: datetime) -> bool:
    """
    Whether it is the app's code of this minute, or a recovery code; each is good once.

    :raises TooManyAttempts: after five wrong ones in a quarter of an hour.
    """
    throttles.spend(throttles.CODE, str(user.pk), now)
    row = SecondFactor.objects.select_for_update().filter(user=user).first()
    good = bool(row and row.confirmed_at and takes(row, code, now)) or recovers(user, code, now)
    if good:
        throttles.forgive(throttles.CODE, str(user.pk))
    return good


def takes(row: SecondFactor, code: str, now: datetime) -> bool:
    secret = base64.b32decode(vault().decrypt(row.secret.encode()))
    plain = "".join(code.split())
    step = totp.matching_step(secret, plain, now.timestamp(), row.last_step)
    if step is None:
        return False
    row.last_step = step
    row.save(update_fields=["last_step"])
    return True


def recovers(user: User, code: str, now: datetime) -> bool:
    plain = "".join(code.split()).replace("-", "").lower()
    rows = RecoveryCode.objects.filter(user=user, digest=hashed(plain), used_at=None)
    return rows.update(used_at=now) == 1


@transaction.atomic
def take_off(*, user: User, keep: str | None, now: datetime) -> None:
    """Ask for no code any more, and forget the recovery codes. Other sessions end."""
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    sessions.end_all(user, but=keep)
    people.note(user, "member.second_factor_removed", now)

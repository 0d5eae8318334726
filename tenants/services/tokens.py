"""Commands that make and take back a person's keys to the API."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import CharField
from django.utils.translation import gettext as _

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import ApiToken, Membership, User, Verb
from tenants.models.token import new_secret, sha256_of_secret
from tenants.prepared import Prepared, Slot
from tenants.services import audit

LONGEST = timedelta(days=366)
MOST = 20  # usable tokens of a person
USE_IS_NOTED = timedelta(hours=1)
BY_SECRET = Prepared(
    lambda: ApiToken.objects.select_related("user").filter(sha256=Slot("sha256", CharField()))
)


@transaction.atomic
def make_token(
    *,
    user: User,
    desks: Iterable[Membership],
    name: str,
    verbs: Iterable[str],
    expires_at: datetime,
    now: datetime,
) -> tuple[ApiToken, str]:
    """
    Make a token for the clients of these desks and return it with its secret, which nobody sees again.

    :raises NotPermitted: if a desk is another person's.
    :raises Invalid: if it has no name, no client or no verb, or lives for too long.
    :raises Refused: if the person has too many usable tokens.
    """
    desks, verbs = list(desks), sorted(set(verbs))
    check(user, desks, name, verbs, expires_at, now)
    secret = new_secret()
    token = ApiToken.objects.create(
        user=user,
        name=name.strip(),
        sha256=sha256_of_secret(secret),
        hint=secret[-4:],
        tenants=sorted({desk.tenant_id for desk in desks}),
        verbs=verbs,
        made_at=now,
        expires_at=expires_at,
    )
    note(token, desks, "token.created", now, verbs=verbs, expires_at=expires_at.isoformat())
    return token, secret


def check(
    user: User,
    desks: list[Membership],
    name: str,
    verbs: list[str],
    expires_at: datetime,
    now: datetime,
) -> None:
    if any(desk.user_id != user.pk for desk in desks):
        raise NotPermitted(_("A token opens what is yours only."))
    if not name.strip():
        raise Invalid(_("Say what the token is for."), field="name")
    if not desks:
        raise Invalid(_("Choose at least one client."), field="clients")
    if not verbs or not set(verbs) <= set(Verb.values):
        raise Invalid(_("Choose what the token may do."), field="verbs")
    if not now < expires_at <= now + LONGEST:
        raise Invalid(_("A token lives for a year at most."), field="expires_at")
    if ApiToken.objects.usable(now).filter(user=user).count() >= MOST:
        raise Refused(_("You have %d tokens: revoke one that you do not use.") % MOST)


@transaction.atomic
def revoke_token(
    *, token: ApiToken, user: User, desks: Iterable[Membership], now: datetime
) -> ApiToken:
    """
    Take a token back, at once and for good.

    :raises NotPermitted: if it is another person's.
    :raises Refused: if it was revoked before.
    """
    if token.user_id != user.pk:
        raise NotPermitted(_("A token opens what is yours only."))
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        raise Refused(_("This token was revoked before."))
    note(token, desks, "token.revoked", now)
    token.revoked_at = now
    return token


def note(
    token: ApiToken, desks: Iterable[Membership], verb: str, now: datetime, **data: object
) -> None:
    """Write one audit event a client of the token that is in scope, at the person's first desk there."""
    seats = {desk.tenant_id: desk for desk in reversed(list(desks))}
    for tenant_id in token.tenants:
        if seat := seats.get(tenant_id):
            audit.record(actor=seat, verb=verb, subject=seat, at=now, token=token.public_id, **data)


def usable_token(secret: str, now: datetime) -> ApiToken | None:
    """Return the token of a secret with its person, where it opens the API now; notes its use."""
    token = BY_SECRET.first(sha256=sha256_of_secret(secret))
    if token is None or not token.is_usable(now):
        return None
    if token.last_used_at is None or token.last_used_at <= now - USE_IS_NOTED:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token

"""Commands of a person about themselves: password, name, language, zone."""

from datetime import datetime

from django.db import transaction

from tenants import sessions
from tenants.models import LinkKind, Membership, User
from tenants.scoping import acting_as, active_tenants, tenant_scope
from tenants.services import audit, jobs, links, throttles


@transaction.atomic
def ask_for_reset(*, email: str, now: datetime) -> None:
    """
    Ask for a link to a new password; the same steps and the same time for every address.

    Whether somebody has it is looked up by the job. More than three an hour are not mailed.

    :raises TooManyAttempts: if the address has asked too often.
    """
    throttles.spend(throttles.RESET, email, now)
    links.ask(LinkKind.RESET, email=email, now=now)


@transaction.atomic
def reset_password(*, digest: str, password: str, now: datetime) -> User:
    """
    Set the password by a mailed link, and end every session and every other such link.

    :raises LinkDead: if the link was used, is too old, or the person has another address by now.
    """
    link = links.usable(digest, LinkKind.RESET, now)
    user = User.objects.select_for_update().get(pk=link.user_id)
    if user.email != link.email or not user.is_active:
        raise links.LinkDead
    set_password(user, password, now)
    sessions.end_all(user)
    note(user, "member.password_reset", now)
    return user


@transaction.atomic
def change_password(*, user: User, password: str, keep: str | None, now: datetime) -> None:
    """Set the person's own new password; only the session with the key `keep` goes on."""
    set_password(user, password, now)
    sessions.end_all(user, but=keep)
    note(user, "member.password_changed", now)


def set_password(user: User, password: str, now: datetime) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    links.end_resets(user, now)
    throttles.forgive(throttles.PASSWORD, user.email)
    key = f"{user.pk}:{now.isoformat()}"
    jobs.enqueue("mail.password_changed", tenant_id=None, key=key, user_id=user.pk)


def note(user: User, verb: str, now: datetime, **data: object) -> None:
    """Write one audit event in each of the person's tenants that is in reach, by and about them."""
    with acting_as(user.pk):
        seats = list(Membership.own.order_by("pk"))
    reach = active_tenants()
    for tenant_id, seat in {seat.tenant_id: seat for seat in seats}.items():
        if reach is None or tenant_id in reach:
            with tenant_scope(tenant_id):
                audit.record(actor=seat, verb=verb, subject=seat, at=now, **data)


@transaction.atomic
def change_profile(*, user: User, name: str, language: str, timezone: str) -> None:
    """Change how the person is called, and in which language and zone they read."""
    user.name, user.language, user.timezone = name, language, timezone
    user.save(update_fields=["name", "language", "timezone"])

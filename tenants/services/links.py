"""
Links by mail: 256 random bits that are in the mail and nowhere else, used once, for a while.

A link is asked for by a row and a job. The job draws the secret, stores its hash and sends the mail,
so neither the queue nor a log nor the database ever holds a link that opens something.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.errors import Refused
from tenants.models import Invitation, Job, LinkKind, MailedLink, User
from tenants.services import jobs

RESET_FOR = timedelta(hours=1)
INVITED_FOR = timedelta(days=7)
PATHS = {LinkKind.RESET: "/password/new/", LinkKind.INVITATION: "/invitation/"}


class LinkDead(Refused):
    """The link was used, is too old, or something newer ended it. All three look the same."""

    status = 410
    code = "link_dead"

    def __init__(self) -> None:
        super().__init__(
            gettext_lazy("This link does not work any more: it was used, or it is too old.")
        )


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def ask(kind: LinkKind, *, email: str, now: datetime, **about: object) -> MailedLink:
    """Write that a link shall be mailed, and ring for it; `about` names the invitation."""
    link = MailedLink.objects.create(kind=kind, email=email, asked_at=now, **about)
    tenant_id = link.tenant_id
    jobs.enqueue(f"mail.{kind}", tenant_id=tenant_id, key=f"{kind}:{link.pk}", link_id=link.pk)
    return link


def usable(digest: str, kind: LinkKind, now: datetime) -> MailedLink:
    """
    Return the link, locked until the transaction ends, so that it is used once.

    :raises LinkDead: if it was used, is too old, or never was.
    """
    rows = MailedLink.objects.select_for_update(of=["self"]).filter(digest=digest, kind=kind)
    link = rows.first()
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise LinkDead
    return link


def end(links, now: datetime) -> None:
    """Make the links of the queryset dead."""
    links.filter(used_at=None).update(used_at=now)


def end_resets(user: User, now: datetime) -> None:
    """Kill every reset link of the person: the password or the address has changed."""
    end(MailedLink.objects.filter(kind=LinkKind.RESET, user=user), now)


def address_with(link: MailedLink, expires_at: datetime) -> str:
    """Draw the link's secret, store its hash and return the address that holds it."""
    secret = secrets.token_urlsafe(32)
    link.digest, link.expires_at = digest_of(secret), expires_at
    link.save(update_fields=["digest", "expires_at", "user"])
    return f"{settings.PORTAL_URL}{PATHS[LinkKind(link.kind)]}?k={secret}"


@jobs.handles("mail.reset")
def mail_reset(job: Job) -> None:
    """Mail a way to a new password; to an address that nobody has, nothing."""
    link = MailedLink.objects.select_for_update().filter(pk=job.payload["link_id"]).first()
    user = User.objects.filter(email=link.email, is_active=True).first() if link else None
    if user is None:
        MailedLink.objects.filter(pk=job.payload["link_id"]).delete()
        return
    now = timezone.now()
    end(MailedLink.objects.filter(kind=LinkKind.RESET, user=user).exclude(pk=link.pk), now)
    link.user = user
    with translation.override(user.language):
        address = address_with(link, now + RESET_FOR)
        send(user.email, _("A new password for the portal"), "reset", address, person=user)


@jobs.handles("mail.invitation")
def mail_invitation(job: Job) -> None:
    """Mail the seat that is offered; a withdrawn or accepted one is not mailed."""
    link = MailedLink.objects.select_for_update(of=["self"]).get(pk=job.payload["link_id"])
    invitation = Invitation.objects.select_related("tenant", "invited_by__user").get(
        pk=link.invitation_id
    )
    if link.used_at or not invitation.is_open:
        return
    with translation.override(invitation.language):
        address = address_with(link, invitation.expires_at)
        title = _("Your seat at %(client)s in the portal") % {"client": invitation.tenant.name}
        send(invitation.email, title, "invitation", address, invitation=invitation)


@jobs.handles("mail.password_changed")
def mail_password_changed(job: Job) -> None:
    """Tell a person that their password is another one; who did not do it learns of it here."""
    user = User.objects.filter(pk=job.payload["user_id"], is_active=True).first()
    if user is None:
        return
    with translation.override(user.language):
        address = settings.PORTAL_URL.rstrip("/") + "/password/forgotten/"
        send(user.email, _("Your password for the portal was changed"), "changed", address,
             person=user)  # fmt: skip


def send(to: str, subject: str, template: str, address: str, **context: object) -> None:
    body = render_to_string(f"tenants/{template}_mail.txt", {"address": address, **context})
    EmailMessage(subject, body, to=[to]).send()

"""Commands that offer a seat to an e-mail address, take the offer back, and accept it."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tenants.errors import Invalid
from tenants.models import Invitation, LinkKind, MailedLink, Membership, Tenant, User
from tenants.scoping import tenant_scope
from tenants.services import audit, links
from tenants.services.members import add_member, require_manager


@transaction.atomic
def invite(*, email: str, role: str, language: str, actor: Membership, now: datetime) -> Invitation:
    """
    Mail a seat at the client of `actor` to an address; it holds for seven days.

    :raises NotPermitted: unless `actor` is an account manager.
    :raises Invalid: if whoever has the address sits at this desk, or is invited to it.
    """
    require_manager(actor, actor.tenant_id)
    if Membership.objects.active().filter(tenant_id=actor.tenant_id, user__email=email, role=role):
        raise Invalid(_("They sit at this desk already."), field="email")
    over = Invitation.objects.filter(tenant_id=actor.tenant_id, email=email, role=role)
    over.filter(accepted_at=None, expires_at__lte=now).update(withdrawn_at=now)
    return offer(
        tenant=actor.tenant, email=email, role=role, language=language, actor=actor, now=now
    )


def offer(
    *, tenant: Tenant, email: str, role: str, language: str, actor: Membership | None, now: datetime
) -> Invitation:
    """Write the invitation and have it mailed; without an `actor` it comes from a console."""
    invitation = Invitation(
        tenant=tenant, email=email, role=role, language=language, invited_by=actor,
        invited_at=now, expires_at=now + links.INVITED_FOR,
    )  # fmt: skip
    try:
        with transaction.atomic():
            invitation.save()
    except IntegrityError as error:
        raise Invalid(_("This address is already invited to this desk."), field="email") from error
    links.ask(LinkKind.INVITATION, email=email, now=now, tenant=tenant, invitation_id=invitation.pk)
    audit.record(
        actor=actor, verb="invitation.sent", subject=invitation, at=now, email=email, role=role
    )
    return invitation


@transaction.atomic
def withdraw(*, invitation: Invitation, actor: Membership, now: datetime) -> None:
    """
    Take an offer back; its link is dead.

    :raises NotPermitted: unless `actor` is an account manager of the client.
    :raises Invalid: if it was accepted or withdrawn meanwhile.
    """
    require_manager(actor, invitation.tenant_id)
    invitation = Invitation.objects.select_for_update(of=["self"]).get(pk=invitation.pk)
    if not invitation.is_open:
        raise Invalid(_("This invitation is over."))
    invitation.withdrawn_at = now
    invitation.save(update_fields=["withdrawn_at"])
    links.end(MailedLink.objects.filter(invitation_id=invitation.pk), now)
    audit.record(
        actor=actor, verb="invitation.withdrawn", subject=invitation, at=now, email=invitation.email
    )


def opened(digest: str, now: datetime) -> tuple[MailedLink, Invitation]:
    """
    Return the link, locked, and the seat that it offers, with client and host.

    :raises LinkDead: if the link was used or withdrawn, is too old, or never was.
    """
    link = links.usable(digest, LinkKind.INVITATION, now)
    with tenant_scope(link.tenant_id):
        rows = Invitation.objects.select_related("tenant", "invited_by__user")
        invitation = rows.get(pk=link.invitation_id)
    if not invitation.is_open or invitation.email != link.email:
        raise links.LinkDead
    return link, invitation


@transaction.atomic
def accept(
    *, digest: str, now: datetime, password: str = "", **profile: str
) -> tuple[User, Membership]:
    """
    Take the seat: whoever opens the link has the mailbox. Somebody new says name and password.

    :raises LinkDead: if the link is not good any more.
    """
    link, invitation = opened(digest, now)
    user = User.objects.filter(email=invitation.email).first()
    if user is None:
        user = User.objects.create_user(invitation.email, password, **profile)
    elif not user.is_active:
        raise links.LinkDead
    with tenant_scope(invitation.tenant_id):
        host = invitation.invited_by
        seat = add_member(
            tenant=invitation.tenant, user=user, role=invitation.role, now=now, actor=host
        )
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
        audit.record(actor=seat, verb="invitation.accepted", subject=invitation, at=now)
    link.used_at = now
    link.save(update_fields=["used_at"])
    return user, seat

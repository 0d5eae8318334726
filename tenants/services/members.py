"""Commands that make clients, people and their desks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import sessions
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.leaving import Held, held_by
from tenants.models import Membership, Tenant, User
from tenants.roles import Role
from tenants.scoping import tenant_scope, unpeopled_scope
from tenants.services import audit, jobs


class StillAccountable(Refused):
    """A person cannot leave a desk while something would lose its owner; `held` names it."""

    code = "still_accountable"

    def __init__(self, held: list[Held]) -> None:
        super().__init__(
            _("They are accountable for open work. Reassign it first: %(what)s")
            % {"what": "; ".join(item.label for item in held[:20])}
        )
        self.held = held


def require_manager(actor: Membership, tenant_id: int) -> None:
    """:raises NotPermitted: unless `actor` is an account manager of this client."""
    if actor.tenant_id != tenant_id or actor.role != Role.ACCOUNT_MANAGER or not actor.is_active:
        raise NotPermitted(_("Only this client's account managers do this."))


@transaction.atomic
def create_tenant(*, code: str, name: str, language: str, timezone: str) -> Tenant:
    """
    Take a client company on, with the jobs that come back by themselves.

    :raises Invalid: if another client has the code.
    """
    if Tenant.objects.filter(code=code).exists():
        raise Invalid(_("Another client has this code."), field="code")
    tenant = Tenant.objects.create(code=code, name=name, language=language, timezone=timezone)
    jobs.start_recurring(tenant.pk)
    return tenant


@transaction.atomic
def add_member(
    *,
    tenant: Tenant,
    user: User,
    role: str,
    now: datetime,
    actor: Membership | None = None,
    duty_order: int = 100,
) -> Membership:
    """Seat a person at a desk of a client; a seat they left before is theirs again."""
    with tenant_scope(tenant):
        member, _made = Membership.objects.update_or_create(
            tenant=tenant,
            user=user,
            role=role,
            defaults={"duty_order": duty_order, "is_active": True},
        )
        audit.record(
            actor=actor,
            verb="member.added",
            subject=member,
            at=now,
            role=role,
            duty_order=duty_order,
        )
    return member


@transaction.atomic
def found_client(
    *, code: str, name: str, language: str, timezone: str, founder: User, now: datetime
) -> Tenant:
    """
    Take a client on, with the person who does it as its first account manager.

    :raises Invalid: if another client has the code.
    """
    tenant = create_tenant(code=code, name=name, language=language, timezone=timezone)
    with unpeopled_scope(tenant):
        add_member(tenant=tenant, user=founder, role=Role.ACCOUNT_MANAGER, now=now, duty_order=1)
    return tenant


SETTINGS = ("name", "language", "timezone", "requesters_see_all", "second_factor_roles")


@transaction.atomic
def change_client(*, tenant: Tenant, actor: Membership, now: datetime, **settings) -> Tenant:
    """
    Change name, language, zone, what requesters see, and which desks need a second factor.

    :raises NotPermitted: unless `actor` is an account manager of the client.
    """
    require_manager(actor, tenant.pk)
    tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
    before = {name: getattr(tenant, name) for name in SETTINGS if name in settings}
    changed = {name: value for name, value in settings.items() if before[name] != value}
    if not changed:
        return tenant
    for name, value in changed.items():
        setattr(tenant, name, value)
    tenant.save(update_fields=list(changed))
    audit.record(
        actor=actor, verb="client.changed", subject=actor, at=now,
        before={name: before[name] for name in changed}, after=changed,
    )  # fmt: skip
    return tenant


@transaction.atomic
def change_role(*, member: Membership, role: str, actor: Membership, now: datetime) -> Membership:
    """
    Seat the person at another desk of the client; what the old seat did keeps its name.

    Every session of theirs ends.

    :raises NotPermitted: unless `actor` is an account manager of the client.
    :raises Invalid: if they sit at that desk already.
    :raises StillAccountable: if something would lose its owner.
    :raises Refused: if the client would have no account manager.
    """
    with leaving(member, actor) as member:
        seats = Membership.objects.active().filter(user_id=member.user_id, role=role)
        if role == member.role or seats.filter(tenant_id=member.tenant_id).exists():
            raise Invalid(_("They sit at this desk already."), field="role")
        seat = add_member(
            tenant=member.tenant, user=member.user, role=role, now=now, actor=actor,
            duty_order=member.duty_order,
        )  # fmt: skip
        audit.record(
            actor=actor, verb="member.role_changed", subject=seat, at=now,
            before=member.role, after=role,
        )  # fmt: skip
    return seat


@transaction.atomic
def deactivate_member(*, member: Membership, actor: Membership, now: datetime) -> None:
    """
    Take the seat away: at once the client does not exist for the person. Their sessions end.

    :raises NotPermitted: unless `actor` is an account manager of the client.
    :raises StillAccountable: if something would lose its owner.
    :raises Refused: if the client would have no account manager.
    """
    with leaving(member, actor) as member:
        audit.record(actor=actor, verb="member.removed", subject=member, at=now, role=member.role)


@contextmanager
def leaving(member: Membership, actor: Membership) -> Iterator[Membership]:
    """
    Lock client and seat, take the seat away, and end the person's sessions.

    The client's lock lets one leave at a time, so the last two managers cannot go together; the
    seat's lock waits for everybody who is just giving it work.
    """
    require_manager(actor, member.tenant_id)
    Tenant.objects.select_for_update().get(pk=member.tenant_id)
    member = Membership.objects.select_for_update(of=["self"]).get(pk=member.pk)
    if not member.is_active:
        raise Refused(_("This seat is empty already."))
    if member.role == Role.ACCOUNT_MANAGER:
        others = Membership.objects.active().filter(
            tenant_id=member.tenant_id, role=Role.ACCOUNT_MANAGER
        )
        if not others.exclude(pk=member.pk).exists():
            raise Refused(_("A client always has an account manager. Seat another one first."))
    if held := held_by(member):
        raise StillAccountable(held)
    member.is_active = False
    member.save(update_fields=["is_active"])
    yield member
    sessions.end_all(member.user)

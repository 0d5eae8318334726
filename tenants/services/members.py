"""Commands that make clients, people and their desks."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.errors import Invalid
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tenants.services import audit, jobs


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

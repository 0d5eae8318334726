from django.db import models

from tenants import roles
from tenants.models.owned import Addressable, TenantOwned
from tenants.models.user import User
from tenants.scoping import TenantManager, TenantQuerySet, acting_user


class MembershipQuerySet(TenantQuerySet):
    def active(self) -> "MembershipQuerySet":
        return self.filter(is_active=True)

    def on_duty(self, role: str) -> "MembershipQuerySet":
        """Keep the people of a desk, the named person first and the deputies after."""
        return self.active().filter(role=role).order_by("duty_order", "pk")


class OwnMemberships(models.Manager):
    """The memberships of the signed-in user in all their tenants: what the scope is made from."""

    def of(self, user_id: int | models.Expression | None) -> models.QuerySet:
        """Return a user's memberships; row security shows the signed-in user's own only."""
        return super().get_queryset().filter(user_id=user_id, is_active=True)

    def get_queryset(self) -> models.QuerySet:
        return self.of(acting_user())


class Membership(Addressable, TenantOwned):
    """A person at one desk of one tenant. Rows of a tenant name people by it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=24, choices=roles.Role.choices)
    duty_order = models.PositiveSmallIntegerField(
        default=100, help_text="1 is the named person of the desk, 2 the deputy."
    )
    is_active = models.BooleanField(default=True)
    source_key = models.CharField(
        max_length=120, blank=True, help_text="The person's name in an imported log."
    )

    objects = TenantManager.of(MembershipQuerySet)
    own = OwnMemberships()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user", "role"], name="membership_once_per_desk"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=roles.Role.values), name="membership_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user.name} ({self.get_role_display()})"

    @property
    def is_vendor(self) -> bool:
        return self.role in roles.VENDOR

    @property
    def tier(self) -> str:
        """Return the support tier of the desk; empty for a client."""
        return roles.TIERS.get(roles.Role(self.role), "")

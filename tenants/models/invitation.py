from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants import roles
from tenants.models.membership import Membership
from tenants.models.owned import Addressable, TenantForeignKey, TenantOwned


class Invitation(Addressable, TenantOwned):
    """A seat that is offered to an e-mail address: one desk of one client, for some days."""

    email = models.EmailField()
    role = models.CharField(max_length=24, choices=roles.Role.choices)
    language = models.CharField(max_length=5, default="en", help_text="Of the mail.")
    invited_by = TenantForeignKey(Membership, null=True, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "email", "role"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation_a_seat",
                violation_error_message=_("This address is already invited to this desk."),
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(withdrawn_at=None),
                name="invitation_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(role__in=roles.Role.values), name="invitation_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.role})"

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Tenant(models.Model):
    """One client company. A directory table: no row security, no business content."""

    code = models.CharField(
        max_length=12,
        unique=True,
        validators=[
            RegexValidator(r"^[A-Z][A-Z0-9]{1,11}$", _("Write 2 to 12 capitals or digits."))
        ],
        help_text="The first part of a ticket's key: ACME-123.",
    )
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=5, default="ja")
    timezone = models.CharField(max_length=64, default="Asia/Tokyo")
    requesters_see_all = models.BooleanField(
        default=True, help_text="A requester sees the tenant's tickets, or only their own."
    )
    second_factor_roles = models.JSONField(
        default=list, help_text="The desks that nobody works at without a second factor."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z][A-Z0-9]{1,11}$"), name="tenant_code_is_plain"
            )
        ]

    def __str__(self) -> str:
        return self.name

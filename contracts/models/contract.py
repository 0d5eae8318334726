from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenants.models import Addressable, Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet


class ContractStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    ENDED = "ended", _("Ended")


class ContractQuerySet(TenantQuerySet):
    def active(self) -> "ContractQuerySet":
        return self.filter(status=ContractStatus.ACTIVE)


class Contract(Addressable, TenantOwned):
    """An agreement with one client; what it says stands in its versions."""

    number = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    status = models.CharField(
        max_length=8, choices=ContractStatus.choices, default=ContractStatus.DRAFT
    )
    timezone = models.CharField(max_length=64, help_text="Of its days and months.")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, help_text="The first day after the contract.")

    objects = TenantManager.of(ContractQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="contract_number_is_unique"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="contract_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(status__in=ContractStatus.values), name="contract_status_is_known"
            ),
        ]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def local_date(self, at: datetime) -> date:
        """Return the contract's own calendar day of an instant."""
        return at.astimezone(self.zone).date()


class VersionQuerySet(TenantQuerySet):
    def in_force(self, on: date) -> "VersionQuerySet":
        """Order so that the first row is the version in force on a day of the contract's zone."""
        return (
            self.exclude(activated_at=None).filter(effective_on__lte=on).order_by("-effective_on")
        )

    def without_text(self) -> "VersionQuerySet":
        """Leave out what makes a version long; `contracts.rules` reads it once a process."""
        return self.defer("terms", "holidays", "examples", "accepted_gaps")


class ContractVersion(TenantOwned):
    """
    One text of the agreement, in force from `effective_on` until the next version.

    `terms` is the document of `contracts.domain.terms`; `holidays` holds the dates of the named
    countries as they were known at activation, so a package upgrade moves no deadline. `examples`
    are the contract's test cases (`contracts.domain.examples`), asked again at activation.
    """

    frozen_once = "activated_at"

    contract = TenantForeignKey(Contract, related_name="versions")
    number = models.PositiveIntegerField()
    effective_on = models.DateField()
    terms = models.JSONField()
    holidays = models.JSONField(default=dict, help_text="Country code to list of ISO dates.")
    examples = models.JSONField(default=list, help_text="Requests with the outcome agreed on.")
    sha256 = models.CharField(max_length=64, help_text="Of terms and holidays as canonical JSON.")
    activated_at = models.DateTimeField(null=True)
    activated_by = TenantForeignKey(Membership, null=True, related_name="+")
    accepted_gaps = models.JSONField(
        default=list, help_text="What no clause decides, as it was accepted at activation."
    )

    objects = TenantManager.of(VersionQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "contract", "number"], name="version_number_is_unique"
            ),
            models.UniqueConstraint(
                fields=["tenant", "contract", "effective_on"],
                condition=~Q(activated_at=None),
                name="one_version_in_force_from_a_day",
            ),
        ]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"v{self.number}"

from django.db import models

from contracts.models import Contract, Period
from reports.domain.life import Standing, standing
from reports.querysets import ReportQuerySet
from tenants.models import Addressable, AppendOnly, Membership, TenantForeignKey
from tenants.scoping import TenantManager


class MonthlyReport(Addressable, AppendOnly):
    """
    The frozen facts of a closed period, revision n, as canonical JSON with its SHA-256.

    `facts` is text, not jsonb: the hash is over these very bytes.
    """

    contract = TenantForeignKey(Contract, related_name="reports")
    period = TenantForeignKey(Period, related_name="reports")
    month = models.DateField()
    revision = models.PositiveSmallIntegerField(default=1)
    facts = models.TextField()
    sha256 = models.CharField(max_length=64)
    previous_sha256 = models.CharField(max_length=64, blank=True)
    issued_at = models.DateTimeField()
    issued_by = TenantForeignKey(
        Membership, null=True, related_name="+", help_text="NULL: the portal itself."
    )
    reason = models.TextField(blank=True, help_text="Why this revision replaces the one before.")

    objects = TenantManager.of(ReportQuerySet)

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "period", "revision"], name="report_revision_is_unique"
            )
        ]
        ordering = ["-month", "-revision"]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.month:%Y-%m} r{self.revision}"

    @property
    def standing(self) -> Standing:
        """Return how a revision that counts stands; loaded `with_standing`."""
        return standing(
            is_latest=True, is_signed=self.is_signed, answered=[not self.has_open_remark]
        )

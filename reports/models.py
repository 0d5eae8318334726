from django.db import models

from contracts.models import Contract, Period
from reports.querysets import ReportQuerySet
from tenants.models import Addressable, AppendOnly, TenantForeignKey
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

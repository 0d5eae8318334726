"""What the client says to a report: yes, once; or what is wrong, and the answer to it."""

from django.db import models
from django.db.models import Q

from reports.models.report import MonthlyReport
from tenants.models import Addressable, AppendOnly, Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet


class ReportSignature(AppendOnly):
    """The service owner's yes to one revision; it names the hash that was seen."""

    report = TenantForeignKey(MonthlyReport, related_name="signatures")
    sha256 = models.CharField(max_length=64, help_text="Of the facts that were signed.")
    signed_by = TenantForeignKey(Membership, related_name="+")
    signed_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "report"], name="report_is_signed_once")
        ]

    def __str__(self) -> str:
        return f"{self.report_id} by {self.signed_by_id}"


class RemarkQuerySet(TenantQuerySet):
    def open(self) -> "RemarkQuerySet":
        """Keep those that nobody answered."""
        return self.filter(answered_at=None)


class ReportRemark(Addressable, TenantOwned):
    """What the service owner holds against a report. The account manager answers once."""

    frozen_once = "answered_at"

    report = TenantForeignKey(MonthlyReport, related_name="remarks")
    text = models.TextField()
    remarked_by = TenantForeignKey(Membership, related_name="+")
    remarked_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by = TenantForeignKey(Membership, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    objects = TenantManager.of(RemarkQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None) | (Q(answered_by__isnull=False) & ~Q(answer="")),
                name="an_answer_has_words_and_a_person",
            )
        ]
        ordering = ["remarked_at", "pk"]

    def __str__(self) -> str:
        return f"{self.report_id} by {self.remarked_by_id}"

from django.db import models

from reports.models.report import MonthlyReport
from tenants.models import AppendOnly, TenantForeignKey


class ReportDocument(AppendOnly):
    """
    The PDF of an issued report in one language: the very bytes that are downloaded and mailed.

    They stand in the database, behind its walls and in its backup (ADR 9).
    """

    report = TenantForeignKey(MonthlyReport, related_name="documents")
    language = models.CharField(max_length=5)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64, help_text="Of the content.")
    made_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "report", "language"], name="report_is_printed_once_a_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.language}"

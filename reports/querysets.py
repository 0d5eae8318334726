from django.db.models import Exists, JSONField, OuterRef
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from tenants.scoping import TenantQuerySet


class ReportQuerySet(TenantQuerySet):
    def latest_revisions(self) -> "ReportQuerySet":
        """Keep the one report of each month that counts."""
        newer = self.model.objects.filter(
            period=OuterRef("period"), revision__gt=OuterRef("revision")
        )
        return self.exclude(Exists(newer))

    def with_standing(self) -> "ReportQuerySet":
        """Add what `MonthlyReport.standing` is made from; for the revisions that count."""
        mine = {"report": OuterRef("pk")}
        return self.annotate(
            is_signed=Exists(self.model.signatures.rel.related_model.objects.filter(**mine)),
            has_open_remark=Exists(
                self.model.remarks.rel.related_model.objects.open().filter(**mine)
            ),
        )

    def for_list(self) -> "ReportQuerySet":
        """Load what a list shows; `summary` is read out of the frozen text by the database."""
        return (
            self.select_related("tenant", "contract")
            .defer("facts")
            .with_standing()
            .annotate(summary=KeyTransform("summary", Cast("facts", JSONField())))
            .order_by("-month", "tenant__name", "contract__number")
        )

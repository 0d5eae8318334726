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

    def for_list(self) -> "ReportQuerySet":
        """Load what a list shows; `summary` is read out of the frozen text by the database."""
        return (
            self.select_related("tenant", "contract")
            .defer("facts")
            .annotate(summary=KeyTransform("summary", Cast("facts", JSONField())))
            .order_by("-month", "tenant__name", "contract__number")
        )

from django.db import models
from django.db.models import Q

from contracts.models.contract import Contract
from contracts.models.period import Period
from tenants.models import Membership, TenantForeignKey
from tenants.models.owned import AppendOnly


class AgreedOverage(AppendOnly):
    """
    Minutes beyond an hour pool that asks when it is empty, which the client agreed to pay for.

    They are of the work of one month and are billed as they are drawn. What is agreed after that
    month closed is known from the month `counts_in` on.
    """

    contract = TenantForeignKey(Contract, related_name="agreed_overage")
    pool = models.CharField(max_length=60, help_text="Its key in the terms.")
    period = TenantForeignKey(Period, related_name="agreed_overage", help_text="Of the work.")
    counts_in = TenantForeignKey(Period, related_name="+", help_text="Open when it was agreed.")
    minutes = models.PositiveIntegerField(help_text="Charged minutes, at most.")
    at_most = models.PositiveBigIntegerField(help_text="Minor units, before tax, as it was seen.")
    currency = models.CharField(max_length=3)
    reference = models.CharField(
        max_length=200, blank=True, help_text="Of the client's order, where the vendor records it."
    )
    agreed_at = models.DateTimeField()
    by = TenantForeignKey(Membership, related_name="+")

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gt=0), name="agreed_overage_is_some"),
            models.CheckConstraint(
                condition=Q(at_most__gte=0), name="agreed_overage_has_its_price"
            ),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.pool} {self.minutes}"

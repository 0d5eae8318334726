from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models.contract import Contract
from tenants.models import Addressable, TenantForeignKey, TenantOwned


class PeriodState(models.TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class Period(Addressable, TenantOwned):
    """
    One contract's calendar month in the contract's zone, `[starts_at, ends_at)` in UTC.

    It closes after the grace for late entries, at `closes_at` or later.
    """

    contract = TenantForeignKey(Contract, related_name="periods")
    month = models.DateField(help_text="The first day of the month.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=PeriodState.choices, default=PeriodState.OPEN)
    closed_at = models.DateTimeField(null=True)
    left = models.JSONField(
        null=True, help_text="What its last report hands to the next month. NULL: none yet."
    )

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "contract", "month"], name="one_period_a_month"
            ),
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")) & Q(ends_at__lte=F("closes_at")),
                name="period_is_half_open_and_closes_after_its_end",
            ),
            models.CheckConstraint(
                condition=Q(state=PeriodState.OPEN, closed_at=None)
                | (Q(state=PeriodState.CLOSED) & ~Q(closed_at=None)),
                name="period_closed_says_when",
            ),
        ]
        ordering = ["-month"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def is_open(self) -> bool:
        return self.state == PeriodState.OPEN

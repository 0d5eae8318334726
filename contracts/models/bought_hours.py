from django.db import models
from django.db.models import F, Q

from contracts.domain.statement import Bought
from contracts.models.contract import Contract
from tenants.models import Membership, TenantForeignKey
from tenants.models.owned import AppendOnly


class BoughtHours(AppendOnly):
    """
    Hours that the client bought for a pool on top of its base, at a price of their own.

    A wrong purchase is taken back by a row that `reverses` it, with its own numbers, whole.
    """

    contract = TenantForeignKey(Contract, related_name="bought_hours")
    pool = models.CharField(max_length=40, help_text="Its key in the terms.")
    minutes = models.PositiveIntegerField()
    price = models.PositiveBigIntegerField(help_text="Minor units, before tax.")
    currency = models.CharField(max_length=3)
    bought_on = models.DateField(help_text="Counts in this month of the contract's zone.")
    expires_on = models.DateField(null=True, help_text="The first day without them. NULL: never.")
    reference = models.CharField(max_length=200, help_text="Of the client's order.")
    written_at = models.DateTimeField()
    by = TenantForeignKey(Membership, related_name="+")
    reverses = TenantForeignKey("self", null=True, related_name="reversals")

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gt=0), name="bought_hours_are_some"),
            models.CheckConstraint(condition=Q(price__gte=0), name="bought_hours_have_a_price"),
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(expires_on__gt=F("bought_on")) | ~Q(reverses=None),
                name="bought_hours_last_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(reference=""), name="bought_hours_name_their_order"
            ),
            models.UniqueConstraint(
                fields=["tenant", "reverses"], name="bought_hours_are_reversed_once"
            ),
        ]
        ordering = ["bought_on", "pk"]

    def __str__(self) -> str:
        return f"{self.pool} {self.bought_on}"

    def fact(self) -> Bought:
        """Return the purchase as a statement takes it."""
        reverses = self.reverses.bought_on if self.reverses else None
        return Bought(
            self.pool, self.minutes, self.price, self.bought_on, self.expires_on, reverses=reverses
        )

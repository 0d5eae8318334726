from collections.abc import Iterable

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from contracts.domain.renewal import STEPS
from contracts.models.contract import Contract, ContractStatus
from tenants.models import Membership, TenantForeignKey
from tenants.models.owned import AppendOnly
from tenants.roles import Role
from tenants.scoping import TenantManager, TenantQuerySet


class ContractRenewal(AppendOnly):
    """A contract got a new term `[renewed_on, until)`; without `until` it is open-ended from then."""

    contract = TenantForeignKey(Contract, related_name="renewals")
    renewed_on = models.DateField(help_text="The end of the term before.")
    until = models.DateField(null=True)
    at = models.DateTimeField()
    by = TenantForeignKey(Membership, related_name="+")

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "contract", "renewed_on"], name="one_renewal_a_day"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("renewed_on")),
                name="renewal_makes_the_term_longer",
            ),
        ]
        ordering = ["renewed_on"]

    def __str__(self) -> str:
        return f"{self.renewed_on}"


class ReminderQuerySet(TenantQuerySet):
    def standing(self) -> "ReminderQuerySet":
        """Keep the last reminder of each contract that still ends on the day it speaks of."""
        later = self.model._default_manager.filter(
            contract=OuterRef("contract"),
            ends_on=OuterRef("ends_on"),
            days__lt=OuterRef("days"),
        )
        return self.filter(
            ~Exists(later),
            contract__status=ContractStatus.ACTIVE,
            contract__ends_on=F("ends_on"),
        )

    def due_for(self, members: Iterable[Membership]) -> "ReminderQuerySet":
        """Keep what the account managers among `members` should see, the nearest end first."""
        managed = {m.tenant_id for m in members if m.role == Role.ACCOUNT_MANAGER}
        rows = self.standing().filter(tenant_id__in=managed)
        return rows.select_related("contract__tenant").order_by("ends_on", "contract_id")


class ContractReminder(AppendOnly):
    """Somebody should speak about the contract's end, `days` before it; told once."""

    contract = TenantForeignKey(Contract, related_name="reminders")
    ends_on = models.DateField(help_text="The end that it speaks of.")
    days = models.PositiveSmallIntegerField(choices=[(step, f"{step}") for step in STEPS])
    at = models.DateTimeField()

    objects = TenantManager.of(ReminderQuerySet)

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "contract", "ends_on", "days"], name="reminder_comes_once"
            ),
            models.CheckConstraint(condition=Q(days__in=STEPS), name="reminder_is_of_a_step"),
        ]
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.ends_on} -{self.days}"

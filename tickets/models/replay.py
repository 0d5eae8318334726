from django.db import models
from django.db.models import F, Q

from contracts.models import Contract, ContractVersion
from tenants.models import Addressable, Membership, TenantForeignKey, TenantOwned


class Replay(Addressable, TenantOwned):
    """
    A version of a contract run against its tickets of whole past months, `[from_on, until_on)`.

    A job writes the result once; then the row is frozen. How far it is stands in the job.
    """

    frozen_once = "finished_at"

    contract = TenantForeignKey(Contract, related_name="replays")
    version = TenantForeignKey(ContractVersion, related_name="+", help_text="A draft, or any.")
    from_on = models.DateField(help_text="The first day of a month.")
    until_on = models.DateField(help_text="The first day after the last month.")
    result = models.JSONField(null=True, help_text="What `tickets.services.replays` found.")
    asked_by = TenantForeignKey(Membership, related_name="+")
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(from_on__day=1, until_on__day=1, from_on__lt=F("until_on")),
                name="replay_is_of_whole_months",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(result__isnull=False),
                name="a_finished_replay_has_its_result",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "contract", "-asked_at"], name="replay_by_contract")
        ]
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.version_id} over {self.from_on} to {self.until_on}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None

    @property
    def job_key(self) -> str:
        """Return the key of the job that does it, whose state and progress a page shows."""
        return f"replay:{self.pk}"

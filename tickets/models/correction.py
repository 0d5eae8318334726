from django.db import models
from django.db.models import Q

from contracts.models import Period
from tenants.models import AppendOnly, Membership, TenantForeignKey
from tickets.models.time_entry import TimeEntry


class Correction(AppendOnly):
    """
    A time entry that was wrong: it counts as nothing from the month `period` on.

    The entry itself never changes; what is right stands in new entries that name it (`replaces`).
    Where the entry's own month is closed, that month stands and the difference is an adjustment.
    """

    entry = TenantForeignKey(TimeEntry, related_name="corrections")
    period = TenantForeignKey(Period, related_name="+", help_text="It counts in.")
    reason = models.CharField(max_length=200)
    by = TenantForeignKey(Membership, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "entry"], name="an_entry_is_corrected_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_correction_says_why"),
        ]
        indexes = [models.Index(fields=["tenant", "period"], name="correction_by_period")]
        ordering = ["pk"]

from django.db import models
from django.db.models import Q

from contracts.models import Period
from tenants.models import AppendOnly, Membership, TenantForeignKey
from tickets.models.choices import AuthorityKind
from tickets.models.estimate import Estimate
from tickets.models.stage import Decision
from tickets.models.time_entry import TimeEntry


class Settlement(AppendOnly):
    """
    What became of minutes after they were written: they are not charged, whatever stood before.

    Or they had waited for an estimate, which was accepted: they are charged under it. The entry
    itself never changes. It counts from the month `period` on; where the entry's own month is
    closed, that month stands and the difference is an adjustment of this one. The last one counts.
    """

    entry = TenantForeignKey(TimeEntry, related_name="settlements")
    period = TenantForeignKey(Period, related_name="settlements", help_text="It counts in.")
    authority = models.CharField(max_length=12, choices=AuthorityKind.choices)
    decision = TenantForeignKey(
        Decision, null=True, related_name="+", help_text="NULL: its retro-estimate was late."
    )
    estimate = TenantForeignKey(
        Estimate, null=True, related_name="settlements", help_text="Accepted, or not any more."
    )
    by = TenantForeignKey(Membership, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "entry"],
                condition=~Q(authority=AuthorityKind.ESTIMATE),
                name="minutes_are_settled_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "entry"],
                condition=Q(authority=AuthorityKind.ESTIMATE),
                name="minutes_come_under_an_estimate_once",
            ),
            models.CheckConstraint(
                condition=Q(authority__in=[AuthorityKind.INCLUDED, AuthorityKind.GOODWILL])
                | (Q(authority=AuthorityKind.ESTIMATE) & ~Q(estimate=None)),
                name="minutes_are_settled_in_the_clients_favour",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "period"], name="settlement_by_period")]
        ordering = ["pk"]

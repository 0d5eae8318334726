from datetime import datetime

from django.db import models
from django.db.models import Q

from contracts.models import Contract
from tenants.models import AppendOnly, Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.models.choices import ClockState, ObligationKind
from tickets.models.stage import Stage
from tickets.models.ticket import Ticket


class ObligationQuerySet(TenantQuerySet):
    def running(self) -> "ObligationQuerySet":
        """Keep the clocks that have not stopped, paused ones too."""
        return self.filter(stopped_at=None)

    def overdue(self, now: datetime) -> "ObligationQuerySet":
        """Keep the running clocks whose deadline has passed; the SQL twin of `is_overdue`."""
        return self.running().filter(due_at__lte=now)

    def to_warn(self, now: datetime) -> "ObligationQuerySet":
        """Keep the running clocks of which a part is used up that nobody was told of yet."""
        return self.running().filter(missed_at=None, warn_at__lte=now)


class Obligation(TenantOwned):
    """
    One clock of a ticket: a promise of the contract with a deadline.

    The columns say what `contracts.domain.clock.evaluate` makes of the ledger, as of its last row
    or miss; `verify_clocks` replays them.
    """

    ticket = TenantForeignKey(Ticket, related_name="obligations")
    stage = TenantForeignKey(Stage, related_name="obligations")
    contract = TenantForeignKey(Contract, related_name="+")
    kind = models.CharField(max_length=16, choices=ObligationKind.choices)
    attempt = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=8, choices=ClockState.choices)
    priority = models.CharField(max_length=2)
    within = models.CharField(max_length=12, blank=True, help_text="4h, 5bd; empty: measured only.")
    hours = models.CharField(max_length=60, blank=True)
    creditable = models.BooleanField(default=True, help_text="Out of scope earns no credit.")
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="UTC; NULL while paused or measured only.")
    stopped_at = models.DateTimeField(null=True)
    missed_at = models.DateTimeField(
        null=True, help_text="The deadline that passed. Never cleared."
    )
    reclassified = models.BooleanField(default=False)
    used_seconds = models.BigIntegerField(default=0)
    paused_seconds = models.BigIntegerField(default=0)
    decided_at = models.DateTimeField(
        null=True, help_text="Met or missed: the month it counts in. Void: when it was voided."
    )
    warn_at = models.DateTimeField(
        null=True, help_text="When the next part of its time is used that somebody is told of."
    )
    warned = models.PositiveSmallIntegerField(default=0, help_text="Percent, told of last.")

    objects = TenantManager.of(ObligationQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ticket", "kind"],
                condition=Q(stopped_at=None),
                name="obligation_runs_once",
                violation_error_message="This clock is already running.",
            ),
            models.CheckConstraint(
                condition=Q(state=ClockState.MISSED) | Q(missed_at=None),
                name="a_recorded_miss_stays_a_miss",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "due_at"],
                condition=Q(stopped_at=None, missed_at=None),
                name="obligation_by_due",
            ),
            models.Index(fields=["tenant", "contract", "decided_at"], name="obligation_by_decided"),
            models.Index(
                fields=["tenant", "warn_at"],
                condition=Q(stopped_at=None, missed_at=None) & ~Q(warn_at=None),
                name="obligation_by_warning",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.ticket_id}"

    def is_overdue(self, now: datetime) -> bool:
        return self.stopped_at is None and self.due_at is not None and self.due_at <= now


class LedgerEntry(AppendOnly):
    """What happened to a clock, at a UTC instant, with a reason the client can read."""

    obligation = TenantForeignKey(Obligation, related_name="ledger")
    event = models.CharField(max_length=10)
    at = models.DateTimeField()
    within = models.CharField(max_length=12, blank=True)
    hours = models.CharField(max_length=60, blank=True)
    cause = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    by = TenantForeignKey(Membership, null=True, related_name="+")

    class Meta(AppendOnly.Meta):
        indexes = [models.Index(fields=["tenant", "obligation", "id"], name="ledger_by_clock")]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d %H:%M}"

from django.db import models
from django.db.models import F, Q

from contracts.models import Contract, Period
from tenants.models import AppendOnly, Membership, TenantForeignKey
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.models.choices import AuthorityKind
from tickets.models.stage import Decision, Stage
from tickets.models.ticket import Ticket


class TimeEntryQuerySet(TenantQuerySet):
    def standing(self) -> "TimeEntryQuerySet":
        """Keep the entries that nobody has corrected since."""
        return self.filter(corrections=None)


class TimeEntry(AppendOnly):
    """
    Work on a stage by a person, `[starts_at, ends_at)`; a correction is a new entry.

    What may be charged for it was decided by the stage's decision when it was written.
    """

    contract = TenantForeignKey(Contract, related_name="+")
    ticket = TenantForeignKey(Ticket, related_name="time_entries")
    stage = TenantForeignKey(Stage, related_name="time_entries")
    decision = TenantForeignKey(Decision, related_name="+")
    period = TenantForeignKey(Period, related_name="time_entries", help_text="It counts in.")
    adjusts = TenantForeignKey(
        Period, null=True, related_name="+", help_text="The closed month it was worked in."
    )
    person = TenantForeignKey(Membership, related_name="+")
    tier = models.CharField(max_length=4)
    place = models.CharField(max_length=8)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    authority = models.CharField(max_length=12, choices=AuthorityKind.choices)
    authority_key = models.CharField(max_length=60, blank=True)
    clause_id = models.CharField(max_length=20, blank=True)
    triage = models.BooleanField(default=False)
    assumed = models.BooleanField(default=False, help_text="Set by an importer's rule, not told.")
    note = models.CharField(max_length=200, blank=True)
    written_at = models.DateTimeField()
    replaces = TenantForeignKey(
        "self", null=True, related_name="replaced_by", help_text="The wrong one it corrects."
    )

    objects = TenantManager.of(TimeEntryQuerySet)

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="time_entry_ends_after_it_starts"
            ),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="time_entry_has_minutes"),
        ]
        indexes = [
            models.Index(fields=["tenant", "period", "starts_at"], name="time_entry_by_period"),
            models.Index(fields=["tenant", "ticket", "starts_at"], name="time_entry_by_ticket"),
        ]
        verbose_name_plural = "time entries"

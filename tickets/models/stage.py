from django.db import models
from django.db.models import Q

from contracts.models import ContractVersion
from tenants.models import AppendOnly, Membership, TenantForeignKey, TenantOwned
from tickets.models.choices import Activity, Outcome, WorkStream
from tickets.models.ticket import Ticket


class Stage(TenantOwned):
    """A stretch of a ticket in one work stream with one accountable owner, at every moment."""

    ticket = TenantForeignKey(Ticket, related_name="stages")
    sequence = models.PositiveSmallIntegerField()
    stream = models.CharField(max_length=12, choices=WorkStream.choices)
    activity = models.CharField(
        max_length=20, choices=Activity.choices, blank=True, help_text="Empty while pending."
    )
    owner = TenantForeignKey(Membership, related_name="+")
    tier = models.CharField(max_length=4)
    facts = models.JSONField(default=dict, help_text="What is known now; decisions keep copies.")
    decision = TenantForeignKey("tickets.Decision", null=True, related_name="+")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ticket", "sequence"], name="stage_sequence_is_unique"
            ),
            models.UniqueConstraint(
                fields=["tenant", "ticket"],
                condition=Q(ended_at=None),
                name="one_accountable_stage_a_ticket",
            ),
        ]
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"{self.ticket_id}/{self.sequence}"


class Decision(AppendOnly):
    """A verdict on a stage: outcome, clause, and the questions and answers that led there."""

    class Kind(models.TextChoices):
        RULE = "rule"
        OVERRIDE = "override"
        RULING = "ruling"

    stage = TenantForeignKey(Stage, related_name="decisions")
    ticket = TenantForeignKey(Ticket, related_name="decisions")
    version = TenantForeignKey(ContractVersion, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.RULE)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    pending = models.BooleanField(default=False, help_text="A fact is missing: undecided so far.")
    provisional = models.BooleanField(default=False, help_text="Rests on claimed facts.")
    clause_id = models.CharField(max_length=20, blank=True)
    activity = models.CharField(max_length=20, choices=Activity.choices, blank=True)
    uses_quota = models.BooleanField(default=False)
    verdict = models.JSONField(help_text="The rule's whole answer: path, question, pool, cap.")
    facts = models.JSONField()
    by = TenantForeignKey(Membership, null=True, related_name="+")
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values)
                & (Q(pending=False) | Q(outcome=Outcome.UNDECIDED)),
                name="decision_outcome_is_known_and_pending_is_undecided",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.UNDECIDED) | ~Q(clause_id="") | ~Q(kind="rule"),
                name="decision_names_its_clause",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "stage", "id"], name="decision_by_stage"),
            models.Index(
                fields=["tenant", "stage"],
                condition=models.Q(outcome=Outcome.UNDECIDED, pending=False),
                name="decision_without_clause",
            ),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{'pending' if self.pending else self.outcome} {self.clause_id}"


class Assignment(AppendOnly):
    """Who owned a stage from when on; a reassignment is the next row."""

    stage = TenantForeignKey(Stage, related_name="assignments")
    ticket = TenantForeignKey(Ticket, related_name="assignments")
    owner = TenantForeignKey(Membership, related_name="+")
    team = models.CharField(max_length=60, blank=True)
    tier = models.CharField(max_length=4)
    by = TenantForeignKey(Membership, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        indexes = [models.Index(fields=["tenant", "ticket", "id"], name="assignment_by_ticket")]
        ordering = ["pk"]

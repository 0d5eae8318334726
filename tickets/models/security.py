from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contracts.models import Contract
from tenants.models import Addressable, AppendOnly, Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.models.ticket import Ticket


class Severity(models.TextChoices):
    CRITICAL = "critical", pgettext_lazy("severity", "Critical")
    HIGH = "high", pgettext_lazy("severity", "High")
    MEDIUM = "medium", pgettext_lazy("severity", "Medium")
    LOW = "low", pgettext_lazy("severity", "Low")


class FindingSource(models.TextChoices):
    SCAN = "scan", _("Vulnerability scan")
    ADVISORY = "advisory", _("Advisory")
    REVIEW = "review", _("Access review")
    TEST = "test", _("Penetration test")
    AUDIT = "audit", _("Audit")
    OTHER = "other", pgettext_lazy("source", "Other")


class FindingState(models.TextChoices):
    OPEN = "open", pgettext_lazy("finding", "Open")
    ACCEPTED = "accepted", pgettext_lazy("finding", "Risk accepted")
    FIXED = "fixed", pgettext_lazy("finding", "Fixed")
    DISMISSED = "dismissed", pgettext_lazy("finding", "No finding")


class FindingQuerySet(TenantQuerySet):
    def open(self) -> "FindingQuerySet":
        return self.filter(state=FindingState.OPEN)

    def overdue(self, now: datetime) -> "FindingQuerySet":
        return self.open().filter(due_at__lte=now)

    def for_list(self) -> "FindingQuerySet":
        rows = self.select_related("tenant", "contract", "ticket")
        return rows.order_by(F("due_at").asc(nulls_last=True), "pk")


class SecurityFinding(Addressable, TenantOwned):
    """A weakness of a system, with the day until which the contract wants it mended."""

    contract = TenantForeignKey(Contract, related_name="findings")
    system = models.CharField(max_length=60)
    source = models.CharField(max_length=10, choices=FindingSource.choices)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    reference = models.CharField(max_length=60, blank=True, help_text="CVE-2026-1234, a page.")
    found_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="NULL: the terms give it none.")
    missed_at = models.DateTimeField(
        null=True, help_text="The due date that passed. Never cleared."
    )
    state = models.CharField(max_length=10, choices=FindingState.choices, default=FindingState.OPEN)
    accepted_until = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, help_text="How it was fixed, or why it is none.")
    ticket = TenantForeignKey(Ticket, null=True, related_name="findings")
    by = TenantForeignKey(Membership, related_name="+")

    objects = TenantManager.of(FindingQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(state="accepted", accepted_until__isnull=False)
                | (~Q(state="accepted") & Q(accepted_until=None)),
                name="an_accepted_risk_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["fixed", "dismissed"], ended_at__isnull=False)
                | (Q(state__in=["open", "accepted"]) & Q(ended_at=None)),
                name="a_finding_says_when_it_ended",
            ),
            models.CheckConstraint(
                condition=~Q(state="dismissed") | ~Q(reason=""), name="no_finding_has_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "state", "due_at"], name="finding_by_due")]

    def __str__(self) -> str:
        return self.title

    def is_late(self, now: datetime) -> bool:
        return self.state == FindingState.OPEN and self.due_at is not None and self.due_at <= now


class RiskAcceptance(AppendOnly):
    """Who lived with a finding, why, and until when (the first day without it)."""

    finding = TenantForeignKey(SecurityFinding, related_name="acceptances")
    by = TenantForeignKey(Membership, related_name="+")
    reason = models.TextField()
    expires_on = models.DateField()
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="a_risk_is_accepted_for_a_reason")
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.expires_on}"

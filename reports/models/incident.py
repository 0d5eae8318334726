from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.models import Addressable, AppendOnly, Membership, TenantForeignKey
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.models import Ticket


class IncidentState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ISSUED = "issued", _("Issued")


class IncidentReportQuerySet(TenantQuerySet):
    def latest(self, ticket: Ticket, *, issued_only: bool = False) -> "IncidentReport | None":
        """Return the last revision of a ticket's report that may be shown; None before the first."""
        rows = self.filter(ticket=ticket)
        if issued_only:
            rows = rows.filter(state=IncidentState.ISSUED)
        return rows.select_related("by__user", "tenant").order_by("-revision").first()


class IncidentReport(Addressable, AppendOnly):
    """
    One revision of the report on an incident: people's words beside the facts of that instant.

    `facts` is canonical JSON as text; the hash is over facts and sections. Clients see what was
    issued.
    """

    ticket = TenantForeignKey(Ticket, related_name="incident_reports")
    revision = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=6, choices=IncidentState.choices)
    language = models.CharField(max_length=5, help_text="Of the words that people wrote.")
    sections = models.JSONField(help_text="`reports.domain.incident.SECTIONS`: text each.")
    facts = models.TextField()
    sha256 = models.CharField(max_length=64)
    by = TenantForeignKey(Membership, null=True, related_name="+", help_text="NULL: the portal.")
    at = models.DateTimeField()

    objects = TenantManager.of(IncidentReportQuerySet)

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ticket", "revision"], name="incident_report_revision_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(state__in=IncidentState.values), name="incident_report_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state=IncidentState.DRAFT) | Q(by__isnull=False),
                name="a_person_issues_an_incident_report",
            ),
        ]
        ordering = ["ticket", "revision"]

    def __str__(self) -> str:
        return f"{self.ticket_id} r{self.revision}"

    @property
    def is_issued(self) -> bool:
        return self.state == IncidentState.ISSUED

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract
from tenants.models import Addressable, AppendOnly, Membership, TenantForeignKey, TenantOwned
from tickets.models.ticket import Ticket


class BulkKind(models.TextChoices):
    TICKETS = "tickets", _("Tickets")
    TIME = "time", _("Time entries")


class BulkSource(models.TextChoices):
    BACKLOG = "backlog", "Backlog"
    REDMINE = "redmine", "Redmine"
    JIRA = "jira", "Jira"
    CSV = "csv", _("Another CSV file")


class BulkOutcome(models.TextChoices):
    CREATED = "created", _("Created")
    SKIPPED = "skipped", _("Already imported")
    WRONG = "wrong", _("Wrong")


class BulkImport(Addressable, TenantOwned):
    """A file of another tool: its bytes as they came, what its columns mean, and who confirmed it."""

    frozen_once = "finished_at"

    contract = TenantForeignKey(Contract, related_name="+")
    kind = models.CharField(max_length=8, choices=BulkKind.choices)
    source = models.CharField(max_length=8, choices=BulkSource.choices)
    name = models.CharField(max_length=150, help_text="Of the file.")
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64, help_text="Of the content.")
    mapping = models.JSONField(default=dict, help_text="Field to heading.")
    system = models.CharField(max_length=60, help_text="Where a row names none.")
    environment = models.CharField(max_length=60)
    by = TenantForeignKey(Membership, related_name="+")
    uploaded_at = models.DateTimeField()
    confirmed_by = TenantForeignKey(Membership, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    expected = models.PositiveIntegerField(default=0, help_text="Rows, when it was confirmed.")
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | ~Q(confirmed_by=None),
                name="a_confirmed_import_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | ~Q(confirmed_at=None),
                name="an_import_finishes_once_confirmed",
            ),
        ]
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.name


class BulkRow(AppendOnly):
    """What became of one row: a ticket or a time entry, or why there is none."""

    bulk = TenantForeignKey(BulkImport, related_name="outcomes")
    number = models.PositiveIntegerField(help_text="In the file; the head is 1.")
    kind = models.CharField(max_length=8, choices=BulkKind.choices)
    source = models.CharField(max_length=8, choices=BulkSource.choices)
    source_key = models.CharField(max_length=120)
    outcome = models.CharField(max_length=8, choices=BulkOutcome.choices)
    ticket = TenantForeignKey(Ticket, null=True, related_name="+")
    said = models.CharField(max_length=300, blank=True, help_text="Why it was not imported.")

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "bulk", "number"], name="a_row_is_imported_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "kind", "source", "source_key"],
                condition=Q(outcome="created"),
                name="what_was_imported_is_not_again",
            ),
        ]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.bulk_id}:{self.number}"

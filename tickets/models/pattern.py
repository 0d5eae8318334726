from django.db import models
from django.db.models import Q

from contracts.models import Contract
from tenants.models import Addressable, AppendOnly, Membership, TenantForeignKey, TenantOwned
from tickets.models.ticket import Ticket


class Problem(TenantOwned):
    """What a ticket of type problem is about: the cause behind incidents, and how one lives with it."""

    ticket = TenantForeignKey(Ticket, related_name="problems")
    root_cause = models.TextField(blank=True)
    workaround = models.TextField(blank=True)
    known_error_at = models.DateTimeField(
        null=True, help_text="Since when cause and workaround are known and the fix is not there."
    )
    changed_by = TenantForeignKey(Membership, related_name="+")
    changed_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "ticket"], name="a_problem_is_one_ticket"),
            models.CheckConstraint(
                condition=Q(known_error_at=None) | (~Q(root_cause="") & ~Q(workaround="")),
                name="a_known_error_has_its_cause_and_a_workaround",
            ),
        ]

    def __str__(self) -> str:
        return str(self.ticket_id)


class Pattern(Addressable, TenantOwned):
    """A fault of a system that incidents are recognised as; a pattern once it has enough of them."""

    contract = TenantForeignKey(Contract, related_name="patterns")
    system = models.CharField(max_length=60)
    title = models.CharField(max_length=200, help_text="Of the incident that was the first.")
    symptom = models.CharField(max_length=200, blank=True)
    problem = TenantForeignKey(Problem, null=True, related_name="patterns")
    met_at = models.DateTimeField(help_text="When its last incident was received.")

    class Meta(TenantOwned.Meta):
        indexes = [
            models.Index(fields=["tenant", "contract", "system", "-met_at"], name="pattern_by_met"),
        ]

    def __str__(self) -> str:
        return self.title


class PatternWording(AppendOnly):
    """One wording, folded, and the fault that it was recognised as."""

    pattern = TenantForeignKey(Pattern, related_name="wordings")
    contract = TenantForeignKey(Contract, related_name="+")
    system = models.CharField(max_length=60)
    text = models.CharField(max_length=400)

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "contract", "system", "text"], name="a_wording_is_one_fault"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Occurrence(TenantOwned):
    """An incident as what it was recognised; without a pattern a person took it out of one."""

    ticket = TenantForeignKey(Ticket, related_name="occurrences")
    pattern = TenantForeignKey(Pattern, null=True, related_name="occurrences")
    by = TenantForeignKey(Membership, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "ticket"], name="an_incident_is_one_fault"),
            models.CheckConstraint(
                condition=~Q(pattern=None) | ~Q(by=None),
                name="only_a_person_takes_an_incident_out_of_a_pattern",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "pattern"], name="occurrence_by_pattern")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.pattern_id}"

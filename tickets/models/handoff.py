from django.db import models
from django.db.models import Q

from tenants.models import Addressable, Membership, TenantForeignKey, TenantOwned
from tickets.models.choices import HandoffState, WorkStream
from tickets.models.stage import Stage
from tickets.models.ticket import Ticket


class Handoff(Addressable, TenantOwned):
    """
    The offer of a stage to the other side, with evidence.

    Until it is accepted the giver stays accountable.
    """

    ticket = TenantForeignKey(Ticket, related_name="handoffs")
    stage = TenantForeignKey(Stage, related_name="+", help_text="The giver's.")
    to_stream = models.CharField(max_length=12, choices=WorkStream.choices)
    state = models.CharField(
        max_length=10, choices=HandoffState.choices, default=HandoffState.OFFERED
    )
    evidence = models.JSONField(help_text="symptom, workaround, logs, impact: text each.")
    offered_by = TenantForeignKey(Membership, related_name="+")
    offered_at = models.DateTimeField()
    answered_by = TenantForeignKey(Membership, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ticket"],
                condition=Q(state=HandoffState.OFFERED),
                name="one_handoff_on_offer",
            ),
            models.CheckConstraint(
                condition=~Q(state=HandoffState.DISPUTED) | ~Q(reason=""),
                name="a_disputed_handoff_says_why",
            ),
        ]
        ordering = ["pk"]

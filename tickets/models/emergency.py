from django.db import models
from django.db.models import F, Q

from tenants.models import Membership, TenantForeignKey, TenantOwned
from tickets.models.ticket import Ticket


class Emergency(TenantOwned):
    """
    Work outside the scope that is done at once: who was told, and the retro-estimate that is owed.

    What stands behind its minutes is derived from it by `tickets.domain.emergency`.
    """

    ticket = TenantForeignKey(Ticket, related_name="emergencies")
    began_at = models.DateTimeField(help_text="A vendor person had confirmed how bad it is.")
    declared_by = TenantForeignKey(Membership, related_name="+")
    declared_at = models.DateTimeField()
    owner_told = TenantForeignKey(Membership, null=True, related_name="+")
    owner_told_at = models.DateTimeField(null=True)
    estimate_due_at = models.DateTimeField()
    estimate_amount = models.BigIntegerField(null=True, help_text="Minor units.")
    estimate_sent_by = TenantForeignKey(Membership, null=True, related_name="+")
    estimate_sent_at = models.DateTimeField(null=True)
    lapsed_at = models.DateTimeField(
        null=True, help_text="The estimate was late: its minutes became goodwill."
    )

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "ticket"], name="one_emergency_a_ticket"),
            models.CheckConstraint(
                condition=Q(owner_told=None, owner_told_at=None)
                | (~Q(owner_told=None) & ~Q(owner_told_at=None)),
                name="an_emergency_says_who_was_told_and_when",
            ),
            models.CheckConstraint(
                condition=Q(estimate_amount=None, estimate_sent_by=None, estimate_sent_at=None)
                | (
                    Q(estimate_amount__gte=0)
                    & ~Q(estimate_sent_by=None)
                    & ~Q(estimate_sent_at=None)
                ),
                name="a_retro_estimate_says_how_much_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(began_at__lte=F("estimate_due_at")),
                name="a_retro_estimate_is_due_after_the_emergency_began",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "estimate_due_at"],
                condition=Q(estimate_sent_at=None, lapsed_at=None),
                name="emergency_by_estimate_due",
            )
        ]
        verbose_name_plural = "emergencies"

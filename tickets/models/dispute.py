from datetime import datetime

from django.db import models
from django.db.models import F, Q

from tenants.models import Addressable, Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.models.stage import Decision, Stage
from tickets.models.ticket import Ticket


class DisputeQuerySet(TenantQuerySet):
    def waiting(self) -> "DisputeQuerySet":
        """Keep those that have no ruling yet."""
        return self.filter(ruled_at=None)

    def open(self) -> "DisputeQuerySet":
        """Keep those that the client has not agreed on, ruled or not."""
        return self.filter(agreed_at=None)

    def open_before(self, at: datetime) -> "DisputeQuerySet":
        """Keep those that were open when the instant came."""
        return self.filter(Q(agreed_at=None) | Q(agreed_at__gte=at), opened_at__lt=at)

    def agreed(self) -> "DisputeQuerySet":
        return self.exclude(agreed_at=None)


class Dispute(Addressable, TenantOwned):
    """
    The client's no to a verdict. The account manager rules under a clock.

    A ruling binds and becomes a precedent when the service owner agrees; until then it is open.
    """

    frozen_once = "agreed_at"

    ticket = TenantForeignKey(Ticket, related_name="disputes")
    stage = TenantForeignKey(Stage, related_name="+")
    decision = TenantForeignKey(Decision, related_name="disputes", help_text="What is disputed.")
    opened_by = TenantForeignKey(Membership, related_name="+")
    opened_at = models.DateTimeField()
    reason = models.TextField()
    ruling = TenantForeignKey(
        Decision, null=True, related_name="+", help_text="The answer: upheld, or another verdict."
    )
    ruled_by = TenantForeignKey(Membership, null=True, related_name="+")
    ruled_at = models.DateTimeField(null=True)
    agreed_by = TenantForeignKey(Membership, null=True, related_name="+")
    agreed_at = models.DateTimeField(null=True)

    objects = TenantManager.of(DisputeQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "decision"],
                condition=Q(agreed_at=None),
                name="one_open_dispute_a_decision",
            ),
            models.UniqueConstraint(
                fields=["tenant", "ticket"],
                condition=Q(ruled_at=None),
                name="one_dispute_of_a_ticket_waits_for_its_ruling",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_dispute_says_why"),
            models.CheckConstraint(
                condition=Q(ruling=None, ruled_by=None, ruled_at=None)
                | (~Q(ruling=None) & ~Q(ruled_by=None) & ~Q(ruled_at=None)),
                name="a_ruling_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(agreed_at=None) | (~Q(agreed_by=None) & ~Q(ruled_at=None)),
                name="only_a_ruling_is_agreed_to",
            ),
            models.CheckConstraint(
                condition=Q(ruled_by=None) | ~Q(ruled_by=F("opened_by")),
                name="nobody_answers_their_own_dispute",
            ),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.opened_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.agreed_at is None

    @property
    def state(self) -> str:
        """Return `waiting` for its ruling, `ruled` and not agreed to, or `agreed`."""
        return "agreed" if self.agreed_at else "ruled" if self.ruled_at else "waiting"

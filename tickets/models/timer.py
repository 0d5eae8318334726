from django.db import models
from django.db.models import F, Q

from tenants.models import Membership, TenantForeignKey, TenantOwned
from tickets.models.ticket import Ticket


class Timer(TenantOwned):
    """A person's work on a ticket while it goes on; stopping it makes a time entry."""

    ticket = TenantForeignKey(Ticket, related_name="+")
    person = TenantForeignKey(Membership, related_name="+")
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "person"],
                condition=Q(stopped_at=None),
                name="one_running_timer_a_person",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None) | Q(stopped_at__gte=F("started_at")),
                name="a_timer_stops_after_it_started",
            ),
        ]

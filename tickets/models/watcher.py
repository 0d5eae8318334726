from django.db import models

from tenants.models import Membership, TenantForeignKey, TenantOwned
from tickets.models.ticket import Ticket


class Watcher(TenantOwned):
    """A person who wants to hear of a ticket, or was called to it by a mention."""

    ticket = TenantForeignKey(Ticket, related_name="watchers")
    member = TenantForeignKey(Membership, related_name="+")
    since = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ticket", "member"], name="watcher_once_a_ticket"
            )
        ]
        ordering = ["pk"]

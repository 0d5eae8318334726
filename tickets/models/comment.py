from django.db import models

from tenants.models import Addressable, Membership, TenantForeignKey, TenantOwned
from tickets.models.choices import Lane
from tickets.models.ticket import Ticket


class Comment(Addressable, TenantOwned):
    """A word on a ticket; the internal and handoff lanes are the vendor's own."""

    ticket = TenantForeignKey(Ticket, related_name="comments")
    author = TenantForeignKey(Membership, related_name="+")
    lane = models.CharField(max_length=8, choices=Lane.choices, default=Lane.PUBLIC)
    body = models.TextField()
    language = models.CharField(max_length=5)
    at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["tenant", "ticket", "at"], name="comment_by_ticket")]

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenants.models import Addressable, Membership, TenantForeignKey, TenantOwned
from tickets.models.ticket import Ticket


class LinkKind(models.TextChoices):
    RELATES = "relates", _("Relates to")
    BLOCKS = "blocks", _("Blocks")
    CAUSED_BY = "caused_by", _("Caused by")
    DUPLICATE_OF = "duplicate_of", _("Duplicate of")


class Link(Addressable, TenantOwned):
    """What one ticket is to another: `ticket` blocks `other`, or is a duplicate of it."""

    ticket = TenantForeignKey(Ticket, related_name="links")
    kind = models.CharField(max_length=12, choices=LinkKind.choices)
    other = TenantForeignKey(Ticket, related_name="links_back")
    by = TenantForeignKey(Membership, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ticket", "kind", "other"], name="a_link_stands_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "ticket"],
                condition=Q(kind=LinkKind.DUPLICATE_OF),
                name="a_duplicate_is_of_one_ticket",
            ),
            models.CheckConstraint(
                condition=~Q(ticket=F("other")), name="a_ticket_is_not_linked_to_itself"
            ),
        ]
        ordering = ["pk"]

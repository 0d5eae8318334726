from django.db import models
from django.db.models import Q

from tenants.models import Addressable, AppendOnly, Membership, TenantForeignKey
from tickets.models.choices import Lane
from tickets.models.comment import Comment
from tickets.models.ticket import Ticket


class Attachment(Addressable, AppendOnly):
    """
    A file on a ticket; who may read the comment it came with may download it.

    Its bytes lie under `key` in the folder of `ATTACHMENTS_DIR`; the name is only ever shown.
    """

    ticket = TenantForeignKey(Ticket, related_name="attachments")
    comment = TenantForeignKey(
        Comment, null=True, related_name="attachments", help_text="NULL: came with the request."
    )
    lane = models.CharField(max_length=8, choices=Lane.choices, help_text="The comment's.")
    name = models.CharField(max_length=150, help_text="As it was called, without what misleads.")
    key = models.CharField(max_length=64, help_text="Random: the name of the stored file.")
    size = models.BigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    by = TenantForeignKey(Membership, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="a_stored_file_has_one_row"),
            models.CheckConstraint(condition=Q(size__gt=0), name="an_attachment_is_not_empty"),
        ]
        indexes = [models.Index(fields=["tenant", "ticket", "id"], name="attachment_by_ticket")]
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

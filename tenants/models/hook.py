from django.db import models
from django.db.models import Q

from tenants.models.owned import Addressable
from tenants.models.tenant import Tenant


class Hook(Addressable):
    """
    A door for a machine that is nobody's desk: what it sends is one client's, told by the address.

    A directory table, for it is read before there is a scope: its proof is what opens one. It holds
    no content; what the door leads to has its row at the client, under the same public id. The
    secret must be read again to check a signature, so it stands here encrypted.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    sealed = models.TextField(help_text="The secret, encrypted (tenants/vault.py).")
    signed_only = models.BooleanField(help_text="Every message is signed; the bare secret is not.")
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, help_text="When it had its present secret.")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(sealed=""), name="a_hook_has_its_secret")
        ]

    def __str__(self) -> str:
        return self.public_id


class HookMessage(models.Model):
    """A signed message that was taken in, by the hash of its signature: it counts once."""

    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="+")
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hook", "sha256"], name="a_signed_message_counts_once")
        ]
        indexes = [models.Index(fields=["at"], name="hook_message_by_age")]

    def __str__(self) -> str:
        return self.sha256[:8]

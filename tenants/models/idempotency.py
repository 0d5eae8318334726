from datetime import datetime, timedelta

from django.db import models

from tenants.models.owned import TenantOwned
from tenants.models.user import User
from tenants.scoping import TenantManager, TenantQuerySet

KEPT_FOR = timedelta(hours=24)


class IdempotencyKeyQuerySet(TenantQuerySet):
    def expired(self, now: datetime) -> "IdempotencyKeyQuerySet":
        return self.filter(made_at__lte=now - KEPT_FOR)


class IdempotencyKey(TenantOwned):
    """
    What a person's request with this key was answered, so that its repetition does nothing.

    Written in the transaction of the effect: without one there is none of the other.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=100)
    request_sha256 = models.CharField(max_length=64, help_text="Of method, path and body.")
    status = models.PositiveSmallIntegerField(null=True, help_text="NULL while it is being done.")
    headers = models.JSONField(default=dict)
    body = models.JSONField(null=True)
    made_at = models.DateTimeField()

    objects = TenantManager.of(IdempotencyKeyQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user", "key"], name="idempotency_key_is_used_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "made_at"], name="idempotency_key_by_age")]

    def __str__(self) -> str:
        return self.key

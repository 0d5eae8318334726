import hashlib
import secrets
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.models.owned import Addressable
from tenants.models.user import User

PREFIX = "portal_"  # so that a scanner of leaked secrets recognises one
SECRET_BYTES = 32


class Verb(models.TextChoices):
    """What a token may do, each by itself."""

    READ = "read", _("Read")
    WRITE = "write", _("Write: open tickets and take steps")
    APPROVE = "approve", _("Approve: verdicts, rulings, estimates and acceptances")


class ApiTokenQuerySet(models.QuerySet):
    def usable(self, now: datetime) -> "ApiTokenQuerySet":
        """Keep what opens the API at an instant: neither revoked nor expired, of a person who is in."""
        return self.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)


class ApiToken(Addressable):
    """
    A person's key to the API: never more than that person may, and never for all time.

    A directory table like `User`, for it is read before there is a scope; it holds no content. The
    secret itself is shown once and stored nowhere: 256 random bits need no slow hash.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    sha256 = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4, help_text="The end of the secret, to tell two apart.")
    tenants = ArrayField(
        models.BigIntegerField(), help_text="Ids; a seat lost meanwhile opens nothing."
    )
    verbs = ArrayField(models.CharField(max_length=8, choices=Verb.choices))
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, help_text="To the hour.")
    revoked_at = models.DateTimeField(null=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verbs__contained_by=Verb.values) & Q(verbs__len__gt=0),
                name="token_verbs_are_known",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("made_at")), name="token_expires"
            ),
            models.CheckConstraint(condition=Q(tenants__len__gt=0), name="token_names_its_clients"),
        ]
        indexes = [models.Index(fields=["user", "-made_at"], name="token_by_user")]
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"

    def is_usable(self, now: datetime) -> bool:
        """Return whether it opens the API now; the Python twin of `usable`, with its user loaded."""
        return self.revoked_at is None and now < self.expires_at and self.user.is_active


def new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def sha256_of_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

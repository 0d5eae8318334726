"""
What signing in needs to remember. Directory tables: no row security, no business content.

Secrets are never stored as they are: a link and a recovery code as a hash, the secret of a second
factor encrypted.
"""

import hashlib

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q

from tenants.models.owned import random_public_id
from tenants.models.tenant import Tenant
from tenants.models.user import User


class Session(AbstractBaseSession):
    """A browser of a person, or of somebody who has not signed in yet."""

    public_id = models.CharField(max_length=16, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    signed_in_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=200, blank=True, help_text="As the browser names itself.")

    @classmethod
    def get_session_store_class(cls):
        from tenants.sessions import SessionStore

        return SessionStore

    @staticmethod
    def public_id_of(session_key: str) -> str:
        """Return what a page may call the session: its key opens it, so a page never holds that."""
        return hashlib.sha256(session_key.encode()).hexdigest()[:16]


class Throttle(models.Model):
    """How often something was tried in the current window, by whom or from where (hashed)."""

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(help_text="When the window ends and counting begins anew.")

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.count}"


class LinkKind(models.TextChoices):
    RESET = "reset"
    INVITATION = "invitation"


class MailedLink(models.Model):
    """
    A link that lets a person do one thing once: set a password, or take a seat.

    The secret exists in the mail only. It is drawn when the mail is sent, and here stands its hash.
    """

    kind = models.CharField(max_length=12, choices=LinkKind.choices)
    email = models.EmailField(help_text="Where it was sent; another address ends it.")
    digest = models.CharField(max_length=64, unique=True, null=True, help_text="NULL: not sent.")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, related_name="+")
    invitation_id = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True, help_text="Used, or ended by something newer.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="reset", invitation_id=None)
                | Q(kind="invitation", invitation_id__isnull=False, tenant__isnull=False),
                name="link_opens_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(digest=None) | Q(expires_at__isnull=False), name="sent_link_expires"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class SecondFactor(models.Model):
    """An authenticator app of a person. Until it is confirmed it asks for nothing."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    secret = models.CharField(max_length=255, help_text="Encrypted.")
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(
        default=0, help_text="A code of this step or before is used."
    )

    def __str__(self) -> str:
        return f"second factor of {self.user_id}"


class RecoveryCode(models.Model):
    """A code for the day the authenticator is lost; each works once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class SignOn(models.Model):
    """
    An account at the provider of single sign-on that is this person.

    Bound once, by an e-mail that the provider vouched for; from then on by issuer and subject, whatever
    the e-mail becomes over there.
    """

    public_id = models.CharField(
        max_length=16, unique=True, default=random_public_id, editable=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255, help_text="As the provider calls the person.")
    email = models.EmailField(help_text="That they were bound by.")
    bound_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="sign_on_is_one_person"),
            models.UniqueConstraint(fields=["user", "issuer"], name="person_has_one_at_issuer"),
        ]

    def __str__(self) -> str:
        return f"sign-on of {self.user_id}"


class Beat(models.Model):
    """When something that comes round by itself was last seen alive."""

    name = models.CharField(max_length=20, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at}"

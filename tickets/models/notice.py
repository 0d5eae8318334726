from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract
from tenants.models import Addressable, AuditEvent, Membership, TenantForeignKey, TenantOwned, User
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.models.ticket import Ticket


class NoticeKind(models.TextChoices):
    """What a person may choose about; the codes are those of `tickets.domain.notices.Kind`."""

    ASSIGNMENT = "assignment", _("Work that becomes mine")
    HANDOFF = "handoff", _("Handoffs")
    COMMENT = "comment", _("New messages")
    MENTION = "mention", _("Somebody mentions me")
    HALFTIME = "halftime", _("Half the time of a clock is used")
    DEADLINE = "deadline", _("A deadline comes near (80 %)")
    MISSED = "missed", _("A deadline was missed")
    PROGRESS = "progress", _("Progress of a ticket: paused, restored, resolved, closed")
    VERDICT = "verdict", _("Verdicts, disputes and rulings")
    ESTIMATE = "estimate", _("Estimates and their approvals")
    CONTRACT = "contract", _("A contract ends or is renewed")
    REPORT = "report", _("A monthly report is issued")


class NoticeChannel(models.TextChoices):
    MAIL = "mail", _("Portal and e-mail at once")
    DAILY = "daily", _("Portal and one e-mail a day")
    PORTAL = "portal", _("Portal only")
    OFF = "off", _("Not at all")


class NotificationQuerySet(TenantQuerySet):
    def shown_to(self, members: Iterable[Membership]) -> "NotificationQuerySet":
        """Keep what these desks of one person are shown in the portal."""
        return self.filter(recipient__in=[m.pk for m in members], in_portal=True)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)

    def to_mail(self, now: datetime) -> "NotificationQuerySet":
        """Keep what should have left by e-mail by `now` and has not."""
        return self.filter(mail_at__lte=now, mailed_at=None)

    def for_list(self) -> "NotificationQuerySet":
        """Load what a line or an e-mail shows, the newest first."""
        rows = self.select_related(
            "tenant", "ticket", "contract", "actor__user", "recipient__user", "recipient__tenant"
        )
        return rows.order_by("-at", "-pk")


class Notification(Addressable, TenantOwned):
    """
    Something a person should know: made once for each of them, read once, mailed once.

    It holds codes and ids; its words are written in the reader's language when they are read.
    """

    recipient = TenantForeignKey(Membership, related_name="+")
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
    code = models.CharField(max_length=60, help_text="Which sentence it is.")
    key = models.CharField(max_length=120, help_text="Of what happened; once a recipient.")
    event = TenantForeignKey(AuditEvent, null=True, related_name="+")
    ticket = TenantForeignKey(Ticket, null=True, related_name="+")
    contract = TenantForeignKey(Contract, null=True, related_name="+")
    actor = TenantForeignKey(Membership, null=True, related_name="+", help_text="NULL: the portal.")
    facts = models.JSONField(default=dict, help_text="Codes, ids and instants for its words.")
    at = models.DateTimeField()
    in_portal = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True)
    mail_at = models.DateTimeField(null=True, help_text="When it leaves by e-mail. NULL: never.")
    mailed_at = models.DateTimeField(null=True)

    objects = TenantManager.of(NotificationQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "recipient", "key"], name="notice_is_made_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=NoticeKind.values), name="notice_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(mailed_at=None) | ~Q(mail_at=None),
                name="only_what_should_be_mailed_was",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "recipient", "at"], name="notice_by_recipient"),
            models.Index(
                fields=["tenant", "recipient"],
                condition=Q(read_at=None, in_portal=True),
                name="notice_unread",
            ),
            models.Index(
                fields=["tenant", "recipient", "mail_at"],
                condition=Q(mailed_at=None) & ~Q(mail_at=None),
                name="notice_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} for {self.recipient_id}"


class NoticePreference(models.Model):
    """
    On which way a person wants to be told of what; a kind that is not named has its default.

    A directory table, like the person: it holds codes only.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    channels = models.JSONField(default=dict, help_text="Kind to channel.")

    def __str__(self) -> str:
        return f"{self.user_id}"

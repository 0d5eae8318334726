from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract
from tenants.models import Addressable, Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.domain.alert_payloads import SourceKind
from tickets.models.choices import Priority
from tickets.models.ticket import Ticket


class AlertSourceKind(models.TextChoices):
    ALERTMANAGER = SourceKind.ALERTMANAGER.value, "Prometheus Alertmanager"
    ZABBIX = SourceKind.ZABBIX.value, "Zabbix"
    JSON = SourceKind.JSON.value, _("Plain JSON")


class AlertSource(Addressable, TenantOwned):
    """
    A monitoring system of one client. Its door (`tenants.Hook`) has the same public id.

    What no route names goes to the source's own contract, system and environment.
    """

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=AlertSourceKind.choices)
    contract = TenantForeignKey(Contract, related_name="+")
    system = models.CharField(max_length=60)
    environment = models.CharField(max_length=60)
    timezone = models.CharField(max_length=64, help_text="Of times that come without an offset.")
    silent_after_minutes = models.PositiveIntegerField(
        null=True, help_text="Silence that raises a ticket; NULL: never."
    )
    settle_minutes = models.PositiveIntegerField(
        default=5, help_text="Quiet after which a recovered ticket that nobody touched is closed."
    )
    by = TenantForeignKey(Membership, related_name="+")
    made_at = models.DateTimeField()
    heard_at = models.DateTimeField(help_text="The last message, or when it was made.")
    disabled_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="alert_source_name_is_unique",
                violation_error_message=_("This client has a source of this name."),
            ),
            models.CheckConstraint(
                condition=Q(silent_after_minutes=None) | Q(silent_after_minutes__gte=1),
                name="silence_lasts_a_minute",
            ),
        ]
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class AlertRoute(TenantOwned):
    """Where alerts with certain labels go; the first that fits, by position, decides."""

    source = TenantForeignKey(AlertSource, on_delete=models.CASCADE, related_name="routes")
    position = models.PositiveSmallIntegerField()
    match = models.JSONField(default=dict, help_text="Label names and patterns with * and ?.")
    contract = TenantForeignKey(Contract, related_name="+")
    system = models.CharField(max_length=60)
    environment = models.CharField(max_length=60)
    priority = models.CharField(max_length=2, choices=Priority.choices, blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "position"], name="one_route_a_position"
            )
        ]
        ordering = ["position"]


class AlertWindow(Addressable, TenantOwned):
    """Agreed maintenance in [starts_at, ends_at): what begins in it is recorded and raises no ticket."""

    contract = TenantForeignKey(Contract, related_name="+")
    system = models.CharField(max_length=60, blank=True, help_text="Empty: every system.")
    environment = models.CharField(max_length=60, blank=True, help_text="Empty: every one.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    by = TenantForeignKey(Membership, related_name="+")
    cancelled_at = models.DateTimeField(null=True, help_text="What comes later is not held back.")

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="maintenance_begins_before_it_ends"
            )
        ]
        ordering = ["-starts_at", "pk"]

    def over_at(self) -> datetime:
        """Return the instant from which it holds nothing back any more."""
        return min(self.ends_at, self.cancelled_at or self.ends_at)


class AlertQuerySet(TenantQuerySet):
    def firing(self) -> "AlertQuerySet":
        return self.filter(ended_at=None)

    def for_list(self) -> "AlertQuerySet":
        rows = self.select_related("source", "ticket", "window", "tenant")
        return rows.order_by("-heard_at", "-pk")


class Alert(Addressable, TenantOwned):
    """One episode of an alert, however often it is told: its fingerprint and its beginning."""

    source = TenantForeignKey(AlertSource, related_name="alerts")
    fingerprint = models.CharField(max_length=64)
    started_at = models.DateTimeField(help_text="The alert's own time.")
    name = models.CharField(max_length=120)
    severity = models.CharField(max_length=30, blank=True)
    summary = models.CharField(max_length=200, blank=True)
    labels = models.JSONField(default=dict)
    contract = TenantForeignKey(Contract, related_name="+")
    system = models.CharField(max_length=60)
    environment = models.CharField(max_length=60)
    priority = models.CharField(max_length=2, choices=Priority.choices)
    count = models.PositiveIntegerField(default=1, help_text="How often it was told.")
    first_heard_at = models.DateTimeField()
    heard_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="The recovery's own time.")
    told_at = models.DateTimeField(null=True, help_text="When we were told of the recovery.")
    settled_at = models.DateTimeField(
        null=True, help_text="When the ticket was closed for it, or told of it."
    )
    ticket = TenantForeignKey(Ticket, null=True, related_name="alerts")
    placed_at = models.DateTimeField(
        null=True, help_text="When it got its ticket; NULL with one: as it was first heard."
    )
    window = TenantForeignKey(
        AlertWindow, null=True, related_name="+", help_text="The maintenance that held it back."
    )
    problem = models.CharField(max_length=200, blank=True, help_text="Why no ticket was opened.")

    objects = TenantManager.of(AlertQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "fingerprint", "started_at"],
                name="an_episode_of_an_alert_has_one_row",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, told_at=None) | (~Q(ended_at=None) & ~Q(told_at=None)),
                name="a_recovery_says_when_we_were_told",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="an_alert_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="an_alert_was_told_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "ticket"], name="alert_by_ticket"),
            models.Index(fields=["tenant", "heard_at"], name="alert_by_last_word"),
            models.Index(
                fields=["tenant", "source"], condition=Q(ended_at=None), name="alert_firing"
            ),
            models.Index(
                fields=["tenant", "told_at"],
                condition=Q(settled_at=None, ended_at__isnull=False),
                name="alert_to_settle",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.started_at}"

    def window_over(self, now: datetime) -> bool:
        """Return whether the maintenance that held it back is over; with its window loaded."""
        return self.window is not None and self.window.over_at() <= now

    @property
    def state(self) -> str:
        """Return `firing` or `over`, and for one without a ticket `held` or `lost`."""
        if self.ticket_id is None:
            return "held" if self.window_id else "lost"
        return "firing" if self.ended_at is None else "over"

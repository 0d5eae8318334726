from datetime import timedelta

from django.db import models
from django.db.models import Count, F, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract
from tenants.models import Addressable, AppendOnly, Membership, TenantForeignKey
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.models.choices import TicketType
from tickets.models.stage import Stage
from tickets.models.ticket import Ticket


class ReleaseKind(models.TextChoices):
    PATCH = "patch", _("Patch")
    VERSION = "version", _("Version")


WATCHED = timedelta(days=14)  # how long incidents of its system count against a release


class ReleaseQuerySet(TenantQuerySet):
    def for_list(self) -> "ReleaseQuerySet":
        """Load what a list shows, with the incidents counted against each release."""
        incidents = (
            Ticket.objects.filter(
                contract=OuterRef("contract"),
                system=OuterRef("system"),
                type=TicketType.INCIDENT,
                received_at__gte=OuterRef("released_at"),
                received_at__lt=OuterRef("released_at") + WATCHED,
            )
            .order_by()
            .values("contract")
            .annotate(count=Count("pk"))
            .values("count")
        )
        counted = Coalesce(Subquery(incidents, output_field=IntegerField()), 0)
        return (
            self.select_related("tenant", "contract", "by__user")
            .annotate(incidents_after=counted, fixes=Count("deliveries"))
            .order_by("-released_at", "-pk")
        )


class Release(Addressable, AppendOnly):
    """
    What maintenance delivered to a system: a patch or a version, with its design documents.

    The tickets it fixes are its deliveries.
    """

    contract = TenantForeignKey(Contract, related_name="releases")
    system = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=ReleaseKind.choices)
    name = models.CharField(max_length=60, help_text="2.4.1, or the number of the patch.")
    summary = models.TextField(blank=True)
    documents = models.JSONField(default=list, help_text="Updated design documents: text each.")
    released_at = models.DateTimeField()
    written_at = models.DateTimeField(help_text="When it was recorded; never before the release.")
    by = TenantForeignKey(Membership, related_name="+")

    objects = TenantManager.of(ReleaseQuerySet)

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "contract", "system", "name"],
                name="release_name_is_unique_in_its_system",
                violation_error_message=_("This system has a release of that name."),
            ),
            models.CheckConstraint(
                condition=Q(released_at__lte=F("written_at")),
                name="release_is_recorded_once_it_is_out",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="release_has_a_name"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "contract", "system", "-released_at"], name="release_by_system"
            )
        ]
        ordering = ["-released_at", "-pk"]

    def __str__(self) -> str:
        return self.name


class Delivery(AppendOnly):
    """How maintenance ended a stage: with a release, or with a reason for none."""

    ticket = TenantForeignKey(Ticket, related_name="deliveries")
    stage = TenantForeignKey(Stage, related_name="deliveries")
    release = TenantForeignKey(Release, null=True, related_name="deliveries")
    reason = models.CharField(max_length=200, blank=True, help_text="Why there is no release.")
    by = TenantForeignKey(Membership, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(
                condition=(Q(release=None) & ~Q(reason="")) | (~Q(release=None) & Q(reason="")),
                name="a_delivery_names_a_release_or_a_reason_for_none",
            ),
            models.UniqueConstraint(
                fields=["tenant", "stage", "release"], name="a_stage_names_a_release_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "ticket", "id"], name="delivery_by_ticket")]
        ordering = ["pk"]
        verbose_name_plural = "deliveries"

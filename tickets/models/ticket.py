from collections.abc import Sequence
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from contracts.models import Contract, ContractVersion
from tenants.models import Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet, active_tenants
from tickets.models.choices import Channel, Level, Priority, Status, TicketType

OPEN_STATUSES = (Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD)


def own_only(memberships: Sequence[Membership]) -> set[int]:
    """Return the clients at which these desks see their own tickets only: another desk sees more."""
    narrow = {
        m.tenant_id
        for m in memberships
        if m.role == "requester" and not m.tenant.requesters_see_all
    }
    return narrow - {m.tenant_id for m in memberships if m.role != "requester"}


class TicketQuerySet(TenantQuerySet):
    def open(self) -> "TicketQuerySet":
        return self.filter(status__in=OPEN_STATUSES)

    def at(self, desks: Sequence[Membership]) -> "TicketQuerySet":
        """Keep the tickets of the clients of these desks; where they are the scope it says so already."""
        clients = {m.tenant_id for m in desks}
        return self if clients == active_tenants() else self.filter(tenant_id__in=clients)

    def visible_to(self, memberships: Sequence[Membership]) -> "TicketQuerySet":
        """
        Keep what these desks may see: a requester only their own where the tenant says so.

        Their own are those they asked for, and those that they watch: where theirs was merged into.
        """
        if not (clients := own_only(memberships)):
            return self
        mine = [m.pk for m in memberships]
        watched = self.model.watchers.rel.related_model.objects.filter(member_id__in=mine)
        own = Q(requester_id__in=mine) | Q(pk__in=watched.values("ticket_id"))
        return self.filter(~Q(tenant_id__in=clients) | own)

    def for_worklist(self) -> "TicketQuerySet":
        """Load what a list shows, the soonest deadline first and paused ones last."""
        return self.select_related("tenant", "contract", "stage__owner__user").by_deadline()

    def by_deadline(self) -> "TicketQuerySet":
        return self.order_by(F("next_due_at").asc(nulls_last=True), "-received_at", "-pk")


class Ticket(TenantOwned):
    """One request or incident, held against the contract version in force when it was received."""

    searched_in = "title"

    key = models.CharField(max_length=32, help_text="ACME-123, sequential in its tenant only.")
    number = models.PositiveBigIntegerField()
    contract = TenantForeignKey(Contract, related_name="tickets")
    version = TenantForeignKey(ContractVersion, related_name="+")
    type = models.CharField(max_length=16, choices=TicketType.choices)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    system = models.CharField(max_length=60)
    environment = models.CharField(max_length=60)
    symptom = models.CharField(max_length=200, blank=True)
    impact = models.PositiveSmallIntegerField(choices=Level.choices)
    urgency = models.PositiveSmallIntegerField(choices=Level.choices)
    priority = models.CharField(max_length=2, choices=Priority.choices)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.NEW)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    requester = TenantForeignKey(Membership, related_name="+")
    received_at = models.DateTimeField()
    received_reason = models.CharField(
        max_length=200, blank=True, help_text="Why it was written down later than received."
    )
    registered_at = models.DateTimeField(help_text="When it was written down; never earlier.")
    restored_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True)
    reopened = models.PositiveSmallIntegerField(default=0)
    next_due_at = models.DateTimeField(null=True, help_text="The soonest deadline now running.")
    stage = TenantForeignKey(
        "tickets.Stage", null=True, related_name="+", help_text="The stage that is accountable now."
    )
    source = models.CharField(max_length=60, blank=True, help_text="Where it was imported from.")
    source_key = models.CharField(max_length=120, blank=True)

    objects = TenantManager.of(TicketQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="ticket_number_is_unique"),
            models.UniqueConstraint(fields=["tenant", "key"], name="ticket_key_is_unique"),
            models.UniqueConstraint(
                fields=["tenant", "source", "source_key"],
                condition=~Q(source=""),
                name="ticket_imported_once",
            ),
            models.CheckConstraint(
                condition=Q(received_at__lte=F("registered_at")),
                name="ticket_received_never_later_than_registered",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="ticket_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="ticket_priority_is_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "next_due_at", "key"],
                condition=Q(status__in=[s.value for s in OPEN_STATUSES]),
                name="ticket_open_in_order",
            ),
            models.Index(  # closed ones have no deadline: those received last come first
                fields=["tenant", "next_due_at", "-received_at", "-id"], name="ticket_in_order"
            ),
            models.Index(fields=["tenant", "contract", "received_at"], name="ticket_by_received"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    def is_late(self, now: datetime) -> bool:
        return self.is_open and self.next_due_at is not None and self.next_due_at <= now


class TicketCounter(TenantOwned):
    """The last ticket number given in a tenant; its row is the lock of the sequence."""

    last = models.PositiveBigIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="one_ticket_counter_a_tenant")
        ]

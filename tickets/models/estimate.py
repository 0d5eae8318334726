"""An extra-work offer of a ticket: what is on the table, what was accepted, and its revisions."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from tenants.models import Addressable, Guard, Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.domain.estimate import ENDED, ON_THE_TABLE, SHOWN_TO_CLIENT, revision_status
from tickets.domain.offer import MOST, Line, Offer, lines_of
from tickets.domain.offer import Pricing as PricingCode
from tickets.models.choices import EstimateStatus, Pricing
from tickets.models.ticket import Ticket

STANDS = (
    EstimateStatus.ACCEPTED,
    EstimateStatus.DELIVERED,
    EstimateStatus.DELIVERY_ACCEPTED,
    EstimateStatus.CANCELLED,
)

NOTHING_WITHOUT_PEOPLE = Guard(
    "estimate_has_its_people",
    "INSERT OR UPDATE",
    """
BEGIN
    IF NEW.status IN ('approved', 'sent') AND NOT EXISTS (
        SELECT FROM tickets_estimateapproval AS a WHERE a.tenant_id = NEW.tenant_id
        AND a.revision_id = NEW.revision_id AND a.amount = NEW.amount
    ) THEN
        RAISE EXCEPTION 'Nobody approved this revision for this amount.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_estimate_is_sent_once_approved';
    END IF;
    IF NEW.accepted_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM tickets_estimateacceptance AS a WHERE a.tenant_id = NEW.tenant_id
        AND a.revision_id = NEW.accepted_id
    ) AND EXISTS (
        SELECT FROM tickets_estimaterevision AS r WHERE r.tenant_id = NEW.tenant_id
        AND r.id = NEW.accepted_id
    ) THEN
        RAISE EXCEPTION 'Nobody accepted this revision.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_accepted_revision_has_its_acceptance';
    END IF;
    RETURN NEW;
END """,
)


class EstimateQuerySet(TenantQuerySet):
    def alive(self) -> "EstimateQuerySet":
        """Keep those that are not over: on the table, or accepted and at work."""
        return self.filter(ended_at=None)

    def shown_to_client(self) -> "EstimateQuerySet":
        """Keep what was sent to the client; a draft of the vendor's is nobody else's."""
        return self.filter(Q(status__in=SHOWN_TO_CLIENT) | ~Q(accepted=None))

    def for_lists(self) -> "EstimateQuerySet":
        return self.select_related("tenant", "ticket", "revision", "accepted").order_by("pk")


class Estimate(Addressable, TenantOwned):
    """
    An offer of extra work on a ticket. `revision` is on the table, `accepted` has the authority.

    Its minutes are under it from `accepted_at` until `ended_at`.
    """

    guards = (NOTHING_WITHOUT_PEOPLE,)

    ticket = TenantForeignKey(Ticket, related_name="estimates")
    number = models.PositiveSmallIntegerField(help_text="1, 2, ... of its ticket.")
    status = models.CharField(
        max_length=20, choices=EstimateStatus.choices, default=EstimateStatus.DRAFT
    )
    version = models.PositiveIntegerField(default=1, help_text="Of the row: counts each change.")
    revision = TenantForeignKey("tickets.EstimateRevision", null=True, related_name="+")
    amount = models.BigIntegerField(help_text="Of the revision on the table, minor units.")
    accepted = TenantForeignKey("tickets.EstimateRevision", null=True, related_name="+")
    drafted_by = TenantForeignKey(Membership, related_name="+")
    drafted_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="The last instant to answer.")
    accepted_at = models.DateTimeField(null=True, help_text="When work under it could begin.")
    delivered_at = models.DateTimeField(null=True)
    deemed_at = models.DateTimeField(null=True, help_text="Silence until then is acceptance.")
    warned_at = models.DateTimeField(null=True, help_text="Of what is accepted, most is used.")
    ended_at = models.DateTimeField(null=True)

    objects = TenantManager.of(EstimateQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ticket", "number"], name="estimate_number_is_unique"
            ),
            models.UniqueConstraint(
                fields=["tenant", "ticket"],
                condition=Q(ended_at=None),
                name="one_estimate_alive_a_ticket",
            ),
            models.CheckConstraint(
                condition=Q(status__in=EstimateStatus.values), name="estimate_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=ENDED, ended_at__isnull=False)
                | (~Q(status__in=ENDED) & Q(ended_at=None)),
                name="an_estimate_says_when_it_ended",
            ),
            models.CheckConstraint(
                condition=Q(accepted=None) | ~Q(accepted_at=None),
                name="an_accepted_estimate_says_since_when",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=STANDS) | ~Q(accepted=None),
                name="only_an_accepted_estimate_is_worked_on",
            ),
            models.CheckConstraint(
                condition=~Q(status=EstimateStatus.SENT) | (~Q(sent_at=None) & ~Q(expires_at=None)),
                name="a_sent_estimate_says_until_when",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "expires_at"], name="estimate_by_status"),
            models.Index(fields=["tenant", "ticket"], name="estimate_by_ticket"),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.ticket_id} E{self.number}"

    @property
    def is_on_the_table(self) -> bool:
        return self.status in ON_THE_TABLE

    @property
    def has_authority(self) -> bool:
        """Return whether minutes of now would be under it."""
        return self.accepted_id is not None and self.ended_at is None

    @property
    def is_change_order(self) -> bool:
        """Return whether another revision than the accepted one is on the table."""
        return self.has_authority and self.revision_id != self.accepted_id

    def was_alive(self, at: datetime) -> bool:
        return self.ended_at is None or self.ended_at > at

    def had_authority(self, at: datetime) -> bool:
        return self.accepted_at is not None and self.accepted_at <= at and self.was_alive(at)


class EstimateRevision(TenantOwned):
    """What was offered, word for word: it may change until it is submitted, then never."""

    frozen_once = "submitted_at"

    estimate = TenantForeignKey(Estimate, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    pricing = models.CharField(max_length=20, choices=Pricing.choices)
    currency = models.CharField(max_length=3)
    lines = models.JSONField(help_text="`tickets.domain.offer.Line`, in their order.")
    amount = models.BigIntegerField(help_text="Fixed price or not-to-exceed, before tax.")
    assumptions = models.TextField(blank=True)
    exclusions = models.TextField(blank=True)
    date_effect = models.TextField(blank=True, help_text="What it does to other dates.")
    delivery_on = models.DateField(null=True)
    language = models.CharField(max_length=5)
    sha256 = models.CharField(max_length=64, help_text="Of the offer as canonical JSON.")
    author = TenantForeignKey(Membership, related_name="+")
    authored_at = models.DateTimeField()
    edited_by = TenantForeignKey(Membership, related_name="+", help_text="The last one.")
    edited_at = models.DateTimeField()
    submitted_by = TenantForeignKey(Membership, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "estimate", "number"], name="estimate_revision_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=1, amount__lte=MOST), name="an_estimate_asks_for_money"
            ),
            models.CheckConstraint(
                condition=Q(pricing__in=Pricing.values), name="estimate_pricing_is_known"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None) | ~Q(submitted_by=None),
                name="a_submitted_revision_says_by_whom",
            ),
        ]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"r{self.number}"

    @property
    def offer(self) -> Offer:
        pricing = PricingCode(self.pricing)
        return Offer(
            pricing=pricing,
            currency=self.currency,
            lines=self.parts,
            not_to_exceed=self.not_to_exceed,
            assumptions=self.assumptions,
            exclusions=self.exclusions,
            date_effect=self.date_effect,
            delivery_on=self.delivery_on,
            language=self.language,
        )

    @property
    def parts(self) -> tuple[Line, ...]:
        return lines_of(self.lines)

    @property
    def not_to_exceed(self) -> int | None:
        """Return the limit of time and material; a fixed price has none."""
        return None if self.pricing == Pricing.FIXED else self.amount

    @property
    def people(self) -> set[int]:
        """Return the desks that wrote, changed or submitted it, who do not approve it."""
        desks = {self.author_id, self.edited_by_id, self.submitted_by_id}
        return {desk for desk in desks if desk is not None}

    def status_in(self, estimate: Estimate) -> str:
        """Return what became of this revision of an estimate whose revisions are loaded."""
        return revision_status(
            self.number,
            current=estimate.revision.number,
            accepted=estimate.accepted.number if estimate.accepted else 0,
            status=estimate.status,
        )

"""Who approved, accepted and took delivery of an estimate: written once, for the amount seen."""

from django.db import models
from django.db.models import F, Q

from contracts.models import Period
from tenants.models import (
    Addressable,
    AppendOnly,
    Guard,
    Membership,
    TenantForeignKey,
    TenantOwned,
)
from tickets.models.estimate import Estimate, EstimateRevision

# A person may sit at two desks, so people are compared, not desks.
_OWN = """
    PERFORM FROM tickets_estimate WHERE tenant_id = NEW.tenant_id AND id = NEW.estimate_id
    FOR UPDATE;
    SELECT user_id INTO person FROM tenants_membership
    WHERE tenant_id = NEW.tenant_id AND id = NEW.by_id;
    SELECT * INTO seen FROM tickets_estimaterevision
    WHERE tenant_id = NEW.tenant_id AND id = NEW.revision_id;
    IF NOT FOUND THEN
        RETURN NEW;  -- the foreign key refuses it
    END IF;
    IF EXISTS (
        SELECT FROM tenants_membership AS m WHERE m.tenant_id = NEW.tenant_id AND m.user_id = person
        AND m.id IN (seen.author_id, seen.edited_by_id, seen.submitted_by_id)
    ) THEN
        RAISE EXCEPTION 'Nobody approves or accepts their own estimate.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'nobody_decides_their_own_estimate';
    END IF;
    IF seen.submitted_at IS NULL OR seen.amount <> NEW.amount OR seen.sha256 <> NEW.sha256 THEN
        RAISE EXCEPTION 'This is not what was submitted.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_estimate_is_decided_as_it_was_seen';
    END IF;
"""
NOT_ONES_OWN = Guard(
    "decided_by_another",
    "INSERT",
    f"""
DECLARE
    person bigint;
    seen tickets_estimaterevision%ROWTYPE;
BEGIN
{_OWN}
    RETURN NEW;
END """,
)
NOT_TWICE = Guard(
    "approved_by_another",
    "INSERT",
    f"""
DECLARE
    person bigint;
    seen tickets_estimaterevision%ROWTYPE;
BEGIN
{_OWN}
    IF EXISTS (
        SELECT FROM tickets_estimateapproval AS a JOIN tenants_membership AS m
        ON m.tenant_id = a.tenant_id AND m.id = a.by_id
        WHERE a.tenant_id = NEW.tenant_id AND a.revision_id = NEW.revision_id AND m.user_id = person
    ) THEN
        RAISE EXCEPTION 'Nobody approves an estimate twice.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'nobody_approves_twice';
    END IF;
    RETURN NEW;
END """,
)


class EstimateApproval(AppendOnly):
    """An approval of the revision and the amount that were seen, within a limit."""

    guards = (NOT_TWICE,)

    estimate = TenantForeignKey(Estimate, related_name="approvals")
    revision = TenantForeignKey(EstimateRevision, related_name="approvals")
    by = TenantForeignKey(Membership, related_name="+")
    at = models.DateTimeField()
    amount = models.BigIntegerField(help_text="Seen; of the revision.")
    cumulative = models.BigIntegerField(help_text="The ticket's extra amount with this one.")
    limit = models.BigIntegerField(null=True, help_text="Of the approver; NULL: none was agreed.")
    sha256 = models.CharField(max_length=64)

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "revision", "by"], name="one_approval_a_desk_and_revision"
            )
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.revision_id} {self.amount}"


class EstimateAcceptance(AppendOnly):
    """The client's yes: who, when, with which authority, to which bytes. It counts from a month on."""

    class Authority(models.TextChoices):
        SERVICE_OWNER = "service_owner"
        PURCHASE_ORDER = "purchase_order"

    guards = (NOT_ONES_OWN,)

    estimate = TenantForeignKey(Estimate, related_name="acceptances")
    revision = TenantForeignKey(EstimateRevision, related_name="acceptances")
    by = TenantForeignKey(Membership, related_name="+")
    at = models.DateTimeField()
    authority = models.CharField(max_length=16, choices=Authority.choices)
    purchase_order = models.CharField(max_length=80, blank=True)
    amount = models.BigIntegerField(help_text="Seen; of the revision.")
    cumulative = models.BigIntegerField(help_text="The ticket's extra amount with this one.")
    limit = models.BigIntegerField(null=True, help_text="Of the authority; NULL: none was agreed.")
    sha256 = models.CharField(max_length=64)
    period = TenantForeignKey(Period, related_name="+", help_text="It counts from this month on.")

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "revision"], name="one_acceptance_a_revision"
            ),
            models.CheckConstraint(
                condition=Q(authority="service_owner")
                | (Q(authority="purchase_order") & ~Q(purchase_order="")),
                name="a_purchase_order_has_its_number",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "estimate", "id"], name="acceptance_by_estimate")]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.revision_id} {self.authority}"


class PurchaseOrderFile(Addressable, AppendOnly):
    """The client's purchase order as it came, with the acceptance it stands for."""

    acceptance = TenantForeignKey(EstimateAcceptance, related_name="files")
    name = models.CharField(max_length=150)
    key = models.CharField(max_length=64, help_text="Random: it lies where attachments lie.")
    size = models.BigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    by = TenantForeignKey(Membership, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="a_stored_order_has_one_row"),
            models.CheckConstraint(condition=Q(size__gt=0), name="an_order_is_not_empty"),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class EstimateCharge(AppendOnly):
    """A fixed price that falls due in a month: delivered and accepted, or cancelled half-way."""

    class Ground(models.TextChoices):
        DELIVERED = "delivered"
        DEEMED = "deemed"
        CANCELLED = "cancelled"

    estimate = TenantForeignKey(Estimate, related_name="charges")
    revision = TenantForeignKey(EstimateRevision, related_name="+")
    ground = models.CharField(max_length=12, choices=Ground.choices)
    amount = models.BigIntegerField(help_text="Minor units, before tax.")
    clause_id = models.CharField(max_length=20, blank=True)
    period = TenantForeignKey(Period, related_name="estimate_charges", help_text="It counts in.")
    by = TenantForeignKey(Membership, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "estimate"], name="a_fixed_price_is_charged_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="a_charge_is_not_negative"),
        ]
        indexes = [models.Index(fields=["tenant", "period"], name="estimate_charge_by_period")]
        ordering = ["pk"]


class AmountLimit(TenantOwned):
    """A person's own limit, in place of the one their role has in the terms."""

    member = TenantForeignKey(Membership, related_name="+")
    amount = models.BigIntegerField(help_text="Minor units of the contract's currency.")
    set_by = TenantForeignKey(Membership, related_name="+")
    set_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "member"], name="one_own_limit_a_member"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="a_limit_is_not_negative"),
            models.CheckConstraint(
                condition=~Q(member=F("set_by")), name="nobody_sets_their_own_limit"
            ),
        ]

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Period
from tenants.models import AppendOnly, Membership, TenantForeignKey
from tickets.models.choices import AuthorityKind
from tickets.models.estimate import Estimate
from tickets.models.stage import Decision
from tickets.models.time_entry import TimeEntry


class SettlementCause(models.TextChoices):
    """Why minutes stand on something else than when they were written."""

    DECISION = "decision", _("A new verdict")
    RETRO_ESTIMATE_LATE = "retro_estimate_late", _("The estimate of the emergency was late")
    NOBODY_ASKED = "nobody_asked", _("The month closed, and nobody had asked for an estimate")
    ESTIMATE_ACCEPTED = "estimate_accepted", _("The estimate was accepted")
    OVERAGE_AGREED = "overage_agreed", _("The client agreed to hours beyond the pool")
    ESTIMATE_REFUSED = "estimate_refused", _("The estimate was declined or expired")


class Settlement(AppendOnly):
    """
    What became of minutes after they were written; the last one of an entry stands.

    They cost the client nothing any more, or what was held has its answer. The entry itself never
    changes. It counts from the month `period` on; where the entry's own month is closed, that month
    stands and the difference is an adjustment of this one.
    """

    entry = TenantForeignKey(TimeEntry, related_name="settlements")
    period = TenantForeignKey(Period, related_name="settlements", help_text="It counts in.")
    authority = models.CharField(max_length=12, choices=AuthorityKind.choices)
    authority_key = models.CharField(max_length=60, blank=True, help_text="Pool or estimate.")
    clause_id = models.CharField(max_length=20, blank=True)
    limit = models.BigIntegerField(null=True, help_text="Minor units, up to which it is billed.")
    cause = models.CharField(max_length=20, choices=SettlementCause.choices)
    decision = TenantForeignKey(Decision, null=True, related_name="+")
    estimate = TenantForeignKey(
        Estimate, null=True, related_name="settlements", help_text="Accepted, or not any more."
    )
    by = TenantForeignKey(Membership, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "entry", "authority"], name="minutes_are_settled_once_as_this"
            ),
            models.CheckConstraint(
                condition=~Q(authority__in=[AuthorityKind.HELD, AuthorityKind.EMERGENCY]),
                name="a_settlement_answers",
            ),
            models.CheckConstraint(
                condition=Q(authority__in=[AuthorityKind.POOL, AuthorityKind.ESTIMATE])
                ^ Q(authority_key=""),
                name="a_settlement_names_its_pool_or_estimate",
            ),
            models.CheckConstraint(
                condition=~Q(authority=AuthorityKind.ESTIMATE, estimate=None),
                name="minutes_under_an_estimate_name_it",
            ),
            models.CheckConstraint(
                condition=~Q(cause=SettlementCause.DECISION, decision=None),
                name="a_settlement_by_a_verdict_names_it",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "period"], name="settlement_by_period")]
        ordering = ["pk"]

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenants.models import Addressable, Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.domain.oncall import Turns
from tickets.models.ticket import Ticket


class Tier(models.TextChoices):
    L1 = "L1", _("L1 Service desk")
    L2 = "L2", _("L2 Operations")
    L3 = "L3", _("L3 Maintenance")
    PMO = "PMO", _("Bridge SE and account manager")


class RosterTurns(models.TextChoices):
    DAY = Turns.DAY.value, _("Every day")
    WEEK = Turns.WEEK.value, _("Every week")


class Roster(Addressable, TenantOwned):
    """Who is on call for a tier of one client: turns that are handed over at an hour of a zone."""

    tier = models.CharField(max_length=4, choices=Tier.choices)
    timezone = models.CharField(max_length=64)
    turns = models.CharField(max_length=4, choices=RosterTurns.choices)
    hands_over = models.TimeField(help_text="On the wall in the roster's zone.")
    weekday = models.PositiveSmallIntegerField(default=0, help_text="0 is Monday; of weeks.")
    starts_on = models.DateField()
    step_minutes = models.PositiveSmallIntegerField(
        default=10, help_text="How long a call waits before the next person is called."
    )
    hook_url = models.CharField(max_length=300, blank=True, help_text="Called beside the e-mail.")
    hook_sealed = models.TextField(blank=True, help_text="Its secret, encrypted.")

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "tier"], name="one_roster_a_tier"),
            models.CheckConstraint(
                condition=Q(step_minutes__gte=1, step_minutes__lte=240), name="a_call_waits_a_while"
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="a_week_has_seven_days"),
        ]
        ordering = ["tier"]

    def __str__(self) -> str:
        return self.tier


class RosterSeat(TenantOwned):
    """A place in the order of a roster; the one after is the deputy."""

    roster = TenantForeignKey(Roster, on_delete=models.CASCADE, related_name="seats")
    position = models.PositiveSmallIntegerField()
    member = TenantForeignKey(Membership, related_name="+")
    country = models.CharField(max_length=6, blank=True, help_text="Whose holidays they keep.")

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "roster", "position"], name="one_seat_a_position"
            ),
            models.UniqueConstraint(
                fields=["tenant", "roster", "member"], name="one_seat_a_member"
            ),
        ]
        ordering = ["position"]


class Absence(Addressable, TenantOwned):
    """A member who is away in [starts_at, ends_at): nobody calls them."""

    member = TenantForeignKey(Membership, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    by = TenantForeignKey(Membership, related_name="+")

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="an_absence_begins_before_it_ends"
            )
        ]
        ordering = ["starts_at", "pk"]


class Swap(Addressable, TenantOwned):
    """A member who takes the turn in [starts_at, ends_at), whosever it is."""

    roster = TenantForeignKey(Roster, on_delete=models.CASCADE, related_name="swaps")
    member = TenantForeignKey(Membership, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    by = TenantForeignKey(Membership, related_name="+")

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="a_swap_begins_before_it_ends"
            )
        ]
        ordering = ["pk"]


class PageQuerySet(TenantQuerySet):
    def waiting(self) -> "PageQuerySet":
        return self.filter(ended_at=None)


class Page(Addressable, TenantOwned):
    """The calls for one ticket, until somebody has it, or everybody was called in vain."""

    ticket = TenantForeignKey(Ticket, related_name="pages")
    roster = TenantForeignKey(Roster, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    taken_by = TenantForeignKey(Membership, null=True, related_name="+")
    in_vain = models.BooleanField(default=False, help_text="Everybody was called; nobody answered.")

    objects = TenantManager.of(PageQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ticket"],
                condition=Q(ended_at=None),
                name="a_ticket_is_paged_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(in_vain=False) | Q(taken_by=None), name="a_call_in_vain_nobody_took"
            ),
        ]
        ordering = ["pk"]


class Call(TenantOwned):
    """One call of a page to one person, by e-mail and where there is one by webhook."""

    page = TenantForeignKey(Page, related_name="calls")
    number = models.PositiveSmallIntegerField()
    member = TenantForeignKey(Membership, related_name="+")
    at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    hooked_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "page", "number"], name="a_call_is_made_once")
        ]
        ordering = ["page", "number"]

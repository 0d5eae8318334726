from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models import Contract
from tenants.models import Addressable, AppendOnly, Membership, TenantForeignKey, TenantOwned
from tenants.scoping import TenantManager, TenantQuerySet
from tickets.domain.routine import Check, Every, Evidence, Schedule, Shift


class RoutineKind(models.TextChoices):
    BACKUP = "backup", _("Backup")
    LOG_ROTATION = "log_rotation", _("Log rotation")
    JOB_RUN = "job_run", _("Job run")
    ACCOUNTS = "accounts", _("Account management")
    PATCHES = "patches", _("Patch window")
    SCAN = "scan", _("Vulnerability scan")
    ACCESS = "access", _("Access review")
    OTHER = "other", _("Other")


class Rhythm(models.TextChoices):
    DAY = Every.DAY.value, _("Every day")
    WEEK = Every.WEEK.value, _("Every week")
    MONTH = Every.MONTH.value, _("Every month")


class ClosedDay(models.TextChoices):
    KEEP = Shift.KEEP.value, _("Do it all the same")
    BEFORE = Shift.BEFORE.value, _("The open day before")
    AFTER = Shift.AFTER.value, _("The open day after")
    SKIP = Shift.SKIP.value, _("Leave it out")


class RoutineTask(Addressable, TenantOwned):
    """Work that comes back by itself: its rhythm, its runbook, and what proves that it was done."""

    contract = TenantForeignKey(Contract, related_name="routines")
    kind = models.CharField(max_length=12, choices=RoutineKind.choices)
    title = models.CharField(max_length=120)
    system = models.CharField(max_length=60)
    every = models.CharField(max_length=5, choices=Rhythm.choices)
    weekdays = models.JSONField(default=list, help_text="0 is Monday; of a weekly rhythm.")
    of_month = models.PositiveSmallIntegerField(default=1, help_text="31 is the last day.")
    closed_day = models.CharField(max_length=6, choices=ClosedDay.choices, default=ClosedDay.KEEP)
    opens = models.TimeField(help_text="On the wall in the contract's zone.")
    closes = models.TimeField(help_text="Not after `opens`: a time of the next day.")
    runbook = models.TextField(blank=True)
    checklist = models.JSONField(
        default=list, help_text="Lines: text, and the evidence it asks for."
    )
    starts_on = models.DateField()
    ended_on = models.DateField(null=True, help_text="The first day without it.")
    by = TenantForeignKey(Membership, related_name="+")

    class Meta(TenantOwned.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(of_month__gte=1, of_month__lte=31), name="routine_day_is_of_a_month"
            ),
            models.CheckConstraint(
                condition=~Q(every="week") | ~Q(weekdays=[]), name="weekly_routine_has_a_weekday"
            ),
        ]
        ordering = ["title", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def schedule(self) -> Schedule:
        return Schedule(
            Every(self.every),
            frozenset(self.weekdays),
            self.of_month,
            Shift(self.closed_day),
            self.opens,
            self.closes,
        )

    @property
    def checks(self) -> list[Check]:
        return [Check(line["text"], Evidence(line["evidence"])) for line in self.checklist]


class RoutineRunQuerySet(TenantQuerySet):
    def waiting(self) -> "RoutineRunQuerySet":
        return self.filter(done_at=None)

    def overdue(self, now: datetime) -> "RoutineRunQuerySet":
        """Keep the runs that nobody did by their end."""
        return self.waiting().filter(closes_at__lte=now)

    def for_list(self) -> "RoutineRunQuerySet":
        rows = self.select_related("tenant", "task__contract", "done_by__user")
        return rows.order_by("closes_at", "pk")


class RoutineRun(Addressable, TenantOwned):
    """One day's run of a routine task; a miss is final, also when it is done later."""

    task = TenantForeignKey(RoutineTask, related_name="runs")
    title = models.CharField(max_length=120, help_text="As agreed when it was planned.")
    kind = models.CharField(max_length=12, choices=RoutineKind.choices)
    system = models.CharField(max_length=60)
    due_on = models.DateField()
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    missed_at = models.DateTimeField(null=True, help_text="The end that passed. Never cleared.")
    done_at = models.DateTimeField(null=True)
    done_by = TenantForeignKey(Membership, null=True, related_name="+")
    answers = models.JSONField(default=list, help_text="The checklist as it was answered.")
    note = models.TextField(blank=True)

    objects = TenantManager.of(RoutineRunQuerySet)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "task", "due_on"], name="a_routine_runs_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | (~Q(done_at=None) & ~Q(done_by=None)),
                name="a_run_that_was_done_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at")), name="a_run_opens_before_it_closes"
            ),
            models.CheckConstraint(
                condition=Q(missed_at=None) | Q(missed_at=F("closes_at")),
                name="a_run_is_missed_at_its_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "closes_at"],
                condition=Q(done_at=None),
                name="routine_run_waiting",
            )
        ]
        ordering = ["due_on", "pk"]

    def __str__(self) -> str:
        return f"{self.task_id} {self.due_on}"

    def is_open(self, now: datetime) -> bool:
        return self.done_at is None and self.opens_at <= now < self.closes_at

    @property
    def state(self) -> str:
        """Return `done`, `late` (done, and too late), `missed` or `waiting`."""
        if self.done_at is not None:
            return "late" if self.missed_at else "done"
        return "missed" if self.missed_at else "waiting"


class RoutineProof(Addressable, AppendOnly):
    """A file that proves a line of a run's checklist; it lies where attachments lie."""

    run = TenantForeignKey(RoutineRun, related_name="proofs")
    line = models.PositiveSmallIntegerField(help_text="Place in the checklist, from 0.")
    name = models.CharField(max_length=150)
    key = models.CharField(max_length=64)
    size = models.BigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="a_stored_proof_has_one_row")
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

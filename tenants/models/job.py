from django.db import models
from django.db.models import Q

from tenants.models.owned import random_public_id
from tenants.models.tenant import Tenant


class JobState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class JobQuerySet(models.QuerySet):
    def due(self, now, stale_before) -> "JobQuerySet":
        """Keep what should be rung: waiting and due, or running without a sign of life."""
        return self.filter(
            Q(state=JobState.WAITING, due_at__lte=now)
            | Q(state=JobState.RUNNING, heartbeat_at__lt=stale_before)
        )


class Job(models.Model):
    """
    One piece of background work. The record; the broker is only a bell (ADR 3).

    A directory table without row security: it holds codes, ids and times, never content.
    """

    public_id = models.CharField(max_length=16, default=random_public_id, unique=True)
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=160, help_text="Once a kind, a tenant and a key.")
    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="NULL: the portal's own, which opens no tenant.",
    )
    payload = models.JSONField(default=dict, help_text="Ids and codes only.")
    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Percent.")
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=120, blank=True, help_text="The kind of the failure.")

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "key"], name="job_once_per_key", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="job_progress_is_percent"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state="waiting"), name="job_waiting_by_due"
            ),
            models.Index(fields=["heartbeat_at"], condition=Q(state="running"), name="job_running"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

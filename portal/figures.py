"""
The figures that tell an operator whether the portal keeps its promises, for Prometheus.

All come from the Job table, which belongs to no client and holds no content: no scrape ever opens a client's
scope. How many clocks were missed is counted by the sweep itself, in its own job's row.
"""

from collections.abc import Iterator

from django.db.models import BigIntegerField, Count, Min, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from tenants.models import Job, JobState

CONTENT_TYPE = CONTENT_TYPE_LATEST
SWEEP = "tickets.sweep"


def exposition() -> bytes:
    """Return the figures of now in Prometheus' text format; ages in seconds."""
    registry = CollectorRegistry()
    registry.register(Figures())
    return generate_latest(registry)


class Figures:
    def collect(self) -> Iterator[Metric]:
        yield jobs_by_state()
        yield age_of_waiting()
        yield clock_misses()

    def describe(self) -> list[Metric]:
        return []  # nothing is asked of the database before the first scrape


def jobs_by_state() -> Metric:
    family = GaugeMetricFamily("portal_jobs", "Jobs by kind and state.", labels=["kind", "state"])
    unfinished = Job.objects.exclude(state=JobState.DONE)
    for kind, state, count in unfinished.values_list("kind", "state").annotate(n=Count("pk")):
        family.add_metric([kind, state], count)
    return family


def age_of_waiting() -> Metric:
    """
    Return how long the longest waiting due job of each kind has waited, 0 where none is due.

    Of `tickets.sweep` it is the lag of the clocks; of the mails' kind it is the age of the outbox.
    """
    now = timezone.now()
    family = GaugeMetricFamily(
        "portal_job_wait_seconds", "Age of the oldest job that is due.", labels=["kind"]
    )
    waiting = Job.objects.filter(state__in=[JobState.WAITING, JobState.RUNNING])
    for kind, oldest in waiting.values_list("kind").annotate(oldest=Min("due_at")):
        family.add_metric([kind], max(0.0, (now - oldest).total_seconds()))
    return family


def clock_misses() -> Metric:
    """Return how many deadlines passed, since the first sweep; it never goes down."""
    family = CounterMetricFamily("portal_clock_misses", "Deadlines that passed unmet.")
    missed = Cast(KT("payload__missed"), BigIntegerField())
    total = Job.objects.filter(kind=SWEEP).aggregate(sum=Sum(missed))["sum"]
    family.add_metric([], total or 0)
    return family

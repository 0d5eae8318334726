"""What no message brings: a source that fell silent, maintenance that ended, quiet after a recovery."""

from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from tenants.models import Job
from tenants.services import jobs
from tickets.domain import alert as rules
from tickets.models import Alert, AlertSource
from tickets.models.ticket import OPEN_STATUSES
from tickets.services.alert_recovery import close_recovered
from tickets.services.alerts import open_after_window, raise_silence

EVERY = timedelta(minutes=1)
SWEEP = "tickets.alerts"
MOST_A_RUN = 200


@jobs.handles(SWEEP, every=EVERY)
def look_after(job: Job) -> None:
    """See to the alerts of one tenant."""
    now = timezone.now()
    raise_silences(now)
    end_windows(now)
    settle(now)


def raise_silences(now: datetime) -> int:
    """Raise a ticket for each source that fell silent; return how many."""
    sources = AlertSource.objects.filter(disabled_at=None, silent_after_minutes__isnull=False)
    raised = 0
    for source in sources.select_for_update(skip_locked=True, of=["self"]):
        since = rules.silent_since(source.heard_at, source.silent_after_minutes, now)
        if since is not None and not is_raised(source):
            raise_silence(source, since, now)
            raised += 1
    return raised


def is_raised(source: AlertSource) -> bool:
    return Alert.objects.firing().filter(source=source, fingerprint=rules.HEARTBEAT).exists()


def end_windows(now: datetime) -> int:
    """Give a ticket to each alert that its maintenance held back and that outlasted it."""
    rows = Alert.objects.firing().filter(ticket=None, problem="").exclude(window=None)
    held = [row.pk for row in rows.select_related("window")[:MOST_A_RUN] if row.window_over(now)]
    return sum(open_after_window(pk, now) for pk in held)


def settle(now: datetime) -> int:
    """Close or tell each open ticket whose alerts have been over for the source's quiet time."""
    rows = Alert.objects.filter(ticket__status__in=OPEN_STATUSES, told_at__isnull=False)
    lasting = Alert.objects.firing().exclude(ticket=None).values("ticket_id")
    over = rows.filter(settled_at=None).exclude(ticket_id__in=lasting)
    quiet = over.values("ticket_id", "source__settle_minutes").annotate(last=Max("told_at"))
    due = [
        row["ticket_id"]
        for row in quiet.order_by("last")
        if row["last"] + timedelta(minutes=row["source__settle_minutes"]) <= now
    ]
    return sum(close_recovered(pk, now) for pk in due[:MOST_A_RUN])

"""
Alerts as a reader counts them: what belongs to one ticket is one line, however many machines told it.

So is what one maintenance held back, and what one source could not place for one reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, CharField, Count, Max, Min, Q, Sum, Value, When, Window
from django.db.models.functions import Cast, Concat, RowNumber

from tickets.models import Alert
from tickets.models.alert import AlertQuerySet


@dataclass(frozen=True, slots=True)
class Fold:
    """What one line stands for: `names` different alerts, `alerts` of them, `lasting` of those."""

    alerts: int
    names: int
    lasting: int
    told: int
    began: datetime
    over: datetime | None


def key() -> Case:
    """Return the expression of what an alert is folded by."""
    source = Cast("source", CharField())
    return Case(
        When(ticket__isnull=False, then=Concat(Value("ticket "), Cast("ticket", CharField()))),
        When(
            window__isnull=False,
            then=Concat(Value("window "), Cast("window", CharField()), Value(" "), source),
        ),
        default=Concat(Value("source "), source, Value(" "), "problem"),
        output_field=CharField(),
    )


def folded(rows: AlertQuerySet) -> AlertQuerySet:
    """Return the last word of each fold, the latest first."""
    nth = Window(RowNumber(), partition_by=key(), order_by=["-heard_at", "-pk"])
    heads = rows.order_by().annotate(nth=nth).filter(nth=1)
    return Alert.objects.for_list().filter(pk__in=heads.values("pk"))


def same_fold(alert: Alert) -> Q:
    """Return what keeps the alerts of the line on which this one stands."""
    if alert.ticket_id:
        return Q(ticket=alert.ticket_id)
    of_source = Q(ticket=None, window=alert.window_id, source=alert.source_id)
    return of_source if alert.window_id else of_source & Q(problem=alert.problem)


def folds_of(alerts: Iterable[Alert], rows: AlertQuerySet) -> dict[int, Fold]:
    """Return what the lines of `alerts` stand for among `rows`, by the alert's key, in one query."""
    heads = {alert.pk: alert for alert in alerts}
    if not heads:
        return {}
    keys = dict(Alert.objects.filter(pk__in=heads).annotate(fold=key()).values_list("fold", "pk"))
    mine = Q()
    for alert in heads.values():
        mine |= same_fold(alert)
    found = rows.select_related(None).order_by().filter(mine).annotate(fold=key()).values("fold").annotate(
        alerts=Count("pk"), names=Count("name", distinct=True),
        lasting=Count("pk", filter=Q(ended_at=None)), told=Sum("count"),
        began=Min("started_at"), over=Max("ended_at"),
    )  # fmt: skip
    return {keys.pop(row.pop("fold")): made(**row) for row in found}


def made(*, lasting: int, over: datetime | None, **told) -> Fold:
    return Fold(lasting=lasting, over=None if lasting else over, **told)

"""Home: what waits at each desk of this person, over all clients on screen."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, DateTimeField, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contracts.domain import months
from contracts.models import Contract, ContractReminder, Period, PeriodState
from portal.pools import pools
from portal.templatetags.reading import SOON
from reports.models import MonthlyReport
from tenants.models import Membership
from tenants.prepared import LISTS, Slot, counted
from tenants.roles import Role
from tenants.scoping import active_tenants
from tickets.models import Dispute, Estimate, Obligation, Stage, Ticket
from tickets.models.choices import (
    OUT_OF_SCOPE,
    ClockState,
    EstimateStatus,
    Outcome,
    Priority,
    Status,
)
from tickets.models.ticket import TicketQuerySet, own_only
from tickets.views.rows import kept_rows
from tickets.waiting import heaps

TO_APPROVE = (EstimateStatus.SUBMITTED, EstimateStatus.APPROVED)
TO_ACCEPT = (EstimateStatus.SENT, EstimateStatus.DELIVERED)
QUEUE, REQUESTS, SHORT, REPORTS = 25, 100, 20, 6
AGENTS = {
    Role.BRIDGE_SE,
    Role.SERVICE_DESK,
    Role.OPERATIONS_ENGINEER,
    Role.MAINTENANCE_ENGINEER,
}


NOW, BY_SOON = Slot("now", DateTimeField()), Slot("soon", DateTimeField())
OWNED = Stage.objects.filter(
    owner__among=Slot("desks", ArrayField(BigIntegerField())), ended_at=None
)
COUNTS = {
    "open": Count("pk"),
    "late": Count("pk", filter=Q(next_due_at__lte=NOW)),
    "soon": Count("pk", filter=Q(next_due_at__gt=NOW, next_due_at__lte=BY_SOON)),
    "critical": Count("pk", filter=Q(priority=Priority.P1)),
    "paused": Count("pk", filter=Q(status=Status.ON_HOLD)),
    "mine": Count("pk", filter=Q(stage__in=OWNED.values("pk"))),
}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    sections = []
    for desks, template, load in SECTIONS:
        if mine := [m for m in request.memberships if m.role in desks]:
            sections.append({"template": template, **load(request, mine, now)})
    context = {
        "sections": sections,
        "waiting": heaps(request.memberships, now),
        "now": now,
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
        "has_desk": bool(request.memberships),
    }
    return render(request, "home/home.html", context)


def worklist(request: HttpRequest, mine: list[Membership]) -> TicketQuerySet:
    """Return the tickets of the clients at which these desks stand, ready for a list."""
    rows = Ticket.objects.visible_to(request.memberships).for_worklist()
    clients = {m.tenant_id for m in mine}
    return rows.filter(tenant_id__in=clients).select_related("stage__decision")


def queue(request: HttpRequest, mine: list[Membership], now: datetime) -> dict[str, Any]:
    """The open tickets of all clients by time to breach, with the counts above them."""

    def rows() -> TicketQuerySet:
        return Ticket.objects.visible_to(request.memberships).open().at(mine)

    whole = {m.tenant_id for m in mine} == active_tenants()
    words = "queue" if whole and not own_only(request.memberships) else None
    told = {"desks": [m.pk for m in mine], "now": now, "soon": now + SOON}
    (counts,) = LISTS.all(words, lambda: counted(rows(), **COUNTS), **told)
    return {
        "tickets": kept_rows(words, lambda: rows().by_deadline()[:QUEUE]),
        "counts": dict(zip(COUNTS, counts, strict=True)),
        "shown": QUEUE,
    }


def my_requests(request: HttpRequest, mine: list[Membership], now: datetime) -> dict[str, Any]:
    own = worklist(request, mine).filter(requester__in=[m.pk for m in mine])
    done = own.exclude(status__in=[Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD])
    recent = done.order_by("-received_at", "-pk")
    return {"tickets": list(own.open()[:REQUESTS]), "done": list(recent[:SHORT])}


def decisions(request: HttpRequest, mine: list[Membership], now: datetime) -> dict[str, Any]:
    """What an account manager decides, and how the month stands with each contract."""
    rows = worklist(request, mine)
    no_clause = rows.filter(
        stage__decision__outcome=Outcome.UNDECIDED, stage__decision__pending=False
    )
    rows = rows.open()
    clients = {m.tenant_id for m in mine}
    to_close = Period.objects.filter(
        tenant_id__in=clients, state=PeriodState.OPEN, closes_at__lte=now
    )
    return {
        "to_rule": list(no_clause.exclude(status=Status.CANCELLED)[:SHORT]),
        "disputes": list(disputes(clients)[:SHORT]),
        "estimates": list(estimates(clients, TO_APPROVE)[:SHORT]),
        "reminders": list(ContractReminder.objects.due_for(mine)[:SHORT]),
        "undecided": list(rows.filter(stage__decision__pending=True)[:SHORT]),
        "outside": list(rows.filter(stage__decision__outcome__in=OUT_OF_SCOPE)[:SHORT]),
        "pools": pools(clients, now),
        "to_close": list(to_close.select_related("contract__tenant").order_by("month")[:SHORT]),
        "reports": latest_reports(clients),
    }


def service(request: HttpRequest, mine: list[Membership], now: datetime) -> dict[str, Any]:
    """What a service owner watches: work outside the scope, reports, promises kept this month."""
    clients = {m.tenant_id for m in mine}
    rows = worklist(request, mine).filter(stage__decision__outcome__in=OUT_OF_SCOPE)
    begins = first_of_month(now, mine[0].tenant.timezone)
    return {
        "disputes": list(disputes(clients).exclude(ruled_at=None)[:SHORT]),
        "estimates": list(estimates(clients, TO_ACCEPT)[:SHORT]),
        "outside": list(rows.open()[:SHORT]),
        "reports": latest_reports(clients),
        "promises": promises(clients, begins),
        "running": running(clients, now),
        "month": begins.date(),
    }


def disputes(clients: set[int]) -> QuerySet[Dispute]:
    """Return the open disputes: those without a ruling first, the oldest first."""
    rows = Dispute.objects.open().filter(tenant_id__in=clients)
    rows = rows.select_related("ticket__tenant", "decision", "ruling")
    return rows.order_by(F("ruled_at").asc(nulls_first=True), "opened_at")


def estimates(clients: set[int], statuses: Iterable[str]) -> QuerySet[Estimate]:
    """Return the estimates that wait for a decision of this desk, the longest waiting first."""
    rows = Estimate.objects.filter(tenant_id__in=clients, status__in=statuses)
    return rows.select_related("ticket__tenant", "revision").order_by("expires_at", "pk")


def first_of_month(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def promises(clients: set[int], begins: datetime) -> list[dict[str, Any]]:
    """Count what was met and missed since `begins`, one row a kind of clock."""
    rows = Obligation.objects.filter(tenant_id__in=clients, decided_at__gte=begins).exclude(
        within=""
    )
    counted = rows.values("kind").annotate(
        met=Count("pk", filter=Q(state=ClockState.MET)),
        missed=Count("pk", filter=Q(state=ClockState.MISSED)),
    )
    return list(counted.order_by("kind"))


def running(clients: set[int], now: datetime) -> list[dict[str, Any]]:
    """Return the contracts in force, each with its month that runs; their figures come by themselves."""
    rows = Contract.objects.active().filter(tenant_id__in=clients).order_by("number")
    return [{"contract": row, "month": months.first_of_month(row.local_date(now))} for row in rows]


def latest_reports(clients: set[int]) -> QuerySet[MonthlyReport]:
    rows = MonthlyReport.objects.filter(tenant_id__in=clients).select_related("contract__tenant")
    return rows.defer("facts").order_by("-month", "-revision", "-pk")[:REPORTS]


Load = Callable[[HttpRequest, list[Membership], datetime], dict[str, Any]]
SECTIONS: tuple[tuple[set[str], str, Load], ...] = (
    (AGENTS, "home/_queue.html", queue),
    ({Role.ACCOUNT_MANAGER}, "home/_account_manager.html", decisions),
    ({Role.SERVICE_OWNER}, "home/_service_owner.html", service),
    ({Role.REQUESTER}, "home/_requests.html", my_requests),
)

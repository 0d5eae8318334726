"""Whose working time is written down, and whose is not: read for a person and for who leads them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from contracts.domain.calendar_days import Window, merged
from contracts.domain.terms import ALWAYS
from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from tenants.errors import Invalid
from tenants.models import Membership, User
from tenants.roles import VENDOR
from tickets.domain.lifecycle import LEADS
from tickets.domain.unaccounted import (
    Calendar,
    WorkingDay,
    midnight,
    unaccounted,
    without,
    working_time,
)
from tickets.models import Absence, TimeEntry, Timer
from tickets.services.timers import is_forgotten

MOST_DAYS = 31
FIRST_YEAR, LAST_YEAR = 2000, 2098


@dataclass(frozen=True)
class Worker:
    """A person of the vendor and their desks at the clients that the reader works for."""

    user: User
    seats: tuple[Membership, ...]

    @property
    def public_id(self) -> str:
        return self.seats[0].public_id

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.user.timezone)

    @property
    def tenants(self) -> set[int]:
        return {seat.tenant_id for seat in self.seats}


@dataclass(frozen=True)
class WorkerDay:
    worker: Worker
    day: WorkingDay


def workers_for(memberships: Sequence[Membership]) -> list[Worker]:
    """
    Return the person themself, then whom they lead, by name; nobody to a client's people.

    A lead sees the vendor's people of the clients that they lead.
    """
    mine = [m for m in memberships if m.is_vendor]
    led = {m.tenant_id for m in mine if m.role in LEADS}
    rows = Membership.objects.active().filter(role__in=VENDOR, user__is_active=True)
    rows = rows.filter(tenant_id__in={m.tenant_id for m in mine})
    seats: dict[int, list[Membership]] = defaultdict(list)
    for seat in rows.select_related("user", "tenant").order_by("user__name", "user_id", "pk"):
        seats[seat.user_id].append(seat)
    me = mine[0].user_id if mine else None
    found = [
        Worker(own[0].user, tuple(own))
        for user_id, own in seats.items()
        if user_id == me or any(seat.tenant_id in led for seat in own)
    ]
    return sorted(found, key=lambda worker: worker.user.pk != me)


def days_of(
    workers: Sequence[Worker], first: date, last: date, now: datetime
) -> Iterator[WorkerDay]:
    """
    Yield the working days from `first` to `last`, each in its person's zone, up to `now`.

    Covered is what stands in time entries at the clients on screen, and what a running timer
    measures. Who is away does not work. Runs of routines take no time of their own: what they took
    is in the entries.
    """
    begins = {w.user.pk: midnight(first, w.zone) for w in workers}
    ends = {w.user.pk: min(midnight(last + timedelta(days=1), w.zone), now) for w in workers}
    if not workers or min(begins.values()) >= max(ends.values()):
        return
    span = (min(begins.values()), max(ends.values()))
    calendars = calendars_of(workers, span)
    covered, away = covered_by(workers, span, now), absences_of(workers, span)
    for worker in workers:
        user = worker.user.pk
        theirs = [
            clipped
            for tenant in worker.tenants
            for calendar in calendars.get(tenant, ())
            if (clipped := clip(calendar, begins[user], ends[user])) is not None
        ]
        absent = list(merged(sorted(away[user])))
        working = without(working_time(worker.zone, theirs), absent)
        for day in unaccounted(worker.zone, working, covered[user]):
            yield WorkerDay(worker, day)


def check_days(first: date, last: date) -> None:
    """:raises Invalid: if the days, both included, are none, too many, or of another age."""
    for name, day in (("since", first), ("until", last)):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            years = {"first": FIRST_YEAR, "last": LAST_YEAR}
            raise Invalid(_("Choose a day of the years %(first)s to %(last)s.") % years, field=name)
    if last < first:
        raise Invalid(_("The last day is before the first."), field="until")
    if last - first >= timedelta(days=MOST_DAYS):
        raise Invalid(_("At most %d days at once.") % MOST_DAYS, field="until")


def clip(calendar: Calendar, begins: datetime, ends: datetime) -> Calendar | None:
    starts_at, ends_at = max(calendar.starts_at, begins), min(calendar.ends_at, ends)
    if starts_at >= ends_at:
        return None
    return calendar._replace(starts_at=starts_at, ends_at=ends_at)


def calendars_of(workers: Sequence[Worker], span: Window) -> dict[int, list[Calendar]]:
    """Return by client the calendars of its contracts, each version while it was in force."""
    tenants = {tenant for worker in workers for tenant in worker.tenants}
    contracts = {c.pk: c for c in Contract.objects.filter(tenant_id__in=tenants)}
    rows = ContractVersion.objects.filter(contract_id__in=contracts).exclude(activated_at=None)
    versions = rows.order_by("contract_id", "-effective_on")
    found: dict[int, list[Calendar]] = defaultdict(list)
    until: dict[int, date | None] = {pk: c.ends_on for pk, c in contracts.items()}
    for version in versions:
        contract = contracts[version.contract_id]
        ended_on, until[contract.pk] = until[contract.pk], version.effective_on
        starts_at = max(midnight(version.effective_on, contract.zone), span[0])
        ends_at = min(midnight(ended_on, contract.zone), span[1]) if ended_on else span[1]
        if starts_at < ends_at:
            rules = rules_of(version)
            usual = rules.terms.time.hours or ALWAYS
            found[contract.tenant_id].append(Calendar(rules.hours, usual, starts_at, ends_at))
    return found


def covered_by(workers: Sequence[Worker], span: Window, now: datetime) -> dict[int, list[Window]]:
    """Return what is written down or measured right now, by the user's id."""
    theirs = {"person__user_id__in": [worker.user.pk for worker in workers]}
    entries = TimeEntry.objects.standing().filter(
        **theirs, starts_at__lt=span[1], ends_at__gt=span[0]
    )
    found = by_user(entries.values_list("person__user_id", "starts_at", "ends_at"))
    for timer in Timer.objects.filter(**theirs, stopped_at=None).select_related("person"):
        if not is_forgotten(timer, now):
            found[timer.person.user_id].append((timer.started_at, now))
    return found


def absences_of(workers: Sequence[Worker], span: Window) -> dict[int, list[Window]]:
    rows = Absence.objects.filter(
        member__user_id__in=[worker.user.pk for worker in workers],
        starts_at__lt=span[1],
        ends_at__gt=span[0],
    )
    return by_user(rows.values_list("member__user_id", "starts_at", "ends_at"))


def by_user(rows: Iterable[tuple[int, datetime, datetime]]) -> dict[int, list[Window]]:
    found: dict[int, list[Window]] = defaultdict(list)
    for user_id, starts_at, ends_at in rows:
        found[user_id].append((starts_at, ends_at))
    return found

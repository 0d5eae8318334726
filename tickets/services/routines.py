"""Routine tasks: planned ahead from their rhythm, done with evidence, missed when nobody did them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from contracts.domain.service_hours import ServiceHours
from contracts.models import Contract, ContractStatus, ContractVersion
from contracts.rules import rules_of
from contracts.services import version_in_force
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Job, Membership
from tenants.services import audit, jobs
from tickets.domain.lifecycle import AGENTS, LEADS
from tickets.domain.routine import Evidence, IsOpen, due_days, missing, window
from tickets.models import RoutineProof, RoutineRun, RoutineTask
from tickets.services.attachments import StoredFile

AHEAD = timedelta(days=14)
EVERY = timedelta(minutes=10)
MOST_LINES = 30
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a routine task is, apart from whose; `checklist` lines are text and evidence."""

    kind: str
    title: str
    system: str
    every: str
    closed_day: str
    opens: time
    closes: time
    weekdays: Sequence[int] = ()
    of_month: int = 1
    runbook: str = ""
    checklist: Sequence[Mapping[str, str]] = ()

    def values(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.__slots__}
        return own | {"weekdays": sorted(self.weekdays), "checklist": list(self.checklist)}


@transaction.atomic
def create_routine(
    *, contract: Contract, actor: Membership, plan: Plan, starts_on: date, now: datetime
) -> RoutineTask:
    """
    Agree a routine task from a day on, in the contract's zone, and plan its first runs.

    :raises NotPermitted: to anybody but a bridge SE or an account manager of the client.
    :raises Invalid: if its system is none of the contract's, or the plan makes no sense.
    """
    check_lead(contract.tenant_id, actor)
    version = check_plan(contract, plan, now)
    if starts_on < contract.local_date(now):
        raise Invalid(_("A routine starts today or later."), field="starts_on")
    task = RoutineTask.objects.create(
        tenant_id=contract.tenant_id,
        contract=contract,
        starts_on=starts_on,
        by=actor,
        **plan.values(),
    )
    audit.record(actor=actor, verb="routine.created", subject=task, at=now, **said(plan))
    plan_runs(task, version, now)
    return task


@transaction.atomic
def change_routine(
    *, task: RoutineTask, actor: Membership, plan: Plan, now: datetime
) -> RoutineTask:
    """
    Change a routine from its next run on: what is due by now stays as it was planned.

    :raises NotPermitted: to anybody but a bridge SE or an account manager of the client.
    :raises Refused: if the routine has ended.
    """
    check_lead(task.tenant_id, actor)
    task = RoutineTask.objects.select_for_update().select_related("contract").get(pk=task.pk)
    if task.ended_on is not None:
        raise Refused(_("This routine has ended."))
    version = check_plan(task.contract, plan, now)
    for name, value in plan.values().items():
        setattr(task, name, value)
    task.save()
    task.runs.waiting().filter(opens_at__gt=now).delete()
    audit.record(actor=actor, verb="routine.changed", subject=task, at=now, **said(plan))
    plan_runs(task, version, now)
    return task


@transaction.atomic
def end_routine(*, task: RoutineTask, actor: Membership, reason: str, now: datetime) -> None:
    """
    End a routine: the runs that have not begun are taken back, what is due stays due.

    :raises NotPermitted: to anybody but a bridge SE or an account manager of the client.
    :raises Invalid: without a reason.
    """
    check_lead(task.tenant_id, actor)
    if not reason.strip():
        raise Invalid(_("Reason: say why."), field="reason")
    task = RoutineTask.objects.select_for_update().select_related("contract").get(pk=task.pk)
    if task.ended_on is not None:
        raise Refused(_("This routine has ended."))
    task.ended_on = task.contract.local_date(now) + DAY
    task.save(update_fields=["ended_on"])
    task.runs.waiting().filter(opens_at__gt=now).delete()
    audit.record(actor=actor, verb="routine.ended", subject=task, at=now, reason=reason)


@dataclass(frozen=True, slots=True)
class Answers:
    """How a run was done: the places of the lines ticked, and what proves them."""

    ticked: set[int]
    values: Mapping[int, str] = field(default_factory=dict)
    files: Mapping[int, StoredFile] = field(default_factory=dict)


@transaction.atomic
def complete_run(
    *, run: RoutineRun, actor: Membership, answers: Answers, now: datetime, note: str = ""
) -> RoutineRun:
    """
    Record that a run was done, by whom, and its evidence; late is better than never, and stays late.

    :raises NotPermitted: to anybody outside the vendor's team of the client.
    :raises Refused: if it was done already, or may not be done yet.
    :raises Invalid: if a line of the checklist is not ticked or not proved.
    """
    doer(run, actor)
    run = RoutineRun.objects.select_for_update(of=["self"]).select_related("task").get(pk=run.pk)
    if run.done_at is not None:
        raise Refused(_("This run is done already."))
    if now < run.opens_at:
        raise Refused(_("This run may not be done before its time."))
    check_answers(run.task, answers)
    run.done_at, run.done_by, run.note = now, actor, note
    if now >= run.closes_at:
        run.missed_at = run.closes_at
    run.answers = [
        {"text": check.text, "evidence": check.evidence, "value": answers.values.get(place, "")}
        for place, check in enumerate(run.task.checks)
    ]
    run.save()
    for place, file in answers.files.items():
        RoutineProof.objects.create(
            tenant_id=run.tenant_id, run=run, line=place, at=now,
            name=file.name, key=file.key, size=file.size, sha256=file.sha256,
        )  # fmt: skip
    audit.record(
        actor=actor, verb="routine_run.completed", subject=run, at=now,
        due_on=run.due_on.isoformat(), late=run.missed_at is not None,
    )  # fmt: skip
    return run


def doer(run: RoutineRun, actor: Membership) -> Membership:
    """:raises NotPermitted: unless `actor` is of the vendor's team of the run's client."""
    if actor.tenant_id != run.tenant_id or actor.role not in AGENTS:
        raise NotPermitted(_("Only the vendor's team of this client does routine tasks."))
    return actor


def check_answers(task: RoutineTask, answers: Answers) -> None:
    checks = task.checks
    lines = {*answers.ticked, *answers.values, *answers.files}
    if lines and max(lines) >= len(checks):
        raise Invalid(_("The checklist has no such line."), field="lines")
    given = {place for place, value in answers.values.items() if value.strip()}
    if lacking := missing(checks, answers.ticked, given | set(answers.files)):
        names = ", ".join(checks[place].text for place in lacking)
        raise Invalid(_("Tick and prove every line first: %(lines)s.") % {"lines": names})
    for place, value in answers.values.items():
        if checks[place].evidence is Evidence.NUMBER and not is_number(value):
            raise Invalid(
                _("%(line)s: write a number, for example 12.5.") % {"line": checks[place].text}
            )


def is_number(text: str) -> bool:
    digits = text.strip().removeprefix("-")
    return digits.replace(".", "", 1).isdecimal() and digits.isascii() and len(digits) <= 20


def check_lead(tenant_id: int, actor: Membership) -> None:
    if actor.tenant_id != tenant_id or actor.role not in LEADS:
        raise NotPermitted(_("Only a bridge SE or an account manager agrees routine tasks."))


def check_plan(contract: Contract, plan: Plan, now: datetime) -> ContractVersion:
    """Return the version in force, which the plan fits."""
    version = version_in_force(contract, contract.local_date(now))
    if contract.status != ContractStatus.ACTIVE or version is None:
        raise Refused(_("This contract is not in force."))
    if plan.system not in {system.key for system in rules_of(version).terms.systems}:
        raise Invalid(_("Choose a system of this contract."), field="system")
    if plan.every == "week" and not plan.weekdays:
        raise Invalid(_("Choose at least one day of the week."), field="weekdays")
    if len(plan.checklist) > MOST_LINES:
        message = _("A checklist has at most %(most)s lines.")
        raise Invalid(message % {"most": MOST_LINES}, field="checklist")
    return version


def said(plan: Plan) -> dict[str, Any]:
    """Return the plan as the audit keeps it."""
    told = {**plan.values(), "opens": plan.opens.isoformat(), "closes": plan.closes.isoformat()}
    return {"plan": told}


# --- the calendar ---


def plan_runs(task: RoutineTask, version: ContractVersion | None, now: datetime) -> int:
    """
    Write down the runs of the next two weeks that are not there yet; return how many.

    Closed days are those of `version`, the one in force; without one every day is open.
    """
    contract = task.contract
    today = contract.local_date(now)
    until = today + AHEAD
    for end in (task.ended_on, contract.ends_on):
        until = min(until, end) if end else until
    first = max(today, task.starts_on)
    known = set(task.runs.filter(due_on__gte=first).values_list("due_on", flat=True))
    rows = []
    for due_on in due_days(task.schedule, first, until, open_days(contract, version)):
        opens_at, closes_at = window(task.schedule, due_on, contract.zone)
        if due_on not in known and closes_at > now:
            rows.append(
                RoutineRun(
                    tenant_id=task.tenant_id,
                    task=task,
                    title=task.title,
                    kind=task.kind,
                    system=task.system,
                    due_on=due_on,
                    opens_at=opens_at,
                    closes_at=closes_at,
                )
            )
    RoutineRun.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def open_days(contract: Contract, version: ContractVersion | None) -> IsOpen:
    """Return whether the contract's service hours open on a day; without hours every day is open."""
    rules = rules_of(version) if version else None
    hours = rules.hours[rules.terms.time.hours] if rules and rules.terms.time.hours else None

    def is_open(on: date) -> bool:
        return hours is None or opens_on(hours, on, contract)

    return is_open


def opens_on(hours: ServiceHours, on: date, contract: Contract) -> bool:
    begins = datetime.combine(on, time(0), contract.zone)
    ends = datetime.combine(on + DAY, time(0), contract.zone)
    return any(opens >= begins for opens, _closes in hours.windows(begins, ends))


@jobs.handles("tickets.routines", every=EVERY)
def look_after(job: Job) -> None:
    """Plan ahead for one tenant, and record what nobody did."""
    now = timezone.now()
    sweep_runs(now)
    running = RoutineTask.objects.filter(ended_on=None, contract__status=ContractStatus.ACTIVE)
    tasks = running.select_related("contract").order_by("contract_id")
    for _contract_id, agreed in groupby(tasks, key=attrgetter("contract_id")):
        together = list(agreed)
        contract = together[0].contract
        version = version_in_force(contract, contract.local_date(now))
        for task in together:
            plan_runs(task, version, now)


def sweep_runs(now: datetime) -> int:
    """Record each run that was not done by its end, at that instant; return how many."""
    rows = RoutineRun.objects.overdue(now).filter(missed_at=None)
    found = list(rows.select_for_update(skip_locked=True, of=["self"])[:500])
    for run in found:
        run.missed_at = run.closes_at
        run.save(update_fields=["missed_at"])
        audit.record(
            actor=None, verb="routine_run.missed", subject=run, at=now,
            due_on=run.due_on.isoformat(), missed_at=run.closes_at.isoformat(),
        )  # fmt: skip
    return len(found)

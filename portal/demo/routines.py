"""Routine tasks in the demo: what comes back by itself, done on time, done late, and missed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction

from contracts.models import Contract
from contracts.services import version_in_force
from tenants.models import Membership
from tickets.domain.routine import Check, Evidence
from tickets.models import RoutineRun, RoutineTask
from tickets.services import routines
from tickets.services.routines import Answers, Plan

Say = Callable[[str], None]
BACK = timedelta(days=10)  # under the two weeks that are planned when a routine is agreed
SOON = timedelta(minutes=25)
LATE = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Agreed:
    """A plan, and which of its past runs, counted from the first, came late or not at all."""

    plan: Plan
    values: Mapping[str, str]
    late: frozenset[int] = frozenset()
    missed: frozenset[int] = frozenset()


def line(text: str, evidence: str = "none") -> dict[str, str]:
    return {"text": text, "evidence": evidence}


AGREED = {
    "HOSHINO": (
        Agreed(
            Plan(
                kind="backup", title="ECサイト データベースの日次バックアップ", system="ec-site",
                every="day", closed_day="keep", opens=time(2), closes=time(6),
                runbook="1. ジョブ backup-ec の終了を確認する\n2. 容量を前日と比べる\n"
                "3. 失敗したときは再実行し、ブリッジSEに連絡する",
                checklist=[line("ジョブが正常に終了した"), line("バックアップ容量(GB)", "number")],
            ),
            {"number": "42.7"}, late=frozenset({3}), missed=frozenset({6}),
        ),
        Agreed(
            Plan(
                kind="log_rotation", title="ログのローテーションと保管", system="core",
                every="week", weekdays=(0,), closed_day="after", opens=time(9), closes=time(18),
                runbook="古いログを圧縮し、保管先へ移す。",
                checklist=[line("保管先に移した", "text"), line("空き容量を確認した")],
            ),
            {"text": "archive/core へ移動、欠けなし"},
        ),
        Agreed(
            Plan(
                kind="accounts", title="アカウントの月次棚卸し", system="back-office",
                every="month", of_month=31, closed_day="before", opens=time(9), closes=time(18),
                runbook="退職者と異動者の一覧をお客様から受け取り、権限を照合する。",
                checklist=[line("照合した件数", "number"), line("不要な権限を止めた")],
            ),
            {"number": "128"},
        ),
    ),
    "LOTUS": (
        Agreed(
            Plan(
                kind="backup", title="Sao lưu cơ sở dữ liệu ERP hằng ngày", system="erp",
                every="day", closed_day="keep", opens=time(1), closes=time(5),
                runbook="Kiểm tra kết quả của tác vụ erp-backup và dung lượng bản sao lưu.",
                checklist=[line("Tác vụ kết thúc thành công"), line("Dung lượng (GB)", "number")],
            ),
            {"number": "18.3"}, late=frozenset({5}),
        ),
    ),
}  # fmt: skip


def seed(contract: Contract, now: datetime, say: Say) -> None:
    """Agree the routines that are missing, ten days back, and do what was due since."""
    made = sum(agree(contract, agreed, now) for agreed in AGREED.get(contract.tenant.code, ()))
    if made:
        say(f"{contract.tenant.code}: {made} routine tasks, done since ten days.")


@transaction.atomic
def agree(contract: Contract, agreed: Agreed, now: datetime) -> int:
    if RoutineTask.objects.filter(contract=contract, title=agreed.plan.title).exists():
        return 0
    then = now - BACK
    bridge = Membership.objects.get(role="bridge_se", source_key="", duty_order=1)
    task = routines.create_routine(
        contract=contract, actor=bridge, plan=agreed.plan,
        starts_on=contract.local_date(then), now=then,
    )  # fmt: skip
    for place, run in enumerate(task.runs.order_by("closes_at")):
        if place not in agreed.missed:
            do(run, agreed, now, late=place in agreed.late)
    routines.sweep_runs(now)
    routines.plan_runs(task, version_in_force(contract, contract.local_date(now)), now)
    return 1


def do(run: RoutineRun, agreed: Agreed, now: datetime, *, late: bool) -> None:
    """Do a run shortly after it opens, or hours after it ended; leave what is not over to come."""
    at = run.closes_at + LATE if late else run.opens_at + SOON
    if at > now or run.closes_at > now:
        return
    engineer = Membership.objects.get(role="operations_engineer", source_key="", duty_order=1)
    checks = run.task.checks
    routines.complete_run(
        run=run, actor=engineer, now=at,
        answers=Answers(ticked=set(range(len(checks))), values=proofs(checks, agreed.values)),
    )  # fmt: skip


def proofs(checks: list[Check], values: Mapping[str, str]) -> dict[int, str]:
    return {
        place: values[check.evidence.value]
        for place, check in enumerate(checks)
        if check.evidence is not Evidence.NONE
    }

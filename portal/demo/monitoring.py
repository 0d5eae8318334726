"""Monitoring in the demo: two sources and what they said in the last closed month, and say today."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from contracts.domain.months import bounds_of, next_month
from contracts.models import Contract
from tenants.models import Membership
from tickets import services
from tickets.domain.alert import Alert as Word
from tickets.models import AlertSource, Ticket
from tickets.services import alert_sources, alert_sweep, alerts
from tickets.services.alert_sources import SourcePlan

Say = Callable[[str], None]
MINUTE = timedelta(minutes=1)
A_MESSAGE = 8  # alerts of a group that come together


@dataclass(frozen=True, slots=True)
class Told:
    """
    One alert of a month: its day and time, how many minutes it lasts, on how many machines.

    `answered` says that a person took it on: for an outage, who ended it and how.
    """

    name: str
    summary: str
    severity: str
    day: int
    clock: tuple[int, int]
    lasts: int
    hosts: tuple[str, ...]
    answered: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A client's main source, what it said, and the maintenance of the month (day, reason)."""

    name: str
    system: str
    told: tuple[Told, ...]
    maintenance: tuple[int, str]
    now: Told


WEB = ("web-1", "web-2", "web-3")
STORM = tuple(f"node-{n:02}" for n in range(1, 41))

WATCHED = {
    "HOSHINO": Watched(
        "Prometheus 東京", "ec-site",
        (
            Told("HighLatency", "応答時間の95パーセンタイルが2秒を超過", "warning", 3, (10, 12), 19, WEB),
            Told("CheckoutErrors", "決済APIのエラー率が20%を超過", "critical", 9, (14, 5), 38, ("api-1",),
                 "決済APIのコンテナを再起動し、エラー率が平常に戻ったことを確認しました。"),
            Told("NodeDown", "ノードから応答がありません", "warning", 12, (3, 40), 14, STORM),
            Told("PodRestarting", "コンテナが再起動を繰り返しています", "warning", 18, (1, 20), 55, WEB),
            Told("DiskWillFill", "ログ領域が4時間以内に枯渇する見込み", "warning", 24, (11, 30), 95,
                 ("db-1",), "古いログを退避し、使用率が61%に下がりました。"),
        ),
        (18, "ECサイト ミドルウェアの定期更新"),
        Told("QueueLength", "受注キューの滞留が500件を超過", "warning", 0, (0, 0), 0, ("mq-1",)),
    ),
    "LOTUS": Watched(
        "Prometheus Hà Nội", "webshop",
        (
            Told("ShopDown", "Trang thanh toán không phản hồi", "critical", 15, (9, 20), 27, ("shop-1",),
                 "Đã khởi động lại dịch vụ thanh toán, khách đặt hàng lại được."),
            Told("HighCpu", "CPU trên 90 % trong 10 phút", "warning", 21, (16, 0), 12, ("shop-2",)),
            Told("PodRestarting", "Container khởi động lại liên tục", "warning", 26, (1, 30), 40, WEB),
        ),
        (26, "Nâng cấp cụm Kubernetes"),
        Told("CertExpiresSoon", "Chứng chỉ TLS hết hạn sau 12 ngày", "info", 0, (0, 0), 0, ("shop-1",)),
    ),
}  # fmt: skip
SILENT = {"HOSHINO": ("Zabbix データセンター", "pos", 20)}  # source, system, day of its silence


def seed(contract: Contract, now: datetime, say: Say) -> None:
    """Connect the sources that are missing, and let them tell their month."""
    code = contract.tenant.code
    if (watched := WATCHED.get(code)) is None:
        return
    with transaction.atomic():
        if AlertSource.objects.filter(name=watched.name).exists():
            return
        month = Month(contract, *bounds_of(next_month(contract.starts_on), contract.zone))
        source = month.connect(watched.name, "alertmanager", watched.system)
        month.maintain(watched.system, *watched.maintenance)
        for told in watched.told:
            month.tell(source, told)
        if code in SILENT:
            month.fall_silent(*SILENT[code], now)
        today(contract, source, watched.now, now)
    say(f"{code}: the month of its monitoring, {len(watched.told)} kinds of alerts.")


def person(role: str) -> Membership:
    return Membership.objects.get(role=role, source_key="", duty_order=1)


def words(told: Told, started_at: datetime, over_at: datetime | None = None) -> list[Word]:
    return [
        Word(
            fingerprint=f"{told.name}-{host}",
            name=told.name,
            firing=over_at is None,
            started_at=started_at,
            ended_at=over_at,
            severity=told.severity,
            summary=told.summary,
            labels={"alertname": told.name, "instance": host},
        )
        for host in told.hosts
    ]


@dataclass
class Month:
    contract: Contract
    starts_at: datetime
    ends_at: datetime

    def at(self, day: int, hour: int, minute: int = 0) -> datetime:
        return self.starts_at + timedelta(days=day - 1, hours=hour, minutes=minute)

    def connect(
        self, name: str, kind: str, system: str, silent_after: int | None = None
    ) -> AlertSource:
        plan = SourcePlan(name, system, "production", self.contract.timezone, silent_after)
        source, _secret = alert_sources.create_source(
            contract=self.contract, actor=person("bridge_se"), kind=kind, plan=plan,
            now=self.starts_at,
        )  # fmt: skip
        return source

    def maintain(self, system: str, day: int, reason: str) -> None:
        alert_sources.agree_window(
            contract=self.contract, actor=person("bridge_se"), system=system,
            environment="production", starts_at=self.at(day, 1), ends_at=self.at(day, 3),
            reason=reason, now=self.at(day - 3, 15),
        )  # fmt: skip

    def tell(self, source: AlertSource, told: Told) -> None:
        """Let an alert fire machine by machine, be answered or not, and be over."""
        began = self.at(told.day, *told.clock)
        over = began + told.lasts * MINUTE
        fired = words(told, began)
        for start in range(0, len(fired), A_MESSAGE):
            heard = began + (start // A_MESSAGE + 1) * MINUTE / 2
            alerts.take_in(source=source, alerts=fired[start : start + A_MESSAGE], now=heard)
        if told.answered:
            answer(source, told, began, over)
        alerts.take_in(source=source, alerts=words(told, began, over), now=over + MINUTE)
        alert_sweep.settle(over + 7 * MINUTE)

    def fall_silent(self, name: str, system: str, day: int, now: datetime) -> None:
        """Connect a source of heartbeats that fell silent for some of a night and came back."""
        source = self.connect(name, "zabbix", system, silent_after=30)
        alerts.take_in(source=source, alerts=[], now=self.at(day, 2, 10))
        alert_sweep.raise_silences(self.at(day, 2, 41))
        alerts.take_in(source=source, alerts=[], now=self.at(day, 3, 25))
        alert_sweep.settle(self.at(day, 3, 35))
        plan = SourcePlan(name, system, "production", self.contract.timezone, 24 * 60)
        alerts.take_in(source=source, alerts=[], now=now - 2 * MINUTE)
        alert_sources.change_source(
            source=source, actor=person("bridge_se"), plan=plan, now=now - MINUTE
        )


def answer(source: AlertSource, told: Told, began: datetime, over: datetime) -> None:
    """Let a person take the alert's ticket on, restore the service and resolve it."""
    ops = person("operations_engineer")
    ticket = Ticket.objects.filter(alerts__source=source, alerts__name=told.name).latest("pk")
    soon, language = began + 9 * MINUTE, source.contract.tenant.language
    services.start_work(ticket=ticket, actor=ops, now=soon)
    services.comment(ticket=ticket, actor=ops, body=told.summary, language=language, now=soon)
    services.restore_service(ticket=ticket, actor=ops, now=over, note=told.answered)
    services.log_time(
        ticket=ticket, actor=ops, starts_at=soon, ends_at=over + 10 * MINUTE,
        now=over + 10 * MINUTE, note=told.name,
    )  # fmt: skip
    services.resolve_ticket(
        ticket=ticket, actor=ops, resolution=told.answered, now=over + 20 * MINUTE,
        fix_reason="一過性の事象で、恒久対応は不要です。"
        if language == "ja"
        else "Sự cố nhất thời, không cần khắc phục vĩnh viễn.",
        no_release="-",
    )  # fmt: skip


def today(contract: Contract, source: AlertSource, told: Told, now: datetime) -> None:
    """Let one alert fire now, and maintenance that has begun hold another one back."""
    bridge, began = person("bridge_se"), now - 40 * MINUTE
    alert_sources.agree_window(
        contract=contract, actor=bridge, system=source.system, environment="",
        starts_at=now - 20 * MINUTE, ends_at=now + 100 * MINUTE,
        reason=WATCHED[contract.tenant.code].maintenance[1], now=now - 25 * MINUTE,
    )  # fmt: skip
    alerts.take_in(source=source, alerts=words(told, began), now=began + MINUTE)
    alerts.take_in(source=source, alerts=words(told, began), now=began + 6 * MINUTE)
    held = Told("TargetDown", told.summary, "warning", 0, (0, 0), 0, ("web-2",))
    alerts.take_in(source=source, alerts=words(held, now - 5 * MINUTE), now=now - 4 * MINUTE)

"""What maintenance delivered in the demo: releases of the last closed month, one outage to its end."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from contracts.domain.months import bounds_of, next_month
from contracts.domain.scope import Facts
from contracts.models import Contract
from reports.services import incidents
from tenants.models import Membership
from tickets import services
from tickets.models import Release, Ticket

SOURCE = "demo"
Say = Callable[[str], None]

# client: system, kind, name, day and hour of the closed month, summary, documents
RELEASES = {
    "HOSHINO": [
        ("pos", "patch", "POS 4.8.3", 5, 22, "レシート再発行時の二重計上を修正", ["POS基本設計書 3.2版"]),
        ("ec-site", "version", "EC 2026.10", 14, 2, "商品検索の応答を改善",
         ["EC基本設計書 5.0版", "検索IF仕様書 1.4版"]),
    ],
    "MINATO": [
        ("wms", "patch", "WMS 7.2.1", 9, 23, "ロケーション移動の排他制御を修正", ["WMS詳細設計書 2.7版"]),
    ],
    "LOTUS": [
        ("erp", "version", "ERP 3.4", 17, 21, "Mẫu hóa đơn điện tử mới",
         ["Thiết kế ERP 3.4", "Đặc tả hóa đơn 1.2"]),
    ],
}  # fmt: skip

# client: title, system, what restored it, evidence, release, its documents, the report's words
OUTAGES = {
    "HOSHINO": (
        "決済画面で注文が完了できない", "ec-site",
        "決済ゲートウェイへの接続プールを再起動し、注文の完了を確認しました。",
        {
            "symptom": "接続プールが枯渇し、決済の応答が返らない。",
            "workaround": "接続プールの再起動。",
            "logs": "payment.log 13:02-13:44, pool exhausted (64/64)",
            "impact": "42分間、EC本番で注文が完了できなかった。",
        },
        "EC 2026.11.1", ["決済IF仕様書 2.1版"],
        {
            "root_cause": "タイムアウトした接続がプールに返却されない不具合。"
            "9月の決済ライブラリ更新で混入し、負荷試験の対象外だった。",
            "permanent_fix": "EC 2026.11.1 で例外時にも接続を返却するよう修正。",
            "prevention": "プール使用率80%で監視アラートを追加。"
            "決済ライブラリ更新時の負荷試験を標準手順に追加。",
        },
    ),
    "LOTUS": (
        "Cửa hàng trực tuyến không đặt được hàng", "webshop",
        "Đã khởi động lại dịch vụ giỏ hàng và xác nhận đặt hàng thành công.",
        {
            "symptom": "Dịch vụ giỏ hàng hết bộ nhớ sau khi nạp bảng giá mới.",
            "workaround": "Khởi động lại dịch vụ giỏ hàng.",
            "logs": "cart.log OutOfMemoryError",
            "impact": "Khách hàng không đặt được hàng trong 42 phút.",
        },
        "Webshop 1.9.2", ["Thiết kế giỏ hàng 1.9"],
        {
            "root_cause": "Bảng giá mới được giữ nguyên trong bộ nhớ của mỗi phiên.",
            "permanent_fix": "Webshop 1.9.2 dùng chung một bản bảng giá.",
            "prevention": "Thêm cảnh báo bộ nhớ ở mức 80 % và kiểm thử tải với bảng giá đầy đủ.",
        },
    ),
}  # fmt: skip


def seed(contract: Contract, now: datetime, say: Say) -> None:
    """Record the releases and tell the outage that are missing."""
    code = contract.tenant.code
    with transaction.atomic():
        known = set(Release.objects.filter(contract=contract).values_list("name", flat=True))
        rows = [row for row in RELEASES.get(code, ()) if row[2] not in known]
        for row in rows:
            record(contract, row)
        told = Ticket.objects.filter(source=SOURCE, source_key="outage-to-its-end").exists()
        if code in OUTAGES and not told:
            tell(contract, OUTAGES[code], now)
    if rows:
        say(f"{code}: {len(rows)} releases of the last closed month recorded.")


def person(role: str) -> Membership:
    return Membership.objects.get(role=role, source_key="", duty_order=1)


def record(contract: Contract, row: tuple) -> None:
    system, kind, name, day, hour, summary, documents = row
    month = next_month(contract.starts_on)
    starts_at, _ends_at = bounds_of(month, contract.zone)
    released_at = starts_at + timedelta(days=day - 1, hours=hour)
    services.record_release(
        contract=contract,
        actor=person("maintenance_engineer"),
        system=system,
        kind=kind,
        name=name,
        summary=summary,
        documents=documents,
        released_at=released_at,
        now=released_at + timedelta(minutes=40),
    )


def tell(contract: Contract, story: tuple, now: datetime) -> None:
    """Tell one P1 from its receipt through restoration, handoff and release to its report."""
    title, system, restored, evidence, name, documents, words = story
    at = now - timedelta(days=6, hours=3)
    desk, ops, dev = (
        person(role) for role in ("service_desk", "operations_engineer", "maintenance_engineer")
    )
    ticket = services.open_ticket(
        contract=contract,
        actor=person("requester"),
        requester=person("requester"),
        type="incident",
        title=title,
        system=system,
        environment="production",
        impact=1,
        urgency=1,
        received_at=at,
        now=at,
        facts=Facts(answers={0: True}),
        source=SOURCE,
        source_key="outage-to-its-end",
    )
    services.start_work(ticket=ticket, actor=desk, now=at + timedelta(minutes=4))
    services.comment(
        ticket=ticket,
        actor=desk,
        body=evidence["symptom"],
        language=contract.tenant.language,
        now=at + timedelta(minutes=6),
    )
    services.restore_service(
        ticket=ticket, actor=ops, now=at + timedelta(minutes=42), note=restored
    )
    offer = services.offer_handoff(
        ticket=ticket, actor=ops, evidence=evidence, now=at + timedelta(hours=1)
    )
    services.log_time(
        ticket=ticket,
        actor=ops,
        starts_at=at + timedelta(minutes=6),
        ends_at=at + timedelta(minutes=51),
        now=at + timedelta(hours=1),
        note="Restart, check of the orders",
    )
    services.accept_handoff(
        handoff=offer, actor=dev, activity="corrective", now=at + timedelta(hours=2)
    )
    fix(ticket, dev, name, documents, at)
    report(ticket, words, at)


def fix(ticket: Ticket, dev: Membership, name: str, documents: list[str], at: datetime) -> None:
    """Let maintenance deliver the release and resolve the ticket with it."""
    released_at = at + timedelta(days=2)
    services.log_time(
        ticket=ticket,
        actor=dev,
        starts_at=at + timedelta(hours=20),
        ends_at=at + timedelta(hours=26),
        now=at + timedelta(hours=26),
        note="Analysis and fix",
    )
    services.record_release_for(
        ticket=ticket,
        actor=dev,
        kind="patch",
        name=name,
        documents=documents,
        released_at=released_at,
        now=released_at + timedelta(minutes=20),
    )
    services.resolve_ticket(
        ticket=ticket,
        actor=dev,
        resolution=name,
        now=released_at + timedelta(minutes=30),
    )


def report(ticket: Ticket, words: dict[str, str], at: datetime) -> None:
    """Draft the incident report, let a person finish it, and issue it to the client."""
    began = at + timedelta(days=2, hours=2)
    bridge = person("bridge_se")
    first = incidents.draft_incident_report(ticket=ticket, actor=None, now=began)
    second = incidents.edit_incident_report(
        ticket=ticket,
        actor=bridge,
        sections=first.sections | words,
        seen=first.revision,
        now=began + timedelta(hours=1),
    )
    incidents.issue_incident_report(
        ticket=ticket, actor=bridge, seen=second.revision, now=began + timedelta(hours=2)
    )

"""Security findings in the demo: fixed in time, fixed too late, overdue, lived with, and new."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from contracts.domain.months import bounds_of, next_month
from contracts.models import Contract
from tenants.models import Membership
from tickets import services
from tickets.models import SecurityFinding

Say = Callable[[str], None]
LIVED_WITH = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Told:
    """A finding of a day of the last closed month; 0 is three days ago. What became of it, after days."""

    day: int
    source: str
    severity: str
    system: str
    title: str
    reference: str
    description: str
    then: str = ""  # fixed, accepted
    after: int = 0
    reason: str = ""


TOLD = {
    "HOSHINO": (
        Told(3, "advisory", "critical", "ec-site", "TLSライブラリに遠隔コード実行の脆弱性", "CVE-2026-31337",
             "ECサイトのフロント3台が該当するバージョンです。", "fixed", 1,
             "修正版を適用し、再スキャンで解消を確認しました。"),
        Told(5, "scan", "high", "core", "管理画面がTLS 1.0を受け付ける", "SCAN-0412",
             "古い在庫端末のために残されている設定です。"),
        Told(8, "test", "medium", "pos", "レジ端末の管理パスワードが店舗間で共通", "PT-2026-07",
             "端末の入れ替えまでは店舗別にできません。", "accepted", 4,
             "次の端末更新までは、店舗ネットワークの分離で補います。"),
        Told(0, "scan", "high", "ec-site", "画像処理ライブラリのバッファオーバーフロー", "CVE-2026-40812",
             "商品画像のアップロードから到達できます。"),
    ),
    "LOTUS": (
        Told(6, "review", "high", "erp", "Tài khoản của ba nhân viên đã nghỉ vẫn còn hoạt động", "AR-10",
             "Phát hiện khi rà soát quyền hằng quý.", "fixed", 5, "Đã khóa cả ba tài khoản."),
        Told(0, "advisory", "critical", "webshop", "Lỗ hổng trong thư viện xử lý JSON", "CVE-2026-40021",
             "Có thể bị khai thác từ trang thanh toán."),
    ),
}  # fmt: skip


def seed(contract: Contract, now: datetime, say: Say) -> None:
    """Write the findings down that are missing, and do with them what was done."""
    code = contract.tenant.code
    with transaction.atomic():
        known = set(SecurityFinding.objects.values_list("title", flat=True))
        missing = [told for told in TOLD.get(code, ()) if told.title not in known]
        for told in missing:
            tell(contract, told, now)
    if missing:
        say(f"{code}: {len(missing)} security findings.")


def tell(contract: Contract, told: Told, now: datetime) -> None:
    starts_at, _ends_at = bounds_of(next_month(contract.starts_on), contract.zone)
    at = starts_at + timedelta(days=told.day - 1, hours=10) if told.day else now - timedelta(days=3)
    engineer = person("operations_engineer")
    finding = services.record_finding(
        contract=contract, actor=engineer, system=told.system, source=told.source,
        severity=told.severity, title=told.title, description=told.description,
        reference=told.reference, now=at,
    )  # fmt: skip
    later = at + timedelta(days=told.after)
    if told.then == "fixed":
        services.end_finding(
            finding=finding, actor=engineer, fixed=True, reason=told.reason, now=later
        )
    elif told.then == "accepted":
        services.accept_risk(
            finding=finding, actor=person("service_owner"), reason=told.reason, now=later,
            expires_on=contract.local_date(later + LIVED_WITH),
        )  # fmt: skip


def person(role: str) -> Membership:
    return Membership.objects.get(role=role, source_key="", duty_order=1)

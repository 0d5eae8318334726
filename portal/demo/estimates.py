"""Extra work in the demo: estimates at every turn, and one that went all the way into last month."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from contracts.domain.months import bounds_of, next_month
from contracts.domain.scope import Facts
from contracts.models import Contract
from portal.demo.today import SOURCE
from tenants.models import Membership
from tickets import services
from tickets.models import Estimate, Ticket
from tickets.models.choices import Outcome

Say = Callable[[str], None]
IMPROVEMENT = Facts(
    answers={**dict.fromkeys(range(7), False), 7: True}, effort_minutes=4800
)  # the last question of the contract: anything else is an improvement


@dataclass(frozen=True, slots=True)
class Offered:
    """What is offered, and how far it came: `submitted`, `sent`, `at_work` or `delivered`."""

    ticket: str
    until: str
    lines: tuple[dict[str, Any], ...]
    content: dict[str, Any]


def work(text: str, tier: str, hours: int, place: str = "offshore") -> dict[str, Any]:
    return {"text": text, "tier": tier, "place": place, "minutes": hours * 60}


TODAY = {
    "HOSHINO": Offered(
        "redesign", "submitted",
        (work("検索画面の設計", "L3", 16, "onshore"), work("実装と単体テスト", "L3", 56),
         work("結合テストと移行", "L2", 12)),
        {"assumptions": "検索対象は公開中の商品のみとします。",
         "exclusions": "商品データの整備は含みません。", "language": "ja"},
    ),
    "LOTUS": Offered(
        "api", "sent",
        (work("Thiết kế và phát triển API", "L3", 40), work("Kiểm thử tích hợp", "L2", 16)),
        {"assumptions": "Đơn vị vận chuyển cung cấp môi trường thử nghiệm.", "language": "vi"},
    ),
}  # fmt: skip
POINTS = Offered(
    "points", "at_work",
    (work("ポイント付与ルールの変更", "L3", 30), work("回帰テスト", "L2", 10)),
    {"pricing": "time_and_material", "assumptions": "付与率は三段階までとします。",
     "exclusions": "過去分の再計算は含みません。", "language": "ja"},
)  # fmt: skip
GIFT = Offered(
    "gift", "delivered",
    (work("ギフト包装の選択画面", "L3", 20), work("テストと手順書", "L2", 8)),
    {"exclusions": "包装資材の手配は含みません。", "language": "ja"},
)  # fmt: skip


def seed(contract: Contract, now: datetime, say: Say) -> None:
    """Write the estimates that are missing; the one of last month before that month is closed."""
    made = 0
    if offered := TODAY.get(contract.tenant.code):
        made += give(contract, offered, now)
    if contract.tenant.code == "HOSHINO":
        made += begin(contract, POINTS, "ポイント付与ルールの変更", now - timedelta(days=9), now)
        month = next_month(contract.starts_on)
        opens_at, _ends_at = bounds_of(date(month.year, month.month, 1), contract.zone)
        received_at = opens_at + timedelta(days=4, hours=10)
        made += begin(contract, GIFT, "ギフト包装の選択", received_at, now)
    if made:
        say(f"{contract.tenant.code}: {made} estimates for extra work.")


@transaction.atomic
def give(contract: Contract, offered: Offered, now: datetime) -> int:
    """Estimate a request of the last days where its verdict asks for that."""
    ticket = Ticket.objects.filter(source=SOURCE, source_key=offered.ticket).first()
    if ticket is None or Estimate.objects.filter(ticket=ticket).exists():
        return 0
    if ticket.stage.decision.outcome != Outcome.ESTIMATE:
        return 0
    tell(ticket, offered, ticket.received_at + timedelta(hours=2))
    return 1


@transaction.atomic
def begin(contract: Contract, offered: Offered, title: str, at: datetime, now: datetime) -> int:
    """Open a request at an instant and let its estimate go its way."""
    if Ticket.objects.filter(source=SOURCE, source_key=offered.ticket).exists():
        return 0
    requester = desk("requester")
    ticket = services.open_ticket(
        contract=contract,
        actor=requester,
        requester=requester,
        type="change_request",
        title=title,
        system="ec-site",
        environment="production",
        impact=3,
        urgency=2,
        received_at=at,
        now=at,
        facts=IMPROVEMENT,
        source=SOURCE,
        source_key=offered.ticket,
    )
    tell(ticket, offered, at + timedelta(hours=2))
    return 1


def desk(role: str) -> Membership:
    return Membership.objects.get(role=role, source_key="", duty_order=1)


def tell(ticket: Ticket, offered: Offered, at: datetime) -> None:
    """Draft at an instant, submit, approve, send, accept, work and deliver, as far as it came."""
    developer = desk("maintenance_engineer")
    estimate = services.draft_estimate(
        ticket=ticket, actor=developer, now=at, lines=offered.lines, **offered.content
    )
    at += timedelta(minutes=30)
    estimate = services.submit_estimate(estimate=estimate, actor=developer, now=at)
    if offered.until == "submitted":
        return
    seen = {"revision": 1, "amount": estimate.amount}
    at += timedelta(hours=1)
    manager, bridge, owner = desk("account_manager"), desk("bridge_se"), desk("service_owner")
    estimate = services.approve_estimate(estimate=estimate, actor=manager, now=at, **seen)
    estimate = services.send_estimate(estimate=estimate, actor=bridge, now=at)
    if offered.until == "sent":
        return
    at += timedelta(hours=20)
    estimate = services.accept_estimate(estimate=estimate, actor=owner, now=at, **seen)
    at = worked(ticket, developer, at + timedelta(hours=3))
    if offered.until == "delivered":
        services.record_release_for(
            ticket=ticket, actor=developer, now=at, kind="version", name="2.8.0", released_at=at
        )
        estimate = services.deliver_estimate(
            estimate=estimate, actor=developer, now=at, note="本番に反映しました。"
        )
        at += timedelta(hours=24)
        services.accept_delivery(estimate=estimate, actor=owner, now=at)
        services.resolve_ticket(
            ticket=ticket, actor=developer, resolution="本番に反映しました。", now=at
        )


def worked(ticket: Ticket, developer: Membership, at: datetime) -> datetime:
    """Log five days of work, seven hours each; return the end of the last."""
    services.start_work(ticket=ticket, actor=developer, now=at)
    for day in range(5):
        starts_at = at + timedelta(days=day)
        ends_at = starts_at + timedelta(hours=7)
        services.log_time(
            ticket=ticket,
            actor=developer,
            starts_at=starts_at,
            ends_at=ends_at,
            now=ends_at,
            place="offshore",
            note="実装",
        )
    return ends_at

"""A few requests of the last days, made by hand so that every verdict and every inbox has one."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from contracts.domain.scope import Facts
from contracts.models import Contract
from tenants.models import Membership
from tickets import services
from tickets.models import Ticket

SOURCE = "demo"
Say = Callable[[str], None]

# client, key, hours ago, type, title, system, environment, impact, urgency, facts, what happened
STORIES = {
    "HOSHINO": [
        ("outage", 3, "incident", "カート画面が開けません", "ec-site", "production", 1, 1,
         Facts(answers={0: True}), "working"),
        ("coupon", 30, "change_request", "クーポン一括登録の改善", "ec-site", "production", 3, 2,
         Facts(answers={0: False, 1: False, 2: False, 3: False, 4: False, 5: False, 6: False,
                        7: True}, effort_minutes=180), ""),
        ("redesign", 52, "change_request", "商品検索の全面リニューアル", "ec-site", "production", 2, 3,
         Facts(answers={0: False, 1: False, 2: False, 3: False, 4: False, 5: False, 6: False,
                        7: True}, effort_minutes=4800), ""),
        ("printer", 20, "service_request", "本社プリンタの交換依頼", "back-office", "production", 3, 3,
         Facts(answers={0: False, 1: False, 2: False, 3: False, 4: False, 5: True}), ""),
        ("cve", 44, "service_request", "TLSライブラリの脆弱性対応", "ec-site", "production", 2, 2,
         Facts(answers={0: False, 1: True}), "working"),
        ("question", 5, "service_request", "在庫数の見え方についての質問", "core", "production", 3, 3,
         Facts(), ""),
    ],
    "MINATO": [
        ("label", 6, "incident", "出荷ラベルが印刷できない", "wms", "production", 2, 1,
         Facts(answers={0: True}), "handoff"),
        ("law", 70, "change_request", "改正物流効率化法への帳票対応", "tms", "production", 2, 3,
         Facts(activity="adaptive"), "disputed"),
        ("report", 26, "service_request", "在庫レポートの見方を教えてください", "wms", "production", 3,
         3, Facts(activity="service_desk"), "waiting"),
    ],
    "LOTUS": [
        ("disk", 28, "service_request", "Kiểm tra dung lượng đĩa trên staging", "erp", "staging", 3,
         2, Facts(activity="preventive"), ""),
        ("invoice", 8, "incident", "Hóa đơn điện tử bị lỗi định dạng", "erp", "production", 2, 2,
         Facts(answers={0: True}), "working"),
        ("api", 80, "change_request", "Tích hợp API của đơn vị vận chuyển mới", "webshop",
         "production", 2, 2, Facts(activity="adaptive"), ""),
    ],
}  # fmt: skip


def seed(contract: Contract, now: datetime, say: Say) -> None:
    """Open the requests that are missing and let something happen to some of them."""
    stories = STORIES[contract.tenant.code]
    with transaction.atomic():
        known = set(Ticket.objects.filter(source=SOURCE).values_list("source_key", flat=True))
    made = [tell(contract, story, now) for story in stories if story[0] not in known]
    if made:
        say(f"{contract.tenant.code}: {len(made)} requests of the last days opened.")


@transaction.atomic
def tell(contract: Contract, story: tuple, now: datetime) -> None:
    key, hours, kind, title, system, environment, impact, urgency, facts, then = story
    requester = Membership.objects.get(role="requester", source_key="", duty_order=1)
    desk = Membership.objects.get(role="service_desk", source_key="", duty_order=1)
    ops = Membership.objects.get(role="operations_engineer", source_key="", duty_order=1)
    at = now - timedelta(hours=hours)
    ticket = services.open_ticket(
        contract=contract,
        actor=requester,
        requester=requester,
        type=kind,
        title=title,
        system=system,
        environment=environment,
        impact=impact,
        urgency=urgency,
        received_at=at,
        now=at,
        facts=facts,
        source=SOURCE,
        source_key=key,
    )
    if then == "disputed":
        services.open_dispute(
            ticket=ticket,
            actor=requester,
            reason="法改正への対応は、保守の範囲に含まれると理解しています。",
            now=at + timedelta(hours=20),
        )
        return
    if not then:
        return
    soon = at + timedelta(minutes=9)
    services.start_work(ticket=ticket, actor=desk, now=soon)
    services.comment(
        ticket=ticket,
        actor=desk,
        body="ご連絡ありがとうございます。調査を開始しました。"
        if contract.tenant.language == "ja"
        else "Cảm ơn anh/chị. Chúng tôi đã bắt đầu kiểm tra.",
        language=contract.tenant.language,
        now=soon,
    )
    later = soon + timedelta(minutes=40)
    services.assign(
        ticket=ticket, actor=desk, owner=ops, now=later, team="Operations", reason="L2 analysis"
    )
    services.log_time(
        ticket=ticket,
        actor=desk,
        starts_at=soon,
        ends_at=later,
        now=later,
        note="Triage",
        triage=True,
    )
    if then == "waiting":
        services.pause_ticket(
            ticket=ticket,
            actor=ops,
            cause="client_information",
            now=later,
            reason="Which warehouse do you look at?",
        )
    if then == "handoff":
        services.restore_service(
            ticket=ticket, actor=ops, now=later, note="Print spooler restarted; labels print again."
        )
        services.offer_handoff(
            ticket=ticket,
            actor=ops,
            now=later,
            evidence={
                "symptom": "Label printing hangs when a carrier name holds a half-width kana.",
                "workaround": "Restart the print spooler.",
                "logs": "spooler.log 06:12-06:31, error 0x3E6",
                "impact": "No labels for 40 minutes; 120 parcels late.",
            },
        )

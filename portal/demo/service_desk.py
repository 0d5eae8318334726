"""The service desk in the demo: the FAQ, who is on call, letters that came in, and known faults."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from email.message import EmailMessage

from django.db import transaction
from django.db.models import Count

from contracts.models import Contract
from tenants.models import Membership
from tickets.domain.mailbox import MailboxPlan, MailSecrets
from tickets.models import FaqEntry, Mailbox, Pattern, Roster
from tickets.services import faq, letters, mailboxes, problems, recurrence, rosters
from tickets.services.faq import Text
from tickets.services.rosters import RosterPlan

Say = Callable[[str], None]
A_DAY = timedelta(days=1)

# client: system, and the question with its answer by language
FAQ = {
    "HOSHINO": (
        ("ec-site", {
            "ja": Text("クーポンが適用されません",
                       "次の順に確認してください。\n1. 有効期間と対象商品\n2. 会員ランクの条件\n"
                       "3. 併用不可のクーポンがカートに入っていないか"),
            "en": Text("A coupon is not applied",
                       "Check in this order:\n1. its period and products\n2. the member's rank\n"
                       "3. whether another coupon excludes it"),
        }),
        ("pos", {
            "ja": Text("レジのレシートが印刷されない",
                       "用紙とカバーを確認し、レジの「機器」から「プリンタ再接続」を押してください。"
                       "改善しないときは店舗番号とレジ番号を添えてご連絡ください。"),
        }),
        ("core", {
            "ja": Text("在庫数がECと基幹で違う", "反映には最大15分かかります。15分を過ぎても違うときは、"
                       "商品コードと時刻を添えてご連絡ください。"),
        }),
    ),
    "MINATO": (
        ("wms", {
            "ja": Text("在庫レポートの「引当済」とは何ですか",
                       "出荷指示に割り当てられ、まだ出庫していない数量です。"),
        }),
    ),
    "LOTUS": (
        ("erp", {
            "vi": Text("Làm sao in lại hóa đơn điện tử?",
                       "Mở hóa đơn, chọn In, rồi Bản sao. Số hóa đơn không thay đổi."),
            "en": Text("How do I print an e-invoice again?",
                       "Open the invoice and choose Print, then Copy. Its number stays the same."),
        }),
        ("webshop", {
            "vi": Text("Đổi ảnh sản phẩm nhưng trang vẫn hiện ảnh cũ",
                       "Ảnh được lưu đệm 10 phút. Sau đó hãy xóa bộ nhớ đệm của trình duyệt."),
        }),
    ),
}  # fmt: skip

# client: address, and letters: from, subject, text
LETTERS = {
    "HOSHINO": (
        "support@hoshino.example",
        (
            ("山田 太郎 <staff@hoshino.example>", "返品伝票の二重登録について",
             "お世話になっております。\n昨日より、返品伝票が二重に登録されることがあります。\n"
             "3件確認しました。調査をお願いします。"),
            ("配送センター <center@partner.example>", "集荷時刻の変更のお知らせ",
             "来月より集荷時刻が17時に変わります。"),
        ),
    ),
}  # fmt: skip


def seed(contract: Contract, now: datetime, say: Say) -> None:
    """Make what of the service desk's data is missing."""
    code = contract.tenant.code
    with transaction.atomic():
        bridge = person("bridge_se")
        if is_new := not FaqEntry.objects.exists():
            write_faq(code, now)
        if not Roster.objects.exists():
            put_on_call(contract, bridge, now)
        if code in LETTERS and not Mailbox.objects.exists():
            receive(contract, bridge, now)
        if not Pattern.objects.exclude(problem=None).exists():
            know_a_fault(now)
    if is_new:
        say(f"{code}: a FAQ, rosters and a known fault.")


def person(role: str) -> Membership:
    return Membership.objects.get(role=role, source_key="", duty_order=1)


def write_faq(code: str, now: datetime) -> None:
    desk, requester = person("service_desk"), person("requester")
    for place, (system, texts) in enumerate(FAQ[code]):
        at = now - (20 - place) * A_DAY
        entry = faq.save_faq(actor=desk, now=at, texts=texts, system=system)
        entry = faq.set_faq_status(entry=entry, actor=desk, status="published", now=at)
        for day in range(place + 1, 6, 2):
            faq.answered_me(entry=entry, actor=requester, now=now - day * A_DAY)


def put_on_call(contract: Contract, bridge: Membership, now: datetime) -> None:
    """Let operation take weeks and the desk days, with one turn swapped and one person away."""
    ops, dev, desk = (
        person(role) for role in ("operations_engineer", "maintenance_engineer", "service_desk")
    )
    told = {
        "timezone": contract.timezone, "hands_over": time(9),
        "starts_on": contract.local_date(now - 28 * A_DAY),
    }  # fmt: skip
    for tier, turns, seats in (
        ("L1", "day", ((desk, "VN"), (bridge, "JP"))),
        ("L2", "week", ((ops, "VN"), (dev, "VN"), (bridge, "JP"))),
    ):
        plan = RosterPlan(tier=tier, turns=turns, seats=seats, **told)
        roster, _secret = rosters.write_roster(
            tenant=contract.tenant, actor=bridge, plan=plan, now=now
        )
    rosters.note_absence(
        actor=bridge, member=ops, starts_at=now + 2 * A_DAY, ends_at=now + 4 * A_DAY, now=now
    )
    rosters.swap_turn(
        roster=roster, actor=bridge, member=dev, starts_at=now + 5 * A_DAY,
        ends_at=now + 6 * A_DAY, now=now,
    )  # fmt: skip


def receive(contract: Contract, bridge: Membership, now: datetime) -> None:
    """Open a mailbox to which a provider posts, with a letter to answer and one of a stranger."""
    address, told = LETTERS[contract.tenant.code]
    mailbox, _secret = mailboxes.create_mailbox(
        tenant=contract.tenant,
        actor=bridge,
        plan=MailboxPlan(address),
        secrets=MailSecrets(),
        now=now,
    )
    for place, (sender, subject, text) in enumerate(told):
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = sender, address, subject
        letter["Message-ID"] = f"<demo-{place}@hoshino.example>"
        letter.set_content(text)
        at = now - timedelta(hours=3 + place)
        letters.take_in(mailbox=mailbox, raw=letter.as_bytes(), received_at=at, now=at)


def know_a_fault(now: datetime) -> None:
    """Recognise what recurs, and open the problem of what recurs most, with its cause known."""
    recurrence.recognise(now)
    often = Pattern.objects.annotate(n=Count("occurrences")).order_by("-n", "pk").first()
    if often is None:
        return
    dev, language = person("maintenance_engineer"), often.tenant.language
    ticket = problems.raise_problem(pattern=often, actor=dev, now=now - timedelta(hours=6))
    cause, way = (
        ("夜間バッチと日中処理が同じ表をロックし合う。", "該当ジョブを再実行する。")
        if language == "ja"
        else ("Tác vụ ban đêm và xử lý ban ngày khóa cùng một bảng.", "Chạy lại tác vụ.")
    )
    problems.describe_problem(
        ticket=ticket, actor=dev, root_cause=cause, workaround=way, known_error=True,
        now=now - timedelta(hours=5),
    )  # fmt: skip

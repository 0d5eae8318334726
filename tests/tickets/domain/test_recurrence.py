"""Which incidents are one fault: by their words, in three languages; and what the fix costs."""

from datetime import UTC, datetime, timedelta

import pytest

from tickets.domain.recurrence import Fix, Known, faults, pays_back, since_fix, told, typical_fix
from tickets.domain.wording import folded, same_fault, wording

ONE_FAULT = [
    ("受注画面でCSV出力を押すと白い画面になる", "受注画面のＣＳＶ出力で真っ白になる"),
    ("受注画面でCSV出力を押すと白い画面になる", "【至急】受注画面　ｃｓｖ出力　画面が真っ白です"),
    ("受注画面でCSV出力を押すと白い画面になる", "CSV出力すると受注画面が真っ白（10/12 9:30頃）"),
    ("受注画面でCSV出力を押すと白い画面になる", "受注画面からCSVを出力したら白くなりました"),
    ("ログインできない", "ﾛｸﾞｲﾝ出来ません"),
    ("夜間バッチが異常終了した", "4/12 夜間バッチでエラーが発生しました（3回目）"),
    ("サーバーのディスク使用率が高い", "サーバのディスク使用率が高くなっています"),
    ("在庫データの取込バッチが失敗", "在庫データ取り込みバッチでエラー"),
    ("決済時にエラー500が表示される", "決済で500エラーが表示"),
    ("メールが送信できない", "メールの送信に失敗する"),
    ("VPNに接続できません", "VPN接続不可"),
    ("注文一覧の検索が遅い", "注文一覧画面の検索がとても遅いです"),
    ("帳票の印刷ができない", "帳票が印刷できません"),
    ("Checkout shows error 500", "Error 500 at checkout"),
    ("Nightly backup job failed", "The nightly backup job fails again"),
    ("Không đăng nhập được vào hệ thống", "Không thể đăng nhập"),
    ("Lỗi khi xuất báo cáo CSV", "Xuất báo cáo CSV bị lỗi"),
]
TWO_FAULTS = [
    ("受注画面でCSV出力を押すと白い画面になる", "受注画面でPDF出力を押すと白い画面になる"),
    ("受注画面でCSV出力を押すと白い画面になる", "発注画面でCSV出力を押すと白い画面になる"),
    ("ログインできない", "ログアウトできない"),
    ("在庫データの取込バッチが異常終了", "会員データの取込バッチが異常終了"),
    ("夜間バッチが異常終了した", "月次バッチが異常終了した"),
    ("入庫登録でエラー", "出庫登録でエラー"),
    ("決済時にエラー500が表示される", "決済時にエラー404が表示される"),
    ("メールが送信できない", "メールが受信できない"),
    ("帳票の印刷が遅い", "帳票の印刷ができない"),
    ("サーバAのディスク使用率が高い", "サーバBのディスク使用率が高い"),
    ("ORA-00942 が発生", "ORA-01017 が発生"),
    ("Nightly backup job failed", "Nightly billing job failed"),
    ("Login fails on the order page", "Logout fails on the order page"),
    ("CSV export fails", "PDF export fails"),
    ("Không đăng nhập được", "Không đăng xuất được"),
    ("Category 42 / Subcategory 223", "Category 42 / Subcategory 223 / Symptom 53"),
    ("Subcategory 224", "Subcategory 224 / Symptom 224"),
]


class TestWording:
    @pytest.mark.parametrize(("one", "other"), ONE_FAULT)
    def test_varied_words_for_one_fault_are_one(self, one, other):
        assert same_fault(wording(one), wording(other))
        assert same_fault(wording(other), wording(one))

    @pytest.mark.parametrize(("one", "other"), TWO_FAULTS)
    def test_like_words_for_two_faults_are_two(self, one, other):
        assert not same_fault(wording(one), wording(other))
        assert not same_fault(wording(other), wording(one))

    @pytest.mark.parametrize(
        "text", ["", "   ", "!?", "\0", "ー", "😀" * 3, "a" * 100_000, "【" * 9_999]
    )
    def test_any_text_can_be_read(self, text):
        assert len(folded(text)) <= 400
        assert wording(text).text == folded(text)

    def test_what_is_cut_off_is_not_compared(self):
        assert len(wording("漢字" * 5_000).grams) <= 2


def numbers(texts: list[str]) -> list[int]:
    return [fault for (_system, fault), _row in faults(("ec", text, None) for text in texts)]


class TestFaults:
    def test_a_planted_pattern_is_found_among_others(self):
        planted = [
            "受注画面でCSV出力を押すと白い画面になる",
            "受注画面のＣＳＶ出力で真っ白になる",
            "受注画面からCSVを出力したら白くなりました",
            "CSV出力すると受注画面が真っ白（10/12 9:30頃）",
            "【至急】受注画面　ｃｓｖ出力　画面が真っ白です",
        ]
        others = [
            "発注画面でCSV出力を押すと白い画面になる",
            "受注画面でPDF出力を押すと白い画面になる",
        ]

        found = numbers([planted[0], *others, *planted[1:], *others])

        assert [found[0], *found[3:7]] == [1] * 5
        assert found[1:3] == found[7:] == [2, 3]

    def test_systems_are_apart(self):
        rows = [("ec", "Login fails", 1), ("core", "Login fails", 2)]

        assert [fault for fault, _row in faults(rows)] == [("ec", 1), ("core", 2)]

    def test_memory_is_bounded_and_the_last_met_stay(self):
        known: Known[int] = Known(most=2)
        for fault, text in enumerate(["Login fails", "Printing fails", "Payment fails"]):
            known.learn(text, fault)

        assert known.fault_of("Login fails") is None
        assert known.fault_of("Printing failed") == 1

    def test_words_without_content_are_told_as_they_are(self):
        assert told(" Category 1 ", "") == "Category 1"
        assert told("Category 1", "Symptom 2") == "Category 1 / Symptom 2"


class TestCost:
    def test_a_typical_fix_is_the_middle_of_the_systems_own(self):
        own, others = [(100, 10), (300, 30), (200, 20)], [(9_000, 900)] * 9

        assert typical_fix(own, [*own, *others]) == Fix("typical", 200, 20, 3)
        assert typical_fix(own[:2], [*own[:2], *others]).amount == 9_000
        assert typical_fix([], []) == Fix("unknown", None, None, 0)

    def test_a_fix_pays_back_after_so_many_stretches(self):
        assert pays_back(Fix("typical", 1_001, 1, 3), 500) == 3
        assert pays_back(Fix("typical", 1_000, 1, 3), 0) is None
        assert pays_back(Fix("unknown", None, None, 0), 500) is None


class TestSinceTheFix:
    NOON = datetime(2026, 4, 8, 3, tzinfo=UTC)

    def test_counts_what_came_at_the_fix_or_later(self):
        times = [self.NOON + timedelta(days=day) for day in (-3, -1, 0, 2)]

        found = since_fix(times, self.NOON)

        assert (found.before, found.count, found.last_at) == (2, 2, times[-1])

    def test_without_a_fix_there_is_nothing_to_say(self):
        assert since_fix([self.NOON], None) is None

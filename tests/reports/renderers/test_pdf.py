"""The PDF says what the frozen facts say, to the byte, in three languages; nobody's text is markup."""

import socket
from io import BytesIO

import pytest
from pypdf import PdfReader

from contracts.models import Contract
from reports.renderers.edition import Edition
from reports.renderers.paper import paper_of, spelled
from reports.renderers.pdf import pdf_of
from tenants.models import Tenant
from tests.reports.renderers.conftest import CLOSED

pytestmark = pytest.mark.allow_n_plus_one  # the fixtures step through many commands

WORDS = {
    "en": ("Summary", "Cost statement", "Misses explained"),
    "ja": ("概要", "費用明細", "未達の説明"),
    "vi": ("Tóm tắt", "Bảng kê chi phí", "Giải thích các lần không đạt"),
}


def read(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(pdf).pages)


def titles_of(reader: PdfReader) -> list[str]:
    def walk(items):
        for item in items:
            if isinstance(item, list):
                yield from walk(item)
            else:
                yield item.title

    return list(walk(reader.outline))


def drafted(facts: dict) -> None:
    facts["cover"]["draft"] = True


class TestThePdf:
    @pytest.mark.parametrize("language", sorted(WORDS))
    def test_speaks_the_language_and_has_bookmarks(self, edition, language):
        pdf = pdf_of(edition(language=language))

        reader, text = read(pdf), text_of(pdf)
        assert set(WORDS[language]) <= set(titles_of(reader))
        assert all(word in text for word in WORDS[language])
        assert reader.root_object["/Lang"].startswith(language)

    def test_has_the_same_bytes_each_time(self, edition):
        assert pdf_of(edition()) == pdf_of(edition())
        assert pdf_of(edition(language="ja")) == pdf_of(edition(language="ja"))

    def test_is_dated_by_its_issue(self, edition):
        assert read(pdf_of(edition())).metadata.creation_date == CLOSED

    def test_keeps_the_summary_on_one_page_after_the_cover(self, edition):
        reader = read(pdf_of(edition()))

        assert "Contents" in reader.pages[0].extract_text()
        assert reader.pages[1].extract_text().startswith("Summary")
        assert reader.pages[2].extract_text().startswith("Service levels")

    def test_keeps_a_crowded_summary_on_one_page(self, edition):
        def crowded(facts: dict) -> None:
            row = facts["sla"]["rows"][0]
            kinds = ("acknowledge", "restore", "resolve", "update", "permanent_fix", "estimate")
            facts["sla"]["rows"] = [row | {"obligation": kind} for kind in (*kinds, "handoff")]
            facts["sla"]["misses"] *= 50
            facts["cost"]["pools"] *= 8
            facts["volumes"]["by_activity"] *= 4
            facts["insight"]["trend"] *= 12

        pages = read(pdf_of(edition(crowded, language="vi"))).pages

        assert pages[1].extract_text().startswith("Tóm tắt")
        assert pages[2].extract_text().startswith("Mức dịch vụ")

    def test_of_a_report_from_before_insight_stands(self, edition):
        def older(facts: dict) -> None:
            for name in ("insight", "open_items", "releases", "glossary", "calendars"):
                del facts[name]

        assert "Failure patterns" in text_of(pdf_of(edition(older)))

    def test_numbers_its_pages(self, edition):
        pages = read(pdf_of(edition())).pages

        for number, page in enumerate(pages[1:], start=2):
            assert f"{number} / {len(pages)}" in page.extract_text()

    def test_shows_figures_money_and_the_fingerprint(self, edition, facts):
        text = text_of(pdf_of(edition()))

        assert "¥880,000" in text or f"{facts['cost']['total']:,}" in text
        assert "ab" * 32 in text
        for miss in facts["sla"]["misses"]:
            assert miss["ticket"] in text

    def test_without_money_has_none(self, edition):
        text = text_of(pdf_of(edition(sees_money=False)))

        assert "Service levels" in text
        assert "¥" not in text
        assert "Cost statement" not in text

    def test_without_titles_has_none(self, edition):
        text = text_of(pdf_of(edition(sees_titles=False)))

        assert "ACME-1" in text
        assert "Slow 6" not in text

    def test_of_a_draft_says_so_on_every_page(self, edition):
        reader = read(pdf_of(edition(drafted, sha256="", issued_at=None)))

        assert len(reader.pages) > 3
        assert all("This is a draft." in page.extract_text() for page in reader.pages)

    def test_of_an_empty_month_stands(self, empty_facts):
        text = text_of(pdf_of(Edition(empty_facts, "en", "0" * 64, CLOSED)))

        assert "No promise was due this month." in text
        assert "Nothing was missed." in text

    def test_asks_nothing_of_the_database(self, edition, desk, django_assert_num_queries):
        made = edition()
        before = pdf_of(made)

        with django_assert_num_queries(0):
            pdf_of(edition(language="vi"))
        Tenant.objects.filter(pk=desk.tenant.pk).update(name="Renamed", timezone="Asia/Tokyo")
        Contract.objects.update(title="Another title")
        assert pdf_of(made) == before


class TestWhatPeopleWrote:
    MARKUP = '#panic("no") *bold* _it_ $x$ <script>alert(1)</script> @ref = Heading // c'

    def titled(self, title: str):
        def change(facts: dict) -> None:
            facts["titles"] = dict.fromkeys(facts["titles"], title)
            facts["cover"]["tenant_name"] = title

        return change

    def test_is_never_markup(self, edition):
        text = text_of(pdf_of(edition(self.titled(self.MARKUP))))

        assert '#panic("no")' in text
        assert "*bold*" in text
        assert "<script>" in text

    def test_fetches_nothing_from_disk_or_net_and_stays_within_few_pages(self, edition):
        plain = len(read(pdf_of(edition(self.titled("A title")))).pages)
        with socket.create_server(("127.0.0.1", 0)) as canary:
            address = f"http://127.0.0.1:{canary.getsockname()[1]}/x.png"
            for title in (
                '#read("/etc/passwd")', '#image("file:///etc/passwd")', f'#image("{address}")',
                f'<img src="{address}">', f"![x]({address})", '#import "@preview/evil:1.0.0"',
                "#include \"/etc/passwd\"", "data:text/html;base64,PHNjcmlwdD4=", "#[" * 200 + "]" * 200,
            ):  # fmt: skip
                reader = read(pdf_of(edition(self.titled(title))))

                assert "root:" not in "".join(page.extract_text() for page in reader.pages)
                assert len(reader.pages) <= 4 * plain  # long words wrap in narrow columns
            canary.setblocking(False)
            with pytest.raises(BlockingIOError):  # nobody knocked
                canary.accept()

    def test_is_printed_in_three_scripts(self, edition):
        text = text_of(pdf_of(edition(self.titled("カート画面 Đơn hàng lỗi €5"))))

        assert "カート画面" in text
        assert "Đơn hàng lỗi" in text

    @pytest.mark.parametrize(
        ("written", "printed"),
        [
            ("Down 🔥", "Down [fire]"),
            ("👍🏽 ok", "[thumbs up sign] ok"),
            ("❤️", "❤"),
            ("🇯🇵 office", "JP office"),
            ("👨‍👩‍👧", "[man][woman][girl]"),
            ("日本語です", "日本語です"),
        ],
    )
    def test_has_pictograms_by_name(self, written, printed):
        assert spelled(written) == printed

    def test_cannot_turn_a_line_around_or_hide_in_it(self, edition):
        text = str(paper_of(edition(self.titled("a\u202eb\x00c\td\u2066e"))))

        assert "abc de" in text

    def test_without_spaces_stays_in_its_column(self):
        assert spelled("x" * 60).replace("\u200b", "") == "x" * 60
        assert max(map(len, spelled("x" * 60).split("\u200b"))) == 24
        assert spelled("ab" * 32) == "ab" * 32  # a fingerprint is copied as it stands

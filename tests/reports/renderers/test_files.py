"""Workbook and CSV: real numbers and dates, nobody's text a formula, the same bytes each time."""

import csv
from datetime import datetime
from io import BytesIO, StringIO
from zipfile import ZipFile

import openpyxl
import pytest

from reports.renderers.csv import BOM, TABLES, WITH_MONEY, csv_of
from reports.renderers.edition import Edition
from reports.renderers.xlsx import xlsx_of
from tests.reports.renderers.conftest import CLOSED

pytestmark = pytest.mark.allow_n_plus_one  # the fixtures step through many commands

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", '=HYPERLINK("http://x","y")')


def read(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(content))


def rows_of(edition: Edition, name: str) -> list[list[str]]:
    text = "".join(csv_of(edition, name))
    assert text.startswith(BOM)
    return list(csv.reader(StringIO(text.removeprefix(BOM))))


def titled(title: str):
    def change(facts: dict) -> None:
        facts["titles"] = dict.fromkeys(facts["titles"], title)
        facts["cover"]["title"] = title
        for one in facts["sla"]["misses"]:
            one["team"] = title

    return change


class TestTheWorkbook:
    def test_has_a_sheet_for_each_part_with_charts_first(self, edition):
        book = read(xlsx_of(edition()))

        assert book.sheetnames[:3] == ["Summary", "Service levels", "Misses"]
        assert {"Cost statement", "Time entries", "Out of scope"} <= set(book.sheetnames)
        charts = [n for n in ZipFile(BytesIO(xlsx_of(edition()))).namelist() if "charts/chart" in n]
        assert len(charts) >= 4

    def test_holds_numbers_and_dates_as_such(self, edition, facts):
        book = read(xlsx_of(edition()))

        entries = book["Time entries"]
        first = {entries.cell(3, x).value: entries.cell(4, x) for x in range(1, 12)}
        told = facts["cost"]["charged"][0]
        assert first["Day"].value == datetime.fromisoformat(told["on"])
        assert first["Time worked"].value.total_seconds() == told["raw_minutes"] * 60
        assert first["Amount"].value == told["amount"]
        assert "¥" in first["Amount"].number_format
        miss = book["Misses"].cell(4, 7)
        assert isinstance(miss.value, datetime)
        assert miss.is_date

    def test_adds_up_to_the_statement(self, edition, facts):
        sheet = read(xlsx_of(edition()))["Cost statement"]

        amounts = [row[7].value for row in sheet.iter_rows(min_row=4) if row[7].value is not None]
        lines = facts["cost"]["lines"]
        assert sum(amounts[: len(lines)]) == amounts[len(lines)] == facts["cost"]["subtotal"]
        assert amounts[-1] == facts["cost"]["total"]

    def test_is_ready_for_filters_and_print(self, edition):
        for sheet in read(xlsx_of(edition())).worksheets[1:]:
            assert sheet.freeze_panes == "B4"
            assert sheet.auto_filter.ref.startswith("A3:")
            assert sheet.print_title_rows == "$3:$3"
            assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
            assert sheet.sheet_properties.pageSetUpPr.fitToPage
            assert "ACME-2026" in sheet.oddHeader.left.text

    @pytest.mark.parametrize("title", FORMULAS)
    def test_holds_no_formula(self, edition, title):
        book = read(xlsx_of(edition(titled(title))))

        cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
        assert len(cells) > 100
        assert [c.coordinate for c in cells if c.data_type == "f"] == []
        assert any(isinstance(c.value, str) and title.strip() in c.value for c in cells)

    def test_keeps_pictograms_and_scripts_and_loses_control_characters(self, edition):
        sheet = read(xlsx_of(edition(titled("🔥 カート \x00\x0bĐơn"))))["Misses"]

        assert sheet.cell(4, 2).value == "🔥 カート Đơn"

    @pytest.mark.parametrize("language", ["en", "ja", "vi"])
    def test_has_the_same_bytes_each_time(self, edition, language):
        assert xlsx_of(edition(language=language)) == xlsx_of(edition(language=language))

    def test_without_money_has_no_amount(self, edition):
        book = read(xlsx_of(edition(sees_money=False)))

        assert not {"Cost statement", "Time entries", "Hour pools"} & set(book.sheetnames)
        formats = {c.number_format for sheet in book for row in sheet.iter_rows() for c in row}
        assert not any("¥" in each for each in formats)

    def test_of_a_report_from_before_insight_stands(self, edition):
        def older(facts: dict) -> None:
            for name in ("insight", "open_items", "releases"):
                del facts[name]

        assert "Failure patterns" in read(xlsx_of(edition(older))).sheetnames

    def test_holds_ten_thousand_rows(self, edition):
        def long(facts: dict) -> None:
            facts["cost"]["charged"] = facts["cost"]["charged"][:1] * 10_000

        assert read(xlsx_of(edition(long)))["Time entries"].max_row == 10_003

    def test_of_an_empty_month_stands(self, empty_facts):
        book = read(xlsx_of(Edition(empty_facts, "vi", "0" * 64, CLOSED)))

        assert len(book.sheetnames) >= 8


class TestTheCsv:
    @pytest.mark.parametrize("name", sorted(TABLES))
    def test_has_a_row_for_each_fact_in_every_language(self, edition, name):
        counts = {len(rows_of(edition(language=each), name)) for each in ("en", "ja", "vi")}

        assert len(counts) == 1

    @pytest.mark.parametrize("title", FORMULAS)
    def test_quotes_what_would_be_a_formula(self, edition, title):
        rows = rows_of(edition(titled(title)), "misses")

        assert {row[1] for row in rows[1:]} == {f"'{title.strip()}"}

    def test_has_plain_numbers_and_iso_times(self, edition, facts):
        heads, first = rows_of(edition(), "time-entries")[:2]

        row = dict(zip(heads, first, strict=True))
        told = facts["cost"]["charged"][0]
        assert row["Day"] == told["on"]
        assert row["Time worked [min]"] == str(told["raw_minutes"])
        assert row["Amount [JPY]"] == str(told["amount"])
        assert rows_of(edition(), "misses")[1][6].endswith("+09:00")

    def test_leaves_in_pieces_that_do_not_leak_their_language(self, edition):
        from django.utils import translation

        def many(facts: dict) -> None:
            facts["sla"]["misses"] = facts["sla"]["misses"][:1] * 2000

        pieces = csv_of(edition(many, language="ja"), "misses")
        with translation.override("en"):
            count = sum(1 for _piece in pieces if translation.get_language() == "en")
        assert count == 5

    def test_knows_which_tables_are_of_money(self):
        assert set(TABLES) > WITH_MONEY

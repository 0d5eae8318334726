"""Files of other tools, read: encodings, delimiters, headings, dates, words, and what is wrong."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tickets.domain.bulk_faults import Fault, Unreadable
from tickets.domain.bulk_file import Limits, read
from tickets.domain.bulk_presets import (
    FIELDS,
    PRESETS,
    REQUIRED,
    Kind,
    mapping_for,
    missing_fields,
)
from tickets.domain.bulk_reader import Reader, moment_of
from tickets.domain.bulk_rows import ticket_row, time_row

TOKYO = ZoneInfo("Asia/Tokyo")
LIMITS = Limits(size=10_000, rows=100, cell=1_000)
BACKLOG = (
    "キー,件名,詳細,種別,状態,優先度,登録日,更新日\r\n"
    'SHOP-1,カートが開かない,"一行目\n二行目",バグ,完了,高,2026/04/15 10:00:00,2026/04/16 09:30:00\r\n'
)
JIRA = (
    "Summary,Issue key,Issue Type,Status,Priority,Created,Resolved,Sprint,Sprint\n"
    "The cart hangs,SHOP-2,Bug,Done,Highest,15/Apr/26 10:00 AM,16/Apr/26 9:30 AM,1,2\n"
)
REDMINE = (
    "#;Tracker;Status;Priority;Subject;Created;Closed\n"
    "7;Feature;In Progress;Urgent;A new form;2026-04-15 10:00;\n"
)


def first(text: str | bytes, preset: str, kind: str = "tickets"):
    table = read(text if isinstance(text, bytes) else text.encode(), LIMITS)
    reader = Reader(table, mapping_for(table.heads, preset, kind), table.rows[0][1], TOKYO)
    return (ticket_row if kind == "tickets" else time_row)(reader), reader.wrong


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
    def test_give_the_same_japanese_ticket(self, encoding):
        row, wrong = first(BACKLOG.encode(encoding), "backlog")

        assert wrong == []
        assert row.title == "カートが開かない"
        assert row.description == "一行目\n二行目"
        assert (row.type, row.status, row.priority) == ("incident", "closed", "P2")
        assert row.received_at == datetime(2026, 4, 15, 1, tzinfo=UTC)

    def test_of_neither_kind_are_said(self):
        with pytest.raises(Unreadable) as error:
            read(b"key,title\n\xff\xfe\x80\x81", LIMITS)
        assert error.value.fault is Fault.ENCODING

    def test_with_a_nul_are_no_text(self):
        with pytest.raises(Unreadable, match="encoding"):
            read(b"key,title\n1,a\0b\n", LIMITS)


class TestPresets:
    def test_read_jira(self):
        row, wrong = first(JIRA, "jira")

        assert (row.source_key, row.type, row.status, row.priority, wrong) == (
            "SHOP-2", "incident", "closed", "P1", [],
        )  # fmt: skip
        assert row.closed_at == datetime(2026, 4, 16, 0, 30, tzinfo=UTC)

    def test_read_redmine_with_semicolons(self):
        row, wrong = first(REDMINE, "redmine")

        assert (row.source_key, row.type, row.status, row.closed_at, wrong) == (
            "7", "change_request", "in_progress", None, [],
        )  # fmt: skip

    def test_name_fields_that_there_are(self):
        for preset in PRESETS.values():
            for kind, fields in preset.items():
                assert fields.keys() <= set(FIELDS[kind])
                for group in REQUIRED[kind]:
                    assert fields.keys() & set(group)

    def test_leave_out_what_is_not_in_the_file(self):
        mapping = mapping_for(["件名"], "backlog", "tickets")

        assert mapping == {"title": "件名"}
        assert missing_fields(mapping, Kind.TICKETS) == ["source_key", "received_at"]

    def test_keep_headings_apart_that_stand_there_twice(self):
        assert read(JIRA.encode(), LIMITS).heads[-2:] == ("Sprint", "Sprint (2)")


class TestMoments:
    @pytest.mark.parametrize(
        "text",
        ["2026-04-15 10:00", "2026/04/15 10:00:00", "2026-04-15T01:00:00Z",
         "2026-04-15T03:00:00+02:00", "15/Apr/26 10:00 AM"],
    )  # fmt: skip
    def test_are_on_the_wall_of_the_contract_or_have_an_offset(self, text):
        assert moment_of(text, TOKYO) == datetime(2026, 4, 15, 1, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        ["04/05/2026", "yesterday", "2026-13-01", "99999999999", "0001-01-01",
         "2026-04-15T10:00:00-20:30"],
    )  # fmt: skip
    def test_that_could_be_two_days_or_none_are_wrong(self, text):
        assert moment_of(text, TOKYO) is None


class TestWrongRows:
    def test_name_each_column_and_value(self):
        text = BACKLOG.replace("2026/04/15 10:00:00", "4月15日").replace("バグ", "謎")
        row, wrong = first(text, "backlog")

        assert row is None
        assert {(w.column, w.value, w.fault) for w in wrong} == {
            ("登録日", "4月15日", Fault.NOT_A_MOMENT),
            ("種別", "謎", Fault.UNKNOWN_WORD),
        }

    def test_closed_before_they_came_are_wrong(self):
        _row, wrong = first(BACKLOG.replace("2026/04/16", "2026/04/14"), "backlog")
        assert [w.fault for w in wrong] == [Fault.ORDER]

    def test_with_more_cells_than_headings_are_wrong(self):
        _row, wrong = first(BACKLOG.replace("09:30:00", "09:30:00,more"), "backlog")
        assert [w.fault for w in wrong] == [Fault.RAGGED]


class TestLimits:
    @pytest.mark.parametrize(
        ("limits", "fault"),
        [
            (Limits(10, 100, 1000), Fault.TOO_LARGE),
            (Limits(10_000, 1, 1000), Fault.TOO_MANY_ROWS),
            (Limits(10_000, 100, 5), Fault.CELL_TOO_LONG),
        ],
    )
    def test_are_kept(self, limits, fault):
        with pytest.raises(Unreadable) as error:
            read(b"key,title\n1,one\n2,two is longer\n", limits)
        assert error.value.fault is fault

    @pytest.mark.parametrize("data", [b"", b"  \n", b"key,title\n", b",,\n1,2,3\n"])
    def test_of_nothing_are_said(self, data):
        with pytest.raises(Unreadable, match="empty"):
            read(data, LIMITS)


class TestTime:
    def test_is_a_start_and_hours(self):
        text = "ticket,person,start,hours,note\nACME-1,A@B.example,2026-04-15 10:00,1:30,Done\n"
        row, wrong = first(text, "csv", "time")

        assert (row.person, row.ends_at - row.starts_at, row.assumed, wrong) == (
            "a@b.example", timedelta(minutes=90), False, [],
        )  # fmt: skip

    def test_of_a_day_begins_at_nine_and_is_assumed(self):
        text = 'Issue,User,Date,Hours\n#7,a@b.example,2026-04-15,"1,5"\n'
        row, _wrong = first(text, "redmine", "time")

        assert (row.ticket, row.starts_at.hour, row.assumed) == ("7", 9, True)
        assert row.ends_at - row.starts_at == timedelta(minutes=90)

    @pytest.mark.parametrize("hours", ["", "much", "0", "25", "1e99", "nan", "-1"])
    def test_of_no_length_is_wrong(self, hours):
        text = f"ticket,person,start,hours\nACME-1,a@b.example,2026-04-15 10:00,{hours}\n"
        row, wrong = first(text, "csv", "time")

        assert row is None
        assert wrong[0].column == "hours"

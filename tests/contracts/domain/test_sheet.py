"""A draft as rows: rows and document write each other, and an error finds its row."""

import pytest

from contracts.domain.sheet import CLAUSE, QUESTION, Sheet, sheet_of
from contracts.domain.terms import TermsInvalid, dump, parse
from tests.contracts.domain.test_scope import demo

SHEET = sheet_of(dump(demo("hoshino")))


def ids(sheet: Sheet) -> list[str]:
    return [row.one("id") for row in sheet.clauses]


@pytest.mark.parametrize("name", ["hoshino", "lotus", "minato"])
def test_rows_and_document_write_each_other(name):
    document = dump(demo(name))

    assert parse(sheet_of(document).into(document)) == demo(name)


def test_rows_move_leave_and_come():
    first, second = SHEET.clauses[:2]

    assert ids(SHEET.moved(second.key, -1))[:2] == ["H2", "H1"]
    assert SHEET.moved(first.key, -1) == SHEET
    assert SHEET.moved(SHEET.clauses[-1].key, 1) == SHEET
    assert ids(SHEET.without(first.key))[0] == "H2"
    more = SHEET.plus(CLAUSE, {"activity": ("perfective",)}).plus(QUESTION).plus(CLAUSE)
    assert ids(more)[-2:] == ["H16", "H17"]
    assert len({row.key for row in more.rows()}) == len(more.rows())


def test_an_error_finds_its_row():
    document = dump(demo("hoshino"))
    sheet = SHEET.plus(
        CLAUSE, {"system": ("printer",), "outcome": ("preapproved",), "cap": ("a lot",)}
    )

    with pytest.raises(TermsInvalid) as wrong:
        parse(sheet.into(document))
    problems = sheet.problems(wrong.value.errors)

    assert {problem.key for problem in problems} == {sheet.clauses[-1].key}
    assert any("a lot" in problem.said for problem in problems)
    assert sheet.problems(["cost.rates: is missing"])[0].key == ""

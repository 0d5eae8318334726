from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from reports.domain.difference import differences
from reports.domain.plain import plain


@dataclass(frozen=True)
class Row:
    at: datetime
    on: date
    names: tuple[str, ...]


class TestPlain:
    def test_writes_instants_in_utc_and_lists(self):
        row = Row(datetime(2026, 4, 1, 9, tzinfo=UTC), date(2026, 4, 1), ("a", "b"))

        assert plain(row) == {
            "at": "2026-04-01T09:00:00Z",
            "on": "2026-04-01",
            "names": ["a", "b"],
        }

    @pytest.mark.parametrize("value", [0.5, object(), {1, 2}])
    def test_refuses_what_json_would_not_say_exactly(self, value):
        with pytest.raises(TypeError, match="no place in a report"):
            plain({"value": value})


class TestDifferences:
    def test_names_each_leaf_by_its_path(self):
        before = {"cost": {"lines": [{"amount": 1}]}, "same": 1}
        after = {"cost": {"lines": [{"amount": 2}, {"amount": 3}]}, "same": 1, "new": True}

        assert list(differences(before, after)) == [
            "cost.lines[0].amount: 1 -> 2",
            "cost.lines[1]: nothing -> {'amount': 3}",
            "new: nothing -> True",
        ]

    def test_true_is_not_one(self):
        assert list(differences({"a": True}, {"a": 1})) == ["a: True -> 1"]

"""The lint: each refusal of the design planted once, and a clean contract left alone."""

from datetime import date

import pytest

from contracts.domain.findings import Severity
from contracts.domain.lint import lint
from contracts.domain.terms import Activity, Terms, parse
from contracts.lint_words import sentence
from tests.contracts.domain.sample import document
from tests.contracts.domain.test_scope import demo

ALL = [activity.value for activity in Activity]
HOLIDAYS = {"JP": [date(2026, 1, 1)], "VN": [date(2026, 4, 30)]}


def clean(**changes) -> Terms:
    """Return the sample with somebody accountable for everything, bent by `changes`."""
    return parse(document(**{"responsibilities": [{"activities": ALL, "tier": "L3"}], **changes}))


def refusals(terms: Terms) -> list[tuple[str, str]]:
    found = lint(terms, HOLIDAYS)
    return [(f.code, f.path) for f in found if f.severity is Severity.REFUSAL]


def sentences(terms: Terms) -> list[str]:
    return [sentence(finding) for finding in lint(terms, HOLIDAYS)]


class TestRefusals:
    @pytest.mark.parametrize("name", ["hoshino", "minato", "lotus"])
    def test_the_demo_contracts_have_none(self, name):
        assert refusals(demo(name)) == []

    def test_the_sample_has_none(self):
        assert refusals(clean()) == []

    def test_a_clause_behind_those_that_decide_all_its_cases(self):
        terms = clean(scope__clauses__4={
            "id": "S5", "text": {"en": "Fixes"}, "then": "included",
            "when": {"activity": ["service_desk"], "priority": ["P1"]},
        })  # fmt: skip

        assert refusals(terms) == [("clause_hidden", "scope.clauses[4]")]
        assert sentences(terms)[0] == (
            "scope.clauses[4]: clause S5 can never decide: every case it names is decided before it by"
            " S4; move it up, narrow those, or remove it"
        )

    def test_a_clause_behind_several_that_share_its_cases(self):
        when = {"activity": ["adaptive"]}
        clauses = [
            {"id": "A", "text": {"en": "a"}, "when": {**when, "in_hours": True}, "then": "estimate"},
            {"id": "B", "text": {"en": "b"}, "when": {**when, "in_hours": False}, "then": "estimate"},
            {"id": "C", "text": {"en": "c"}, "when": when, "then": "included"},
        ]  # fmt: skip

        finding = lint(clean(scope__clauses=clauses), HOLIDAYS)[0]

        assert (finding.code, finding.parameters["by"]) == ("clause_hidden", ("A", "B"))

    def test_a_clause_behind_a_quota_is_reached_when_that_is_used_up(self):
        terms = clean(scope__clauses=[
            {"id": "A", "text": {"en": "a"}, "quota": {"count": 1}, "then": "included"},
            {"id": "B", "text": {"en": "b"}, "then": "estimate"},
        ])  # fmt: skip

        assert "clause_hidden" not in [code for code, _path in refusals(terms)]

    def test_a_clause_whose_quota_is_smaller_than_any_work_it_takes(self):
        terms = clean(
            scope__clauses__1__when={"activity": ["perfective"], "effort": {"above": "8h"}},
            scope__clauses__1__quota={"effort": "4h"},
        )

        assert refusals(terms) == [("clause_impossible", "scope.clauses[1]")]

    @pytest.mark.parametrize("clause", [4, 5])
    def test_an_outcome_without_a_rate(self, clause):
        terms = clean(cost__rates={"L1": 4000, "L2": 6000})

        assert ("outcome_without_rate", f"scope.clauses[{clause}].then") in refusals(terms)

    def test_a_missing_rate_is_named_with_clause_work_and_tier(self):
        terms = clean(cost__rates={"L1": 4000})

        assert sentences(terms)[0] == (
            "scope.clauses[4].then: clause S5 (preapproved) bills work of L3 (security_operation),"
            " and cost.rates has no rate for L3; add one"
        )

    def test_a_pool_that_bills_when_empty_needs_a_rate_or_its_own(self):
        rates = {"L1": 4000, "L2": 6000}
        own = clean(cost__rates=rates)
        none = clean(cost__rates=rates, cost__pools__0__overage_rate=None)

        path = ("outcome_without_rate", "scope.clauses[3].then")
        assert path not in refusals(own)
        assert path in refusals(none)

    def test_hours_that_never_open(self):
        terms = clean(hours__office__week={"mon": []})

        assert ("hours_never_open", "hours.office") in refusals(terms)

    def test_hours_that_are_never_open_together(self):
        terms = clean(hours__hanoi__week={"sat-sun": ["08:00-17:00"]})

        assert refusals(terms) == [("joint_never_opens", "hours.joint")]

    def test_a_target_that_counts_on_no_hours(self):
        terms = clean(time__hours=None)

        assert ("target_without_hours", "time.targets[1]") in refusals(terms)

    def test_a_priority_without_a_restore_target_while_incidents_are_sold(self):
        terms = clean(time__targets=[
            {"obligation": "restore", "priority": ["P1", "P2", "P3"], "within": "4h"},
        ])  # fmt: skip

        assert refusals(terms) == [("priority_without_restore", "time.targets")]
        assert "P4" in sentences(terms)[0]

    def test_no_restore_target_is_missed_for_priorities_that_are_not_sold(self):
        terms = clean(
            scope__clauses__0__when={"activity": ["incident_response"], "priority": ["P1"]},
            time__targets=[{"obligation": "restore", "priority": ["P1"], "within": "4h"}],
        )

        assert refusals(terms) == []

    def test_a_revenue_critical_system_without_one(self):
        terms = clean(time__targets=[{"obligation": "restore", "system": ["core"], "within": "4h"}])

        assert refusals(terms) == [("critical_without_restore", "systems[0]")]

    def test_another_system_without_one_is_only_warned_of(self):
        targets = [{"obligation": "restore", "system": ["ec-site"], "within": "4h"}]

        assert refusals(clean(time__targets=targets)) == []
        assert any("'core' is sold" in line for line in sentences(clean(time__targets=targets)))

    def test_an_activity_in_use_that_nobody_answers_for(self):
        rest = [name for name in ALL if name not in ("perfective", "monitoring")]
        terms = clean(responsibilities=[{"activities": rest, "tier": "L3"}])

        assert refusals(terms) == [("activity_without_tier", "responsibilities")]
        assert "'perfective'" in sentences(terms)[0]


class TestWarnings:
    def test_a_gap_is_told_in_the_fewest_words(self):
        everything_else = [name for name in ALL if name != "perfective"]
        terms = clean(scope__clauses=[
            {"id": "A", "text": {"en": "a"}, "when": {"environment": ["production"]}, "then": "estimate"},
            {"id": "B", "text": {"en": "b"}, "when": {"activity": everything_else}, "then": "estimate"},
        ])  # fmt: skip

        said = "scope.clauses: perfective on staging, any priority: nothing decides"
        assert said in sentences(terms)

    @pytest.mark.parametrize(
        ("when", "said"),
        [
            ({"priority": ["P1", "P2", "P4"]}, "any activity, P3: nothing decides"),
            ({"priority": ["P1"]}, "any activity, any priority but P1: nothing decides"),
            ({"cause": ["regulation"]}, "any activity, cause any but law or regulation: nothing decides"),
            ({"in_hours": True}, "any activity, outside service hours: nothing decides"),
            ({"warranty": False}, "any activity, within the warranty: nothing decides"),
            ({"effort": {"at_most": "4h"}}, "any activity, effort above 4 h: nothing decides"),
            ({"effort": {"above": "90m"}}, "any activity, effort at most 90 min: nothing decides"),
            ({"system": ["core"]}, "any activity on ec-site, any priority: nothing decides"),
        ],
    )  # fmt: skip
    def test_each_fact_has_its_words(self, when, said):
        clauses = [{"id": "A", "text": {"en": "a"}, "when": when, "then": "estimate"}]

        assert f"scope.clauses: {said}" in sentences(clean(scope__clauses=clauses))

    def test_a_quota_that_nothing_follows(self):
        clauses = [{"id": "A", "text": {"en": "a"}, "quota": {"count": 3}, "then": "included"}]

        said = "any activity, any priority: nothing decides once the quota of A is used up"
        assert f"scope.clauses: {said}" in sentences(clean(scope__clauses=clauses))

    @pytest.mark.parametrize(
        ("code", "changes"),
        [
            ("all_answers_no", {}),
            ("activity_never_asked", {}),
            ("hours_unused", {}),
            ("clause_without_warranty", {"scope__warranty": None}),
            ("place_without_rate", {"cost__rates__L2": {"onshore": 9000}}),
            ("business_days_always", {"time__targets__0__within": "1bd"}),
            (
                "pool_unused",
                {"cost__pools__0": {"key": "spare", "per_month": "1h", "when_empty": "stop"},
                 "scope__clauses__3__then": "included"},
            ),
        ],
    )  # fmt: skip
    def test_what_may_be_signed_is_still_said(self, code, changes):
        found = {finding.code: finding for finding in lint(clean(**changes), HOLIDAYS)}

        assert found[code].severity is Severity.WARNING
        assert sentence(found[code]).startswith(found[code].path)

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import terms_yaml
from contracts.domain.examples import split
from contracts.domain.scope import (
    Answer,
    Decision,
    Facts,
    QuotaUse,
    Usage,
    classify,
    decide,
)
from contracts.domain.terms import Activity, Cause, Outcome, Priority, Terms, parse
from tests.contracts.domain.sample import document

DEMO = Path(__file__).parents[3] / "portal" / "demo" / "contracts"
TERMS = parse(document())


def demo(name: str) -> Terms:
    document = terms_yaml.load((DEMO / f"{name}.yaml").read_text(encoding="utf-8"))
    return parse(split(document)[0])


class TestClassify:
    def test_asks_in_order_and_takes_the_first_yes(self):
        assert classify(TERMS, Facts()).question.key == "answers.0"
        assert classify(TERMS, Facts(answers={0: False, 2: True})).question.key == "answers.1"
        found = classify(TERMS, Facts(answers={0: False, 1: False, 2: True}))
        assert (found.activity, found.question) == (Activity.SERVICE_DESK, None)
        assert [step.answer for step in found.path] == [Answer.NO, Answer.NO, Answer.YES]

    def test_the_second_stage_starts_at_the_second_question(self):
        found = classify(TERMS, Facts(answers={0: True, 1: True}), skip=1)

        assert found.activity is Activity.CORRECTIVE

    def test_a_given_activity_needs_no_question(self):
        assert classify(TERMS, Facts(activity="adaptive")).activity is Activity.ADAPTIVE

    def test_without_questions_it_asks_for_the_activity(self):
        terms = parse(document(scope__classify=[]))

        assert classify(terms, Facts()).question.key == "activity"

    def test_the_question_has_the_words_of_the_contract(self):
        assert classify(TERMS, Facts()).question.texts(TERMS)["ja"] == "停止?"


class TestDecide:
    def test_the_first_yes_decides(self):
        verdict = decide(TERMS, Facts(activity="incident_response", environment="production"))

        assert (verdict.outcome, verdict.clause_id) == (Outcome.INCLUDED, "S1")
        assert verdict.path[-1].because.code == "applies"

    def test_is_pending_while_the_activity_is_not_known(self):
        verdict = decide(TERMS, Facts(environment="production"))

        assert (verdict.outcome, verdict.pending) == (Outcome.UNDECIDED, True)
        assert verdict.question.key == "answers.0"

    def test_is_undecided_when_no_clause_decides(self):
        verdict = decide(TERMS, Facts(activity="preventive"))

        assert (verdict.outcome, verdict.pending) == (Outcome.UNDECIDED, False)
        assert len(verdict.path) == 1 + len(TERMS.scope.clauses)

    def test_is_undecided_when_every_question_was_answered_no(self):
        verdict = decide(TERMS, Facts(answers=dict.fromkeys(range(4), False)))

        assert (verdict.outcome, verdict.pending) == (Outcome.UNDECIDED, False)
        assert verdict.activity is None

    def test_asks_the_fact_that_the_first_unknown_clause_misses(self):
        verdict = decide(TERMS, Facts(activity="corrective"))
        assert (verdict.pending, verdict.question.key) == (True, "cause")
        assert verdict.question.clause_id == "S3"

        verdict = decide(TERMS, Facts(activity="corrective", cause="delivered_software"))
        assert verdict.question.key == "warranty"

        verdict = decide(TERMS, Facts(activity="corrective", cause="third_party"))
        assert (verdict.outcome, verdict.pending) == (Outcome.UNDECIDED, False)

    def test_an_unknown_clause_with_the_same_outcome_changes_nothing(self):
        clauses = [
            {
                "id": "A",
                "text": {"en": "a"},
                "when": {"cause": ["third_party"]},
                "then": "estimate",
            },
            {"id": "B", "text": {"en": "b"}, "then": "estimate"},
        ]
        terms = parse(document(scope__clauses=clauses))

        verdict = decide(terms, Facts(activity="adaptive"))

        assert (verdict.outcome, verdict.clause_id, verdict.pending) == ("estimate", "B", False)
        assert [step.answer for step in verdict.path[1:]] == [Answer.UNKNOWN, Answer.YES]

    def test_another_pool_is_another_outcome(self):
        clauses = [
            {
                "id": "A",
                "text": {"en": "a"},
                "when": {"cause": ["third_party"]},
                "then": {"pool": "support"},
            },
            {"id": "B", "text": {"en": "b"}, "then": {"pool": "other"}},
        ]
        pools = [{"key": key, "per_month": "1h", "when_empty": "stop"} for key in "ab"]
        pools[0]["key"], pools[1]["key"] = "support", "other"
        terms = parse(document(scope__clauses=clauses, cost__pools=pools))

        assert decide(terms, Facts(activity="adaptive")).question.key == "cause"

    def test_an_empty_pool_is_still_the_pool(self):
        verdict = decide(TERMS, Facts(activity="service_desk"), Usage(pools={"support": 0}))

        assert (verdict.outcome, verdict.pool) == (Outcome.POOL, "support")

    def test_a_preapproval_brings_its_cap(self):
        assert decide(TERMS, Facts(activity="security_operation")).cap == 300_000

    def test_a_used_up_quota_answers_no_and_says_so(self):
        facts = Facts(activity="perfective", effort_minutes=240)
        assert decide(TERMS, facts, Usage({"S2": QuotaUse(count=4)})).clause_id == "S2"

        verdict = decide(TERMS, facts, Usage({"S2": QuotaUse(count=5)}))

        assert verdict.clause_id == "S6"
        because = verdict.path[2].because
        assert (because.code, because.parameters) == ("quota_used", {"used": 5, "of": 5})

    def test_a_used_up_quota_asks_nothing_more(self):
        usage = Usage({"S2": QuotaUse(count=5)})

        assert decide(TERMS, Facts(activity="perfective")).question.key == "effort_minutes"
        assert decide(TERMS, Facts(activity="perfective"), usage).clause_id == "S6"

    def test_effort_is_cut_at_its_bound(self):
        assert decide(TERMS, Facts(activity="perfective", effort_minutes=241)).clause_id == "S6"

    def test_a_quota_of_minutes_has_room_for_the_whole_work_or_not(self):
        terms = parse(document(scope__clauses__1__quota={"effort": "10h"}))
        facts = Facts(activity="perfective", effort_minutes=60)

        assert decide(terms, facts, Usage({"S2": QuotaUse(minutes=540)})).clause_id == "S2"
        assert decide(terms, facts, Usage({"S2": QuotaUse(minutes=541)})).clause_id == "S6"


class TestProvisional:
    def test_a_verdict_on_a_claim_is_provisional(self):
        facts = Facts(answers={0: True}, environment="production")
        assert decide(TERMS, facts).provisional

        facts = replace(facts, confirmed=frozenset({"environment"}))
        assert decide(TERMS, facts).provisional

        facts = replace(facts, confirmed=frozenset({"environment", "answers.0"}))
        assert not decide(TERMS, facts).provisional

    def test_a_confirmed_activity_stands_for_its_answers(self):
        facts = Facts(answers={0: True}, environment="production")
        facts = replace(facts, confirmed=frozenset({"environment", "activity"}))

        assert not decide(TERMS, facts).provisional

    def test_a_claim_that_ruled_a_clause_out_counts(self):
        facts = Facts(activity="perfective", effort_minutes=600, confirmed=frozenset({"activity"}))
        assert decide(TERMS, facts).provisional

        facts = replace(facts, confirmed=frozenset({"activity", "effort_minutes"}))
        assert not decide(TERMS, facts).provisional

    def test_facts_nobody_looked_at_do_not_count(self):
        facts = Facts(activity="service_desk", cause="regulation", system="core")

        assert not decide(TERMS, replace(facts, confirmed=frozenset({"activity"}))).provisional


any_facts = st.builds(
    Facts,
    answers=st.dictionaries(st.integers(0, 7), st.booleans(), max_size=8),
    activity=st.none() | st.sampled_from([str(activity) for activity in Activity]),
    system=st.none() | st.sampled_from(["ec-site", "back-office", "core"]),
    environment=st.none() | st.sampled_from(["production", "staging"]),
    priority=st.none() | st.sampled_from([str(priority) for priority in Priority]),
    cause=st.none() | st.sampled_from([str(cause) for cause in Cause]),
    in_hours=st.none() | st.booleans(),
    effort_minutes=st.none() | st.integers(0, 600),
    warranty=st.none() | st.booleans(),
    confirmed=st.frozensets(st.sampled_from(["activity", "cause", "system", "answers.0"])),
)
HOSHINO = demo("hoshino")
COMPLETIONS = {
    "system": ("ec-site", "back-office", "core"),
    "environment": ("production", "staging"),
    "priority": tuple(Priority),
    "cause": tuple(Cause),
    "in_hours": (True, False),
    "warranty": (True, False),
    "effort_minutes": (0, 240, 241),
}


class TestProperties:
    @given(any_facts)
    @settings(max_examples=150, deadline=None)
    def test_facts_and_decisions_survive_json(self, facts):
        verdict = decide(HOSHINO, facts)

        assert Decision.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict
        assert Facts.from_dict(json.loads(json.dumps(facts.to_dict()))) == facts
        assert verdict.pending == (verdict.question is not None)

    @given(any_facts)
    @settings(max_examples=150, deadline=None)
    def test_a_verdict_is_never_changed_by_a_fact_that_was_missing(self, facts):
        verdict = decide(HOSHINO, facts)
        if verdict.pending:
            return
        for name, values in COMPLETIONS.items():
            if getattr(facts, name) is None:
                for value in values:
                    later = decide(HOSHINO, replace(facts, **{name: value}))
                    assert (later.outcome, later.pool) == (verdict.outcome, verdict.pool)

    @given(any_facts)
    @settings(max_examples=100, deadline=None)
    def test_answering_its_questions_ends_in_a_verdict(self, facts):
        for _ in range(20):
            verdict = decide(HOSHINO, facts)
            if not verdict.pending:
                return
            question = verdict.question
            if question.index is not None:
                facts = replace(facts, answers={**facts.answers, question.index: True})
            else:
                facts = replace(facts, **{question.fact: COMPLETIONS[question.fact][0]})
        pytest.fail("it never stops asking")


class TestDemoContracts:
    @pytest.mark.parametrize("name", ["hoshino", "minato", "lotus"])
    def test_an_incident_of_a_log_is_decided_without_its_cause(self, name):
        terms = demo(name)
        for system in terms.systems:
            for priority in Priority:
                for activity in ("incident_response", "service_desk"):
                    facts = Facts(
                        activity=activity,
                        system=system.key,
                        environment="production",
                        priority=priority,
                        in_hours=True,
                    )
                    verdict = decide(terms, facts)
                    assert not verdict.pending
                    assert verdict.outcome is not Outcome.UNDECIDED

    @pytest.mark.parametrize("name", ["hoshino", "minato", "lotus"])
    def test_every_priority_has_its_targets(self, name):
        terms = demo(name)
        for obligation in ("acknowledge", "restore", "resolve", "permanent_fix", "handoff"):
            for priority in Priority:
                assert terms.target_for(obligation, "incident_response", priority, None)
        assert terms.target_for("incident_report", "incident_response", "P1", None)

    @pytest.mark.parametrize("name", ["hoshino", "minato", "lotus"])
    def test_every_text_speaks_every_language_of_the_contract(self, name):
        terms = demo(name)
        texts = [clause.text for clause in terms.scope.clauses]
        texts += [question.ask for question in terms.scope.classify]
        texts += [system.name for system in terms.systems]

        assert all(set(text) == set(terms.languages) for text in texts)

    @pytest.mark.parametrize(
        ("name", "facts", "outcome"),
        [
            ("hoshino", {"activity": "incident_response", "priority": "P1"}, "included"),
            ("hoshino", {"activity": "incident_response", "priority": "P4"}, "pool"),
            ("hoshino", {"activity": "security_operation"}, "preapproved"),
            ("hoshino", {"activity": "adaptive"}, "estimate"),
            ("hoshino", {"activity": "perfective", "effort_minutes": 60}, "included"),
            ("hoshino", {"activity": "service_desk", "system": "back-office"}, "not_provided"),
            ("minato", {"activity": "incident_response", "system": "wms"}, "included"),
            ("minato", {"activity": "service_desk", "system": "office-it"}, "estimate"),
            ("minato", {"activity": "corrective", "system": "tms", "warranty": True}, "included"),
            ("minato", {"activity": "corrective", "system": "tms", "warranty": False}, "estimate"),
            ("lotus", {"activity": "incident_response", "priority": "P2"}, "pool"),
            ("lotus", {"activity": "preventive", "environment": "staging"}, "undecided"),
        ],
    )
    def test_each_outcome_is_reached_somewhere(self, name, facts, outcome):
        terms = demo(name)
        known = {"system": terms.systems[0].key, "environment": "production", "in_hours": True}

        verdict = decide(terms, Facts(**{**known, **facts}))

        assert (verdict.outcome, verdict.pending) == (outcome, False)

"""The flowchart: the chart as data, a decision's walk over it, and the drawing."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from contracts.contract_words import LANGUAGES
from contracts.domain.flowchart import Branch, Edge, flowchart
from contracts.domain.scope import Facts, decide
from contracts.domain.terms import parse
from contracts.flowchart_svg import svg
from contracts.svg_text import width, wrap
from tests.contracts.domain.sample import document
from tests.contracts.domain.test_coverage import contracts
from tests.contracts.domain.test_scope import any_facts, demo

HOSHINO = demo("hoshino")
CHART = flowchart(HOSHINO)
SVG = "{http://www.w3.org/2000/svg}"


def lane(chart, key):
    return next(lane for lane in chart.lanes if lane.key == key)


def ids(chart, key) -> list[str]:
    return [step.clause.clause_id if step.clause else "-" for step in lane(chart, key).steps]


class TestChart:
    def test_a_question_leads_to_the_clauses_that_can_decide_such_work(self):
        assert ids(CHART, "q2") == ["H1", "H8", "H9", "H10"]

    def test_a_lane_that_leaves_nothing_open_ends_with_its_last_clause(self):
        assert ids(CHART, "q0") == ["H1", "H2", "H3", "H4"]
        assert ids(flowchart(demo("lotus")), "q4") == ["L11", "-"]

    def test_work_that_comes_without_a_question_has_its_own_lane(self):
        minato = flowchart(demo("minato"))

        alike = lane(minato, "monitoring")
        assert (alike.question, alike.activities) == (None, ("monitoring", "security_operation"))
        assert ids(minato, "routine_task") == ["M1", "M6", "M7"]

    def test_when_every_answer_is_no_the_rest_is_left(self):
        assert ids(CHART, "rest") == ["H1", "-"]
        assert ids(flowchart(demo("minato")), "rest") == ["M1", "M6", "M7"]

    def test_every_edge_leads_from_node_to_node_once(self):
        ways = [(edge.source, edge.branch) for edge in CHART.edges if edge.source != "start"]

        assert len(ways) == len(set(ways))
        assert all(edge.target in CHART.nodes for edge in CHART.edges)

    def test_terms_without_questions_have_a_lane_for_each_kind_of_work(self):
        chart = flowchart(parse(document(scope__classify=[])))

        assert [lane.key for lane in chart.lanes][:2] == ["service_desk", "incident_response"]
        assert all(lane.question is None for lane in chart.lanes)


class TestWalk:
    def test_follows_answers_and_clauses_to_the_outcome(self):
        facts = Facts(
            answers={0: False, 1: False, 2: True},
            system="ec-site",
            cause="third_party",
            warranty=False,
        )

        assert CHART.walk_of(decide(HOSHINO, facts)) == (
            Edge("q0", Branch.NO, "q1"),
            Edge("q1", Branch.NO, "q2"),
            Edge("q2", Branch.YES, "q2:H1"),
            Edge("q2:H1", Branch.NO, "q2:H8"),
            Edge("q2:H8", Branch.NO, "q2:H9"),
            Edge("q2:H9", Branch.YES, "q2:H9:end"),
        )

    def test_stops_at_the_clause_that_waits_for_an_answer(self):
        facts = Facts(answers={0: False, 1: False, 2: True}, system="ec-site", warranty=True)

        walk = CHART.walk_of(decide(HOSHINO, facts))

        assert walk[-1] == Edge("q2:H1", Branch.NO, "q2:H8")

    def test_an_activity_that_was_given_enters_its_lane(self):
        facts = Facts(activity="monitoring", system="core", environment="production")

        walk = CHART.walk_of(decide(HOSHINO, facts))

        assert walk[0] == Edge("start", Branch.YES, "monitoring:H1")
        assert walk[-1].target == "monitoring:H6:end"

    def test_undecided_work_ends_where_nothing_is_left(self):
        lotus = demo("lotus")
        facts = Facts(activity="preventive", system="erp", environment="staging")

        assert flowchart(lotus).walk_of(decide(lotus, facts))[-1].target == "q4:end"

    def test_counts_tickets_by_the_branch_they_took(self):
        verdicts = [
            decide(HOSHINO, Facts(answers={0: True}, system=system, environment="staging", priority="P1"))
            for system in ("ec-site", "core", "back-office")
        ]  # fmt: skip

        counts = CHART.count(verdicts)

        assert counts[Edge("q0", Branch.YES, "q0:H1")] == 3
        assert counts[Edge("q0:H1", Branch.YES, "q0:H1:end")] == 1
        assert counts[Edge("q0:H4", Branch.YES, "q0:H4:end")] == 2

    @given(any_facts)
    @settings(max_examples=150, deadline=None)
    def test_every_walk_is_connected_and_ends_at_the_verdict(self, facts):
        verdict = decide(HOSHINO, facts)
        walk = CHART.walk_of(verdict)

        assert all(one.target == two.source for one, two in pairwise(walk))
        if walk and not verdict.pending and walk[-1].target.endswith(":end"):
            assert CHART.nodes[walk[-1].target].outcome == verdict.outcome


class TestDrawing:
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("compact", [False, True])
    @pytest.mark.parametrize("name", ["hoshino", "minato", "lotus"])
    def test_is_one_accessible_image_without_inline_styles(self, name, compact, language):
        drawn = svg(flowchart(demo(name)), language, compact=compact)
        root = ElementTree.fromstring(drawn)

        assert (root.tag, root.get("role"), root.get("lang")) == (f"{SVG}svg", "img", language)
        named = root.get("aria-labelledby").split()
        assert [root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")] == named
        assert not any(node.get("style") for node in root.iter())
        assert not root.findall(f".//{SVG}style")

    def test_tells_its_reader_in_words_what_it_shows(self):
        description = ElementTree.fromstring(svg(CHART, "ja")).find(f"{SVG}desc").text

        assert "サービスは今、停止または低下していますか。 はい: 障害対応." in description
        assert (
            "H7 本番環境のセキュリティ対応(上限額まで事前承認) (本番): 上限まで事前承認."
            in description
        )

    def test_shows_a_cap_only_to_those_who_see_money(self):
        assert "300,000" not in svg(CHART, "en")
        assert "300,000 JPY" in svg(CHART, "en", money=True)

    def test_draws_the_path_taken_and_the_counts(self):
        verdict = decide(HOSHINO, Facts(activity="service_desk", system="core"))
        walk = CHART.walk_of(verdict)

        drawn = svg(CHART, "en", walk, {walk[-1]: 1234})

        assert drawn.count('class="way taken"') == len(walk)
        assert "Yes · 1,234" in drawn
        assert "The path taken: " in drawn

    def test_a_hostile_text_stays_text(self):
        hostile = '</text><script>alert("1")</script>&'
        terms = parse(document(
            scope__clauses__0__text={"en": hostile},
            scope__classify__0__ask={"en": hostile},
            systems__0__name={"en": hostile},
        ))  # fmt: skip

        root = ElementTree.fromstring(svg(flowchart(terms), "en"))

        assert not [node for node in root.iter() if node.tag.endswith("script")]

    def test_nothing_stands_over_the_edge(self):
        for name in ("hoshino", "minato", "lotus"):
            for compact, most in ((False, 980), (True, 380)):
                root = ElementTree.fromstring(svg(flowchart(demo(name)), "vi", compact=compact))
                tall = float(root.get("viewBox").split()[3])
                for rect in root.iter(f"{SVG}rect"):
                    x, y, w, h = (float(rect.get(side)) for side in ("x", "y", "width", "height"))
                    assert x >= 0
                    assert x + w <= most
                    assert y + h <= tall

    @given(contracts())
    @settings(max_examples=25, deadline=None)
    def test_any_contract_can_be_drawn(self, terms):
        ElementTree.fromstring(svg(flowchart(terms), "vi", compact=True))


class TestText:
    def test_breaks_between_words_and_between_ideographs(self):
        assert wrap("one two three", 10, 50) == ["one two", "three"]
        assert all(width(line, 10) <= 60 for line in wrap("本番環境の障害対応", 10, 60))

    def test_no_line_begins_with_a_closing_sign(self):
        lines = wrap("サービスは今、停止または低下していますか。", 10, 70)

        assert "".join(lines) == "サービスは今、停止または低下していますか。"
        assert not any(line[0] in "、。" for line in lines)

    def test_a_word_longer_than_a_line_is_cut(self):
        lines = wrap("x" * 50, 10, 100)

        assert "".join(lines) == "x" * 50
        assert len(lines) > 3

"""The coverage grid: what decides where, told in few words, and the same as asking case by case."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.domain.coverage import Band, Share, coverage
from contracts.domain.grid import bands_of
from contracts.domain.scope import Facts, QuotaUse, Usage, decide
from contracts.domain.terms import Activity, Cause, Outcome, Priority, Terms, parse
from tests.contracts.domain.sample import document
from tests.contracts.domain.test_scope import demo

SPENT = QuotaUse(count=10**6, minutes=10**6)


def written(*clauses: dict, systems: list | None = None) -> Terms:
    """Return terms with these clauses, their ids and texts filled in."""
    full = [
        {"id": f"C{n}", "text": {"en": "A clause"}, "then": "included", **clause}
        for n, clause in enumerate(clauses, start=1)
    ]
    changes = {"scope__clauses": full, "time__targets": []}
    if systems:
        changes["systems"] = systems
    return parse(document(**changes))


def gaps_of(terms: Terms) -> list[tuple[dict, tuple]]:
    return [({f.fact: f.values for f in gap.facets}, gap.spent) for gap in coverage(terms).gaps]


class TestMatrix:
    def test_names_the_clauses_that_decide_in_a_place_in_their_order(self):
        covered = coverage(demo("hoshino"))

        assert covered.cell("incident_response", "ec-site", "production") == (
            Share(Outcome.INCLUDED, "H2"),
            Share(Outcome.POOL, "H3"),
        )
        assert covered.cell("corrective", "back-office", "staging") == (
            Share(Outcome.NOT_PROVIDED, "H1"),
        )

    def test_shows_where_nothing_decides(self):
        covered = coverage(demo("lotus"))

        assert covered.cell("preventive", "erp", "staging") == (Share(Outcome.UNDECIDED, None),)
        assert covered.outcomes_of("preventive") == {Outcome.POOL, Outcome.UNDECIDED}

    def test_has_a_column_for_each_environment_that_a_system_has(self):
        assert [tuple(place) for place in coverage(parse(document())).places] == [
            ("ec-site", "production"),
            ("ec-site", "staging"),
            ("core", "production"),
        ]

    def test_after_a_quota_the_next_clause_decides(self):
        terms = written({"quota": {"count": 5}}, {"then": "estimate"})

        shares = coverage(terms).cell("perfective", "core", "production")

        assert [share.clause_id for share in shares] == ["C1", "C2"]


class TestGaps:
    def test_a_contract_that_decides_everything_has_none(self):
        assert gaps_of(demo("hoshino")) == gaps_of(demo("minato")) == []

    def test_are_told_in_the_fewest_words(self):
        terms = written(
            {"when": {"environment": ["production"]}},
            {"when": {"activity": [a.value for a in Activity if a != "perfective"]}},
        )

        assert gaps_of(terms) == [({"activity": ("perfective",), "environment": ("staging",)}, ())]

    def test_activities_with_the_same_gap_share_it(self):
        holes = gaps_of(demo("lotus"))

        assert holes[0] == (
            {
                "activity": ("monitoring", "routine_task", "security_operation", "preventive"),
                "environment": ("staging",),
            },
            (),
        )
        assert len(holes) == 3

    def test_an_environment_that_a_system_does_not_have_is_not_named(self):
        terms = written({"when": {"environment": ["production"], "system": ["ec-site"]}})

        assert gaps_of(terms) == [({"environment": ("staging",)}, ()), ({"system": ("core",)}, ())]

    def test_effort_is_cut_at_the_clauses_own_bounds(self):
        terms = written(
            {"when": {"effort": {"at_most": "4h"}}}, {"when": {"effort": {"above": "8h"}}}
        )

        assert gaps_of(terms) == [({"effort_minutes": (Band(240, 480),)}, ())]

    def test_a_used_up_quota_leaves_a_gap_that_says_so(self):
        terms = written(
            {"when": {"activity": ["perfective"]}, "quota": {"count": 5}},
            {"when": {"activity": [a.value for a in Activity if a != "perfective"]}},
        )

        assert gaps_of(terms) == [({"activity": ("perfective",)}, ("C1",))]

    def test_work_larger_than_the_whole_quota_was_never_decided(self):
        terms = written({"quota": {"effort": "10h"}})

        assert gaps_of(terms) == [
            ({"effort_minutes": (Band(600, None),)}, ()),
            ({}, ("C1",)),
        ]


ENVIRONMENTS = [["production"], ["staging"], ["production", "staging"]]


def some(values, most=3):
    return st.lists(
        st.sampled_from([str(v) for v in values]), min_size=1, max_size=most, unique=True
    )


@st.composite
def contracts(draw):
    systems = [
        {"key": key, "name": {"en": key}, "environments": draw(st.sampled_from(ENVIRONMENTS))}
        for key in ("ec-site", "core", "pos")[: draw(st.integers(1, 3))]
    ]
    known = {name for system in systems for name in system["environments"]}
    keys = [system["key"] for system in systems]
    efforts = st.sampled_from(
        [{"at_most": "1h"}, {"above": "1h"}, {"above": "1h", "at_most": "4h"}]
    )
    quotas = st.sampled_from([{"count": 2}, {"effort": "2h"}, {"count": 1, "effort": "4h"}])
    conditions = {
        "activity": some(["corrective", "perfective", "monitoring"]),
        "environment": some(sorted(known), 2),
        "priority": some(Priority),
        "cause": some(list(Cause)[:3]),
        "in_hours": st.booleans(),
        "warranty": st.booleans(),
        "effort": efforts,
    }
    thens = st.sampled_from(["included", "estimate", "not_provided", {"pool": "support"}])
    clauses = []
    for _ in range(draw(st.integers(1, 6))):
        names = draw(st.sets(st.sampled_from(list(conditions)), max_size=3))
        when = {name: draw(conditions[name]) for name in sorted(names)}
        if "environment" not in when and draw(st.booleans()):
            when["system"] = draw(some(keys, 2))
        clause = {"when": when, "then": draw(thens)}
        if draw(st.integers(0, 3)) == 0:
            clause["quota"] = draw(quotas)
        clauses.append(clause)
    return written(*clauses, systems=systems)


def cases(terms: Terms):
    """Yield every case of the grid, asking nothing twice of facts that no clause looks at."""
    looked_at = {name for clause in terms.scope.clauses for name, _ in clause.when.named}
    places = [(s.key, name) for s in terms.systems for name in s.environments]
    others = [
        list(values) if name in looked_at else list(values)[:1]
        for name, values in (
            ("priority", Priority),
            ("cause", Cause),
            ("in_hours", (True, False)),
            ("warranty", (True, False)),
        )
    ]
    activities = ("corrective", "perfective", "monitoring", "service_desk")
    bands = bands_of(terms.scope.clauses)
    for activity, place, *rest, band in product(activities, places, *others, bands):
        yield (activity, *place, *rest), band


def asked(terms: Terms, case: tuple, band: Band) -> tuple[list[str], bool]:
    """Return who decides a case as quotas run out one by one, and whether nobody does at last."""
    activity, system, environment, priority, cause, in_hours, warranty = case
    facts = Facts(
        activity=activity,
        system=system,
        environment=environment,
        priority=priority,
        cause=cause,
        in_hours=in_hours,
        warranty=warranty,
        effort_minutes=band.minutes,
    )
    chain: list[str] = []
    while True:
        verdict = decide(terms, facts, Usage(dict.fromkeys(chain, SPENT)))
        assert not verdict.pending
        if verdict.clause_id is None:
            return chain, True
        if terms.clause(verdict.clause_id).quota is None:
            return [*chain, verdict.clause_id], False
        chain.append(verdict.clause_id)


FACTS = ("activity", "system", "environment", "priority", "cause", "in_hours", "warranty")


def told(gap, case: tuple, band: Band) -> bool:
    known = {**dict(zip(FACTS, case, strict=True)), "effort_minutes": band}
    return all(known[facet.fact] in facet.values for facet in gap.facets)


class TestAgainstAskingCaseByCase:
    @given(contracts())
    @settings(max_examples=60, deadline=None)
    def test_the_matrix_and_the_gaps_are_those_of_decide(self, terms):
        covered = coverage(terms)
        seen: dict[tuple, set[str | None]] = {}
        for case, band in cases(terms):
            chain, open_end = asked(terms, case, band)
            seen.setdefault(case[:3], set()).update([*chain, *([None] if open_end else [])])
            gaps = [gap for gap in covered.gaps if told(gap, case, band)]
            if open_end:
                assert any(set(gap.spent) == set(chain) for gap in gaps), (case, band)
            assert all(open_end and set(chain) <= set(gap.spent) for gap in gaps), (case, band)

        for place, clauses in seen.items():
            assert {share.clause_id for share in covered.cell(*place)} == clauses
        decided = {clause for clauses in seen.values() for clause in clauses} - {None}
        assert covered.reached == decided

    @given(contracts())
    @settings(max_examples=60, deadline=None)
    def test_no_gap_says_a_word_too_many(self, terms):
        """Whatever is named is needed: without it, the gap would hold a case that is decided."""
        asked_cases = [(case, band, asked(terms, case, band)) for case, band in cases(terms)]
        for gap in coverage(terms).gaps:
            for facet in gap.facets:
                if facet.fact == "activity" and "service_desk" in facet.values:
                    continue  # the other activities behave as this one
                wider = [f for f in gap.facets if f is not facet]
                assert any(
                    not (open_end and set(chain) <= set(gap.spent))
                    for case, band, (chain, open_end) in asked_cases
                    if told(type(gap)(tuple(wider)), case, band)
                ), facet


@pytest.mark.parametrize("name", ["hoshino", "minato", "lotus"])
def test_every_clause_of_the_demo_contracts_is_reached(name):
    terms = demo(name)

    assert coverage(terms).reached == {clause.id for clause in terms.scope.clauses}

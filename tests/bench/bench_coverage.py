"""The coverage grid, the lint and the chart of a large contract, beside asking a few cases."""

from itertools import product

from contracts import terms_yaml
from contracts.domain.coverage import coverage
from contracts.domain.examples import split
from contracts.domain.flowchart import flowchart
from contracts.domain.lint import lint
from contracts.domain.scope import Facts, decide
from contracts.domain.terms import Activity, Cause, Priority, Terms, parse
from contracts.flowchart_svg import svg
from tests.bench.bench_rules import CONTRACT
from tests.bench.machine import Row, row

SYSTEMS, CLAUSES = 10, 30
FEW_CASES = 100


def run() -> list[Row]:
    terms = large_contract()
    size = f"{CLAUSES}x{SYSTEMS}"
    ask = few_cases(terms)
    holidays = {"JP": []}
    chart = flowchart(terms)
    return [
        row("coverage", size, lambda: coverage(terms), ask, rounds=11),
        row("lint", size, lambda: lint(terms, holidays), ask, rounds=11),
        row("flowchart", size, lambda: flowchart(terms), ask, rounds=11),
        row("svg", len(chart.nodes), lambda: svg(chart, "ja"), ask, rounds=11),
    ]


def few_cases(terms: Terms):
    """Return the floor: `decide` on a hundred cases of the grid, which has 864,000 or more."""
    cases = [
        Facts(activity=a, system="system-1", environment="staging", priority=p, cause=c,
              in_hours=True, warranty=False, effort_minutes=60)
        for a, p, c in product(Activity, Priority, Cause)
    ][:FEW_CASES]  # fmt: skip

    def floor() -> None:
        for facts in cases:
            decide(terms, facts)

    return floor


def large_contract() -> Terms:
    """Return thirty clauses on ten systems, each looking at several facts, with holes left."""
    document, _examples = split(terms_yaml.load(CONTRACT.read_text(encoding="utf-8")))
    document["systems"] = [
        {"key": f"system-{n}", "name": {"en": f"System {n}"}, "environments": ["production", "staging"]}
        for n in range(SYSTEMS)
    ]  # fmt: skip
    document["scope"]["clauses"] = [clause(number) for number in range(CLAUSES)]
    return parse(document)


def clause(number: int) -> dict:
    activities = [activity.value for activity in Activity]
    causes = [cause.value for cause in Cause]
    facts = {
        "activity": [activities[number % 9], activities[number * 5 % 9]][: 1 + (number % 9 > 0)],
        "system": [f"system-{number * 3 % SYSTEMS}", f"system-{(number * 3 + 1) % SYSTEMS}"],
        "environment": [("production", "staging")[number % 2]],
        "priority": ["P1", "P2", "P3", "P4"][number % 3 :],
        "cause": causes[number % 4 :],
        "in_hours": bool(number % 2),
        "effort": {"at_most": f"{2 + number % 5}h"},
    }
    facts["activity"] = list(dict.fromkeys(facts["activity"]))
    named = [name for n, name in enumerate(facts) if (number + n) % 3 or n == number % 7]
    written = {
        "id": f"C{number}",
        "text": {"en": "A clause", "ja": "条項"},
        "when": {name: facts[name] for name in named},
        "then": ("included", "estimate", {"pool": "support"})[number % 3],
    }
    return {**written, "quota": {"count": 5}} if number % 6 == 0 else written

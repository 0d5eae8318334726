"""What decides where: the coverage matrix with its gaps, the lint, and the agreed examples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contracts.checking import check_version
from contracts.domain.coverage import Coverage, Gap, Place, Share, coverage
from contracts.domain.examples import differing, parse_examples
from contracts.domain.terms import Activity, Outcome, Terms
from contracts.lint_words import differs_sentence, gap_sentence, sentence
from contracts.models import ContractVersion
from contracts.views.cases import case_query
from contracts.views.shown import shown_contract


@require_GET
def contract_coverage(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the matrix and the examples to everybody, what the lint found to the vendor."""
    context = shown_contract(request, public_id)
    if terms := context["terms"]:
        covered = coverage(terms)
        context |= {
            "columns": columns_of(covered),
            "rows": rows_of(covered),
            "gaps": [gap_sentence(gap) for gap in covered.gaps],
            "examples": examples_of(context["shown"], terms),
            "lint": lint_of(context["shown"]) if context["for_vendor"] else None,
            "writes": context["shown"].activated_at is None and context["writes_drafts"],
        }
    return render(request, "contracts/coverage_page.html", context)


@dataclass(frozen=True, slots=True)
class Part:
    """Systems that share these environments in a column."""

    systems: tuple[str, ...]
    environments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What decides one kind of work in some places: clauses by outcome, and what nothing decides."""

    outcomes: list[tuple[Outcome, list[str]]]
    gaps: list[tuple[str, list[str]]]  # said in words, and the addresses of its cases here

    @property
    def is_bare(self) -> bool:
        return not self.outcomes


def places_alike(covered: Coverage) -> list[list[Place]]:
    """Return the places in columns: those where every kind of work is decided alike share one."""
    alike: dict[tuple[tuple[Share, ...], ...], list[Place]] = {}
    for place in covered.places:
        key = tuple(covered.cells[activity, place] for activity in Activity)
        alike.setdefault(key, []).append(place)
    return list(alike.values())


def columns_of(covered: Coverage) -> list[list[Part]]:
    return [list(parts_of(places)) for places in places_alike(covered)]


def parts_of(places: Sequence[Place]) -> Iterator[Part]:
    environments: dict[str, list[str]] = {}
    for place in places:
        environments.setdefault(place.system, []).append(place.environment)
    for names in dict.fromkeys(map(tuple, environments.values())):
        yield Part(tuple(s for s, own in environments.items() if tuple(own) == names), names)


def rows_of(covered: Coverage) -> list[tuple[Activity, list[Cell]]]:
    columns = places_alike(covered)
    return [(activity, [cell_of(covered, activity, c) for c in columns]) for activity in Activity]


def cell_of(covered: Coverage, activity: Activity, places: Sequence[Place]) -> Cell:
    outcomes: dict[Outcome, list[str]] = {}
    for share in covered.cells[activity, places[0]]:
        if share.clause_id:
            outcomes.setdefault(share.outcome, []).append(share.clause_id)
    open_to = [g for g in covered.gaps if any(reaches(g, activity, place) for place in places)]
    parts = list(parts_of(places))
    gaps = [
        (gap_sentence(gap), [case_of(gap, activity, part) for part in parts]) for gap in open_to
    ]
    return Cell(list(outcomes.items()), gaps)


def case_of(gap: Gap, activity: Activity, part: Part) -> str:
    where = {"system": part.systems, "environment": part.environments}
    return case_query(gap, activity=[activity.value], **where)


def reaches(gap: Gap, activity: Activity, place: Place) -> bool:
    """Return whether some case of the gap is in this cell."""
    here = {"activity": activity, "system": place.system, "environment": place.environment}
    return all(f.fact not in here or here[f.fact] in f.values for f in gap.facets)


def lint_of(version: ContractVersion) -> dict[str, list[str]]:
    """Return what the lint says in sentences; the gaps stand under the matrix."""
    checked = check_version(version)
    return {
        "refusals": [*map(sentence, checked.refusals), *map(differs_sentence, checked.differs)],
        "warnings": [sentence(finding) for finding in checked.warnings if finding.code != "gap"],
    }


def examples_of(version: ContractVersion, terms: Terms) -> list[dict[str, Any]]:
    """Return the version's test cases with what was agreed, and whether it is so decided."""
    examples = parse_examples(version.examples, terms)
    other = {found.index for found in differing(examples, terms)}
    return [
        {"title": one.title, "expected": one.expected, "holds": index not in other}
        for index, one in enumerate(examples)
    ]

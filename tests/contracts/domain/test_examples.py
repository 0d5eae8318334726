"""Contract test cases: written beside the terms, and asked of them."""

import pytest

from contracts.domain.examples import differing, dump_examples, parse_examples, split
from contracts.domain.terms import TermsInvalid, parse
from tests.contracts.domain.sample import document

TERMS = parse(document())
SMALL = {"activity": "perfective", "effort": "3h"}


def example(given: dict, expect, **more) -> dict:
    return {"title": "A request", "given": given, "expect": expect, **more}


@pytest.mark.parametrize(
    ("written", "is_met"),
    [
        (example(SMALL, "included", clause="S2"), True),
        (example(SMALL, "included"), True),
        (example(SMALL, "included", clause="S1"), False),
        (example({**SMALL, "used_up": ["S2"]}, "estimate", clause="S6"), True),
        (example({**SMALL, "effort": "5h"}, "included"), False),
        (example({"activity": "service_desk"}, {"pool": "support"}), True),
        (example({"activity": "security_operation"}, {"preapproved": {"cap": 300_000}}), True),
        (example({"activity": "security_operation"}, {"preapproved": {"cap": 1}}), False),
        (example({"activity": "preventive"}, "undecided"), True),
        (example({"answers": [False]}, "pending", asks="answers.1"), True),
        (example({"answers": [False, False, True]}, {"pool": "support"}), True),
        (example({"activity": "perfective"}, "pending", asks="cause"), False),
    ],
)
def test_an_example_is_met_or_named(written, is_met):
    assert (differing(parse_examples([written], TERMS), TERMS) == []) is is_met


def test_examples_survive_json():
    written = [example(SMALL, "included", clause="S2"), example({}, "pending", asks="answers.0")]

    assert dump_examples(parse_examples(written, TERMS)) == written


def test_their_errors_come_all_at_once_with_path_and_fix():
    with pytest.raises(TermsInvalid) as refusal:
        parse_examples([example({"effort": 3}, "free"), {"given": {}}], TERMS)

    assert [error.split(": ")[0] for error in refusal.value.errors] == [
        "examples[0].given.effort",
        "examples[0].expect",
        "examples[1].title",
        "examples[1].expect",
    ]


@pytest.mark.parametrize(
    ("written", "error"),
    [
        (example({"system": "ec"}, "included"),
         "examples[0].given.system: 'ec' is not one of the systems: ec-site, core"),
        (example({"system": "core", "environment": "staging"}, "included"),
         "examples[0].given.environment: 'staging' is not one of the environments: production"),
        (example({}, "included", clause="S9"),
         "examples[0].clause: 'S9' is not one of the clauses: S1, S2, S3, S4, S5, S6"),
        (example({"answers": [True] * 5}, "included"),
         "examples[0].given.answers: answers 5 of 4 questions"),
        (example({}, "included", asks="cause"),
         "examples[0].asks: is only for an example that expects pending: remove it"),
    ],
)  # fmt: skip
def test_names_must_mean_something_in_the_terms(written, error):
    with pytest.raises(TermsInvalid) as refusal:
        parse_examples([written], TERMS)

    assert refusal.value.errors == (error,)


def test_they_stand_in_the_document_beside_the_terms():
    terms, written = split({**document(), "examples": [example({}, "undecided")]})

    assert (terms, len(written)) == (document(), 1)
    assert split(document()) == (document(), [])

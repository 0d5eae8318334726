from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import terms_yaml
from contracts.domain.examples import split
from contracts.domain.terms import dump, parse
from contracts.terms_yaml import YamlRefused
from tests.contracts.domain.sample import DOCUMENT

DEMO = Path(__file__).parents[2] / "portal" / "demo" / "contracts"


def test_reads_what_people_write():
    text = """
    tax: {rate: 10%, round: down, on: total}
    special: {2026-12-29: []}
    ask: {en: Is the service down or degraded now?, ja: サービスは今止まっていますか}
    norway: no
    at: 12:30
    fee: 800000
    holiday: 1.35
    live: true
    nothing:
    """

    assert terms_yaml.load(text) == {
        "tax": {"rate": "10%", "round": "down", "on": "total"},
        "special": {"2026-12-29": []},
        "ask": {
            "en": "Is the service down or degraded now?",
            "ja": "サービスは今止まっていますか",
        },
        "norway": "no",
        "at": "12:30",
        "fee": 800_000,
        "holiday": 1.35,
        "live": True,
        "nothing": None,
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x [1]\nb: *x", "line 1, column 4: anchors and aliases are not allowed"),
        ("a: !!python/object/apply:os.system [ls]", "line 1, column 4: tags are not allowed"),
        ("a: !x 1", "tags are not allowed"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1: 'a' stands twice"),
        ("a: {b: 1, b: 2}", "'b' stands twice"),
        ("1: a", "'1' is no name"),
        ("? [a, b]\n: 1", "is no name"),
        ("a: " + "[" * 13 + "]" * 13, "nested more than 12 deep"),
        ("[" * 100_000, "nested more than 12 deep"),
        ("a: '" + "x" * 256 * 1024 + "'", "longer than 256 kB"),
        ("- a", "not a mapping"),
        ("", "not a mapping"),
        ("a: [1", "line "),
        ("a: 1\n--- \nb: 2", "another document"),
        ("a: \x00", "not allow"),
        ("a: \ud800", "not allow"),
    ],
)
def test_refuses_what_is_more_than_data(text, problem):
    with pytest.raises(YamlRefused, match=problem.replace("[", r"\[")):
        terms_yaml.load(text)


def test_a_merge_is_only_a_name():
    assert terms_yaml.load("<<: {a: 1}") == {"<<": {"a": 1}}


def test_the_sample_survives_yaml():
    document = dump(parse(DOCUMENT))

    assert terms_yaml.load(terms_yaml.dump(document)) == document


@pytest.mark.parametrize("path", sorted(DEMO.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_demo_contract_survives_yaml(path):
    terms = parse(split(terms_yaml.load(path.read_text(encoding="utf-8")))[0])

    assert parse(terms_yaml.load(terms_yaml.dump(dump(terms)))) == terms


def test_there_are_three_demo_contracts():
    assert {path.stem for path in DEMO.glob("*.yaml")} == {"hoshino", "minato", "lotus"}


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.sampled_from(["yes", "on", "1.0", "01", "1:30", "2026-01-01", "~", "", "=", "<<", "0x1f"])
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abcd", min_size=1), plain, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_what_is_dumped_is_loaded_unchanged(document):
    assert terms_yaml.load(terms_yaml.dump(document)) == document

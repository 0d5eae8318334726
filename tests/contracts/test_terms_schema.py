"""The published JSON Schema: it says what the portal reads, no less and no more."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from contracts import terms_yaml
from contracts.domain.schema import schema
from contracts.domain.terms import dump, parse
from tests.contracts.domain.sample import DOCUMENT, document
from tests.contracts.domain.test_scope import DEMO
from tests.contracts.test_contract_files import clean

SCHEMA = schema()
TYPES = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
    "boolean": bool, "null": type(None),
}  # fmt: skip
UNDERSTOOD = {
    "$ref", "$defs", "$schema", "type", "enum", "const", "pattern", "properties", "required",
    "additionalProperties", "patternProperties", "propertyNames", "items", "prefixItems", "anyOf",
    "oneOf", "minimum",
    "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
    "title", "description", "default", "format",
}  # fmt: skip


def wrong(value: Any, rule: Any, path: str = "$") -> list[str]:
    """Return where `value` breaks `rule`: the keywords of JSON Schema that ours uses."""
    if rule is True or rule is False:
        return [] if rule else [f"{path}: not allowed"]
    assert set(rule) <= UNDERSTOOD, set(rule) - UNDERSTOOD
    found = []
    if "$ref" in rule:
        found += wrong(value, SCHEMA["$defs"][rule["$ref"].rpartition("/")[2]], path)
    for key in ("anyOf", "oneOf"):
        met = [each for each in rule.get(key, ()) if not wrong(value, each, path)]
        if key in rule and (not met or (key == "oneOf" and len(met) > 1)):
            found.append(f"{path}: meets {len(met)} of {key}")
    if value is None:
        return found if rule.get("type", "null") == "null" else [*found, f"{path}: is null"]
    kinds = rule.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_a(value, kind) for kind in kinds):
        return [*found, f"{path}: is not {kinds}"]
    if "enum" in rule and value not in rule["enum"]:
        found.append(f"{path}: not in the enum")
    if "const" in rule and value != rule["const"]:
        found.append(f"{path}: not the constant")
    if isinstance(value, str):
        found += _text(value, rule, path)
    elif isinstance(value, dict):
        found += _object(value, rule, path)
    elif isinstance(value, list):
        found += _sized(len(value), rule, "Items", path)
        for index, item in enumerate(value):
            found += wrong(item, rule.get("items", True), f"{path}[{index}]")
    elif not rule.get("minimum", value) <= value <= rule.get("maximum", value):
        found.append(f"{path}: out of bounds")
    return found


def is_a(value: Any, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _text(value: str, rule: dict, path: str) -> list[str]:
    found = _sized(len(value), rule, "Length", path)
    if "pattern" in rule and not re.search(rule["pattern"], value):
        found.append(f"{path}: does not match {rule['pattern']}")
    return found


def _object(value: dict, rule: dict, path: str) -> list[str]:
    found = _sized(len(value), rule, "Properties", path)
    found += [f"{path}: lacks {key}" for key in rule.get("required", ()) if key not in value]
    for key, item in value.items():
        known = rule.get("properties", {})
        patterns = rule.get("patternProperties", {}).items()
        inner = next((r for p, r in patterns if re.search(p, key)), None) or known.get(key)
        inner = rule.get("additionalProperties", True) if inner is None else inner
        found += wrong(item, inner, f"{path}.{key}")
        found += wrong(key, rule.get("propertyNames", True), f"{path}.{key}")
    return found


def _sized(size: int, rule: dict, what: str, path: str) -> list[str]:
    least, most = rule.get(f"min{what}", 0), rule.get(f"max{what}", size)
    return [] if least <= size <= most else [f"{path}: {size} {what}"]


def test_is_printed(capsys):
    call_command("terms_schema")

    assert json.loads(capsys.readouterr().out) == SCHEMA
    assert SCHEMA["$schema"].endswith("2020-12/schema")


def test_the_published_file_is_what_the_command_prints(capsys):
    call_command("terms_schema")

    published = Path(settings.BASE_DIR, "portal", "docs", "terms.schema.json")
    assert published.read_text(encoding="utf-8") == capsys.readouterr().out


@pytest.mark.parametrize("path", sorted(DEMO.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_example_contracts_meet_it(path):
    written = terms_yaml.load(path.read_text(encoding="utf-8"))
    terms = {key: value for key, value in written.items() if key != "examples"}

    assert wrong(written, SCHEMA) == []
    assert wrong(dump(parse(terms)), SCHEMA) == []


@pytest.mark.parametrize("written", [DOCUMENT, clean(), dump(parse(DOCUMENT))])
def test_what_the_portal_reads_and_writes_meets_it(written):
    assert wrong(written, SCHEMA) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"currencies": "JPY"}, "$.currencies: not allowed"),
        ({"cost__pools__0__at_renewal": "burn"}, "$.cost.pools[0].at_renewal"),
        ({"cost__triage": 30}, "$.cost.triage: is not ['string']"),
        ({"cost__monthly_fee": None}, "$.cost: lacks monthly_fee"),
        ({"cost__monthly_fee": -1}, "$.cost.monthly_fee: out of bounds"),
        ({"scope__clauses__0__when__activity": ["magic"]}, "$.scope.clauses[0].when.activity"),
        ({"terms": 2}, "$.terms: not the constant"),
    ],
)
def test_what_the_portal_refuses_breaks_it(change, said):
    assert any(each.startswith(said) for each in wrong(document(**change), SCHEMA))


def test_defaults_are_as_a_file_writes_them():
    defaults = [
        (f"{name}.{key}", rule["default"], rule)
        for name, part in SCHEMA["$defs"].items()
        for key, rule in part.get("properties", {}).items()
        if rule.get("default") is not None
    ]

    assert ("CostTerms.triage", "0m") in [row[:2] for row in defaults]
    assert ("CostTerms.closing_grace", "3bd") in [row[:2] for row in defaults]
    assert [path for path, value, rule in defaults if wrong(value, rule)] == []


def test_every_key_of_the_terms_is_in_it():
    properties = SCHEMA["properties"]

    assert set(properties) == {*DOCUMENT, "examples"}
    assert set(SCHEMA["$defs"]["CostTerms"]["properties"]) == set(DOCUMENT["cost"])
    assert {"takes_effect", "at_renewal"} <= set(SCHEMA["$defs"]["Pool"]["properties"])

"""
Every text field of every write of the API, filled with the ids of globex's objects.

The operations and their bodies come from the API's own description. An id of another client must be
answered exactly like one that never was: same status, same words, and no error of ours.
"""

import json
import re
from typing import Any

import pytest
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator

from portal.api.schema import WALL_TIME
from tenants.models import Membership
from tests.api.client import Api
from tests.isolation.routes import MEANINGS, NEVER, Route
from tests.isolation.rows import World
from tickets.api.overage import MONTH

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

SAMPLES = {"date-time": "2026-04-16T01:00:00Z", "date": "2026-04-16", "binary": "x"}
PATTERNS = {MONTH: "2026-04", WALL_TIME: "09:00"}


FAILS = {  # with its reason; every other step answers our made-up rows too
    "/api/v1/reports/{public_id}/correct/": "The made-up month has no version in force to count by.",
}


def described() -> tuple[dict[str, Any], list[tuple[str, str, dict[str, Any]]]]:
    """Return the components, and each write as method, path and the schema of its JSON body."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    writes = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            if body := content.get("application/json"):
                writes.append((method, path, body["schema"]))
    return document["components"]["schemas"], writes


PARTS, WRITES = described()


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    for inner in schema.get("allOf", ()):
        schema = resolved(inner) | {k: v for k, v in schema.items() if k != "allOf"}
    if "$ref" in schema:
        schema = PARTS[schema["$ref"].rpartition("/")[2]]
    return schema


def sample(schema: dict[str, Any]) -> Any:
    """Return a value that fits the schema."""
    schema = resolved(schema)
    if options := schema.get("enum"):
        return options[0]
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return sample(schema[several][0])
    kind = schema.get("type", "object")
    if kind == "object":
        required = schema.get("required", ())
        return {k: sample(v) for k, v in schema.get("properties", {}).items() if k in required}
    if kind == "array":
        return [sample(schema["items"])]
    if kind == "string":
        known = PATTERNS.get(schema.get("pattern", ""), "a reason")
        return SAMPLES.get(schema.get("format", ""), known)[: schema.get("maxLength")]
    return {"boolean": True}.get(kind, schema.get("minimum", 1))


def fields_of(schema: dict[str, Any]) -> list[tuple[str, bool]]:
    """Return the names of free text fields, and whether each is a list of them."""
    found = []
    for name, inner in resolved(schema).get("properties", {}).items():
        one = resolved(inner)
        many = one.get("type") == "array"
        one = resolved(one["items"]) if many else one
        if one.get("type") == "string" and not one.keys() & {"enum", "format"} and not is_time(one):
            found.append((name, many))
    return found


def is_time(schema: dict[str, Any]) -> bool:
    """Whether it is read as a time on the wall: a plain number may be one (2044), another is none."""
    return schema.get("pattern") == WALL_TIME


SWEPT = [(m, p, s) for m, p, s in WRITES if fields_of(s)]


@pytest.fixture
def worlds(acme, globex) -> tuple[World, World]:
    return World(acme).whole(), World(globex).whole()


def address_of(path: str, world: World) -> str:
    """Return the path with our own objects in it, so that only the field is another's."""
    plain = re.sub(r"\{(\w+)\}", r"<\1>", path.strip("/")) + "/"
    route = Route(plain)
    return route.filled({name: MEANINGS[name][0](world) for name in route.names})


def ids_of(world: World) -> list[str]:
    """Return what a field may call globex's objects: keys, public ids, plain numbers."""
    people = world.public_id_of(Membership)
    named = [MEANINGS[f"api/v1/{name}"][0](world) for name in
             ("tickets/<key>", "contracts/<public_id>", "estimates/<public_id>")]  # fmt: skip
    return [people, *named, str(world.id_of(Membership)), world.tenant.code]


def nobodys(identifier: str) -> str:
    """Return an identifier of the same form that nobody has."""
    if identifier.isdigit():
        return "9" * len(identifier)
    if identifier.isupper() and identifier.isalpha():
        return "NOBODY"
    return f"{identifier.partition('-')[0]}-9999" if "-7" in identifier else NEVER


def asked(api: Api, method: str, url: str, body: dict[str, Any], said: str) -> tuple[int, str]:
    """Return status and words of an answer, as if the field had said nothing special; undo it."""
    with transaction.atomic():
        answer = getattr(api, method)(url, json.dumps(body), content_type="application/json")
        transaction.set_rollback(True)
    words = answer.text.replace(said, "*")
    words = re.sub(r'"(id|key|public_id|\w+_at|version)":"[^"]*"', "", words)
    return answer.status_code, re.sub(r'"\w+_seconds":\d+', "", words)  # a clock runs on between


def test_there_are_many():
    assert len(SWEPT) >= 30


@pytest.mark.parametrize(
    ("method", "path", "schema"), SWEPT, ids=[f"{m} {p}" for m, p, _s in SWEPT]
)
def test_anothers_id_in_a_field_is_as_one_that_never_was(method, path, schema, worlds, members):
    ours, theirs = worlds
    url, base = address_of(path, ours), sample(schema)
    for role in ("account_manager", "service_owner"):
        api = Api(members[role])
        api.raise_request_exception = False
        for name, many in fields_of(schema):
            for identifier in ids_of(theirs):
                answers = [
                    asked(api, method, url, base | {name: [said] if many else said}, said)
                    for said in (identifier, nobodys(identifier))
                ]

                assert answers[0] == answers[1], (role, name, identifier)
                assert path in FAILS or answers[0][0] < 500, (role, name, answers[0])


ODD = {  # as JSON has them; none may be more than a refusal
    "a NUL": '"a\\u0000b"',
    "half a character": '"\\ud800"',
    "turned and hidden": '"\\u202egpj.exe\\u200b\\u2028 \\u0007 \U0001f468\u200d\U0001f469 e\u0301"',
    "a long line": f'"{"x" * 1_000_000}"',
}


@pytest.mark.parametrize(
    ("method", "path", "schema"), SWEPT, ids=[f"{m} {p}" for m, p, _s in SWEPT]
)
def test_odd_characters_are_stored_or_refused(method, path, schema, acme, members):
    world = World(acme).whole()
    url, base = address_of(path, world), sample(schema)
    api = Api(members["account_manager"])
    api.raise_request_exception = False
    fails = asked(api, method, url, base, "*")[0] >= 500
    assert fails == (path in FAILS)
    for name, many in fields_of(schema):
        for what, said in ODD.items():
            body = json.dumps(base | {name: ["@@"] if many else "@@"}).replace('"@@"', said)
            with transaction.atomic():
                answer = getattr(api, method)(url, body, content_type="application/json")
                transaction.set_rollback(True)
            assert fails or answer.status_code < 500, (name, what, answer.text)

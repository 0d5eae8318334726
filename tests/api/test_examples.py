"""The reference's page, and that each example in it is a request that its operation describes."""

import pytest
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from portal.api.examples import EXAMPLES
from tests.factories import MembershipFactory
from tests.portal.desk import browser_of


@pytest.fixture(scope="module")
def schema() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)


def body_of(schema: dict, operation: str) -> dict:
    found = next(
        told
        for path in schema["paths"].values()
        for told in path.values()
        if told["operationId"] == operation
    )
    return found["requestBody"]["content"]["application/json"]


def test_every_operation_with_a_body_has_an_example(schema):
    takes = {
        told["operationId"]
        for path in schema["paths"].values()
        for told in path.values()
        if "application/json" in told.get("requestBody", {}).get("content", {})
    }

    assert len(takes) >= 80
    assert takes - EXAMPLES.keys() == set()


@pytest.mark.parametrize("operation", EXAMPLES)
def test_an_example_is_shown_and_is_what_the_operation_takes(schema, operation):
    content = body_of(schema, operation)
    shown = [example["value"] for example in content["examples"].values()]
    components = {"components": schema["components"]}
    validator = Draft202012Validator({**content["schema"], **components})

    assert shown == [EXAMPLES[operation]]
    assert [error.message for error in validator.iter_errors(EXAMPLES[operation])] == []
    name = content["schema"]["$ref"].rpartition("/")[2]
    known = schema["components"]["schemas"][name]["properties"]
    assert EXAMPLES[operation].keys() <= known.keys()


@pytest.mark.django_db
class TestThePage:
    def test_is_for_people_who_signed_in(self, acme, client):
        assert client.get("/api/docs/").status_code == 302
        page = browser_of(MembershipFactory(tenant=acme)).get("/api/docs/")
        assert page.status_code == 200
        assert "swagger-ui-bundle.js" in page.text
        assert "unsafe-inline" not in page["Content-Security-Policy"]

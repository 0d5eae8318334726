"""The API describes itself completely, and the description is for people who signed in."""

import pytest
from django.core.management import call_command

from tests.api.client import Api
from tests.factories import MembershipFactory


def test_it_is_valid_and_leaves_nothing_to_guess(tmp_path):
    file = tmp_path / "schema.yaml"

    call_command("spectacular", validate=True, fail_on_warn=True, file=str(file))

    assert "/api/v1/tickets/{key}/start/" in file.read_text()


@pytest.mark.django_db
def test_it_is_read_with_a_token(acme):
    assert Api(MembershipFactory(tenant=acme)).get("/api/schema/").status_code == 200
    assert Api().get("/api/schema/").status_code == 401

"""
Every operation of the API's own description, asked as each role what it says may be asked.

No answer may be a 5xx, have a status that is not described, or not fit its schema. A few examples an
operation here; many more by `make prove`. The same each time: nothing is drawn by chance.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi

from tenants.scoping import tenant_scope
from tests.api.client import token_of
from tests.portal.desk import Desk, desk_of
from tickets import services

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
]
FEWEST = 60  # operations


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the test's connection between requests, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def desk(acme) -> Desk:
    return desk_of(acme)


@pytest.fixture
def named(desk) -> dict[str, str]:
    """What the names in an address mean: objects that are there."""
    ticket = desk.open()
    outside = desk.open(answers={0: False, 1: False, 2: True}, type="change_request")
    now, engineer = desk.after(5), desk.people["operations_engineer"]
    with tenant_scope(desk.tenant):
        handoff = services.offer_handoff(
            ticket=ticket, actor=engineer, evidence={"symptom": "Hangs."}, now=now
        )
        dispute = services.open_dispute(
            ticket=outside, actor=desk.people["service_owner"], reason="It is a fault.", now=now
        )
        estimate = services.draft_estimate(
            ticket=outside, actor=engineer, now=now, lines=[{"text": "Work", "amount": 1000}]
        )
    return {
        "tickets": ticket.key,
        "contracts": desk.contract.public_id,
        "estimates": estimate.public_id,
        "reports": "A" * 16,
        "handoffs": handoff.public_id,
        "disputes": dispute.public_id,
        "outside": outside.key,
    }


def placed(path: str, named: dict[str, str]) -> dict[str, Any]:
    """Return the parameters of an address."""
    first = path.strip("/").split("/")[2]
    about = "outside" if "disputes/" in path or path.endswith("/estimates/") else first
    subject = named["disputes" if "disputes/" in path else "handoffs"]
    own = {"key": named.get(about), "public_id": named.get(first), "subject": subject}
    return own | {"number": 1, "contract": named["contracts"], "month": "2026-04"}


def aimed(case, named: dict[str, str]):
    """Return the case with addresses and contracts that exist, or it would end at a 404."""
    meanings = placed(case.operation.full_path, named)
    for name in case.path_parameters or {}:
        case.path_parameters[name] = meanings[name]
    if isinstance(case.body, dict) and "contract" in case.body:
        case.body["contract"] = named["contracts"]
    return case


def fuzz(desk: Desk, named: dict[str, str], examples: int) -> int:
    """Ask every operation, each example as every role; return how many operations there are."""
    application = get_wsgi_application()
    tokens = {role: f"Bearer {token_of(member)[1]}" for role, member in desk.people.items()}
    schema = schemathesis.openapi.from_wsgi(
        "/api/schema/", application, headers={"Authorization": tokens["requester"]}
    )
    few = settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:

        @few
        @given(case=operation.as_strategy())
        def ask(case) -> None:
            aimed(case, named)
            for token in tokens.values():
                response = case.call(headers={"Authorization": token})
                case.validate_response(response, checks=CHECKS)

        ask()
    return len(operations)


def test_every_operation_answers_as_it_says(desk, named):
    assert fuzz(desk, named, examples=2) >= FEWEST


@pytest.mark.prove
def test_every_operation_answers_as_it_says_to_many_more(desk, named):
    assert fuzz(desk, named, examples=100) >= FEWEST

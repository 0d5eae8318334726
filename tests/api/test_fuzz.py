"""
Every operation of the API's own description, asked as each role what it says may be asked.

No answer may be a 5xx, have a status that is not described, or not fit its schema. The request that
the reference shows comes first, then a few drawn ones here. By `make prove` PROVE_EXAMPLES of them
(20), and as many that the description forbids: each line of its output says what one operation was
answered. The same each time: nothing is drawn by chance.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, time
from time import monotonic
from typing import Any

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import checks
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as openapi

from portal.api.examples import EXAMPLES
from reports.models import ReportRemark
from reports.services.issue import issue_report
from tenants.models import Job
from tenants.scoping import tenant_scope
from tests.api.client import token_of
from tests.isolation.rows import World
from tests.portal.desk import NOON, Desk, desk_of
from tests.tickets.test_routines import PLAN, TODAY
from tickets import services
from tickets.models import (
    Absence,
    AlertSource,
    AlertWindow,
    Attachment,
    Decision,
    FaqEntry,
    GlossaryTerm,
    Letter,
    Link,
    Mailbox,
    Notification,
    Pattern,
    PurchaseOrderFile,
    Release,
    RoutineProof,
    SecurityFinding,
    Stage,
    Swap,
    Ticket,
    TicketCounter,
)
from tickets.services.bulk import upload_bulk
from tickets.services.replays import ask_replay
from tickets.services.rosters import RosterPlan, write_roster
from tickets.services.routines import create_routine

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
]
ISSUES = b"Key,Title,Received\r\nA-1,The cart,2026-04-08 10:00\r\n"
APRIL = date(2026, 4, 1)
EDGES = {  # what is a date or an instant all the same
    "date": ["0001-01-01", "1970-01-01", "9999-12-31"],
    "date-time": ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-04-15T10:00:00-20:30"],
}
FEWEST = 120  # operations
SHARES = 8  # of the long run: each can be run by itself
MANY = int(os.environ.get("PROVE_EXAMPLES", "20"))  # an operation of the long run


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
def named(desk) -> dict[str, Any]:
    """What the names in an address mean, by the resource they follow: objects that are there."""
    world = World(desk.tenant)
    world.id_of(TicketCounter)  # or a ticket that is opened takes the number of one that was made
    theirs = {
        "remarks": ReportRemark, "attachments": Attachment,
        "links": Link, "notices": Notification, "terms": GlossaryTerm, "releases": Release,
        "routine-proofs": RoutineProof, "patterns": Pattern, "alert-sources": AlertSource,
        "alert-windows": AlertWindow, "order-files": PurchaseOrderFile,
        "swaps": Swap, "absences": Absence, "letters": Letter,
        "mailboxes": Mailbox, "findings": SecurityFinding, "faq": FaqEntry,
    }  # fmt: skip
    found = {name: world.public_id_of(model) for name, model in theirs.items()}
    stage, decision = world.id_of(Stage), world.id_of(Decision)
    with tenant_scope(desk.tenant):  # what only later steps join
        Stage.objects.filter(pk=stage).update(decision=decision)
        Ticket.objects.filter(stage=None).update(stage=stage)
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
        services.log_time(
            ticket=ticket, actor=engineer, now=now, starts_at=NOON, ends_at=desk.after(4)
        )
        comment = ticket.comments.create(
            tenant=desk.tenant, author=engineer, body="We look.", language="en", at=now
        )
        lead = {"contract": desk.contract, "actor": desk.people["bridge_se"], "now": now}
        bulk = upload_bulk(
            kind="tickets", source="csv", system="ec-site", environment="production",
            upload=SimpleUploadedFile("issues.csv", ISSUES), **lead,
        )  # fmt: skip
        routine = create_routine(plan=PLAN, starts_on=TODAY, **lead)
        with transaction.atomic():
            version, run = desk.contract.versions.first(), routine.runs.first()
        report = issue_report(desk.contract, APRIL, now=desk.after(60 * 24 * 40))
        plan = RosterPlan(
            tier="L2", timezone="Asia/Tokyo", turns="day", hands_over=time(9), starts_on=APRIL,
            seats=((engineer, ""),),
        )  # fmt: skip
        roster, _secret = write_roster(tenant=desk.tenant, actor=lead["actor"], plan=plan, now=now)
        replay = ask_replay(version=version, from_on=None, until_on=None, **lead)
    job = Job.objects.create(
        kind="tests.none", key="1", tenant=desk.tenant, due_at=now, state="dead"
    )
    real = {
        "handoffs": handoff, "disputes": dispute, "estimates": estimate, "comments": comment,
        "contracts": desk.contract, "members": desk.people["service_owner"], "jobs": job,
        "imports": bulk, "routines": routine, "routine-runs": run,
        "reports": report, "rosters": roster, "replays": replay,
    }  # fmt: skip
    return {
        **found,
        **{name: row.public_id for name, row in real.items()},
        "tickets": ticket.key,
        "outside": outside.key,
        "incident-reports": ticket.key,
        "engineer": engineer.public_id,
        "requester": desk.people["requester"].public_id,
        "clients": desk.tenant.code,
        "glossary": desk.tenant.code,
    }


def placed(path: str, named: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of an address."""
    first = path.strip("/").split("/")[2]
    about = "outside" if "disputes/" in path or path.endswith("/estimates/") else first
    subject = named["disputes" if "disputes/" in path else "handoffs"]
    own = {"key": named.get(about), "public_id": named.get(first), "subject": subject}
    return own | {
        "number": 1,
        "tier": "L2",
        "contract": named["contracts"],
        "month": "2026-04",
        "code": named["clients"],
    }


def aimed(case, named: dict[str, Any]):
    """Return the case with addresses and contracts that exist, or it would end at a 404."""
    meanings = placed(case.operation.full_path, named)
    for name in case.path_parameters or {}:
        case.path_parameters[name] = meanings[name]
    if isinstance(case.body, dict) and "contract" in case.body:
        case.body["contract"] = named["contracts"]
    return case


def example_of(operation, named: dict[str, Any]):
    """Return the request that the reference shows, about what is here; None where it shows none."""
    if (body := EXAMPLES.get(operation.definition.raw["operationId"])) is None:
        return None
    here = {
        "contract": named["contracts"],
        "requester": named["requester"],
        "owner": named["engineer"],
        "person": named["engineer"],
        "other": named["outside"],
        "into": named["outside"],
        "ticket": named["tickets"],
    }
    told = {name: here.get(name, value) for name, value in body.items()}
    names = re.findall(r"{(\w+)}", operation.path)
    return operation.Case(
        path_parameters=dict.fromkeys(names, "x"), body=told, media_type="application/json"
    )


def edges(name: str) -> SearchStrategy[str]:
    """Return instants and days of our month, and what is told at the edges of all of them."""
    days = st.dates(date(2026, 3, 1), date(2026, 5, 31)).map(str)
    usual = days if name == "date" else days.map("{}T01:30:00Z".format)
    return usual | st.sampled_from(EDGES[name])


def asking(
    cases, examples: int, named: dict[str, Any], tokens: dict[str, str], answers: Counter[int]
) -> Callable[[], None]:
    """Return what asks each example as everybody, counts the answers and fails at a wrong one."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case) -> None:
        ask_all(case, named, tokens, answers)

    return ask


def ask_all(case, named: dict[str, Any], tokens: dict[str, str], answers: Counter[int]) -> None:
    aimed(case, named)
    for token in tokens.values():
        response = case.call(headers={"Authorization": token})
        answers[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)


def fuzz(
    desk: Desk,
    named: dict[str, str],
    examples: int,
    mode: GenerationMode = GenerationMode.POSITIVE,
    share: int = 0,
    of: int = 1,
) -> int:
    """
    Ask every operation, or one share of them, each example as every role; return how many there are.

    With NEGATIVE the examples break the description; an operation without anything to break has none.

    Each operation begins with the same rows: what was asked of the ones before it is undone. All
    that is wrong is told at the end, by operation.
    """
    application = get_wsgi_application()
    tokens = {role: f"Bearer {token_of(member)[1]}" for role, member in desk.people.items()}
    schema = schemathesis.openapi.from_wsgi(
        "/api/schema/", application, headers={"Authorization": tokens["requester"]}
    )
    for name in EDGES:
        schemathesis.openapi.format(name, edges(name))
    operations = [found.ok() for found in schema.get_all_operations()]
    wrong: dict[str, BaseException] = {}
    for operation in operations[share::of]:
        answers: Counter[int] = Counter()
        ask = asking(operation.as_strategy(mode), examples, named, tokens, answers)
        began = monotonic()
        with transaction.atomic():
            try:
                if (shown := example_of(operation, named)) is not None:
                    ask_all(shown, named, tokens, answers)
                ask()
            except Unsatisfiable:
                assert mode == GenerationMode.NEGATIVE, operation.label
            except (Exception, FailureGroup) as error:  # noqa: BLE001 - told below, with the others
                wrong[operation.label] = error
            transaction.set_rollback(True)
        said = "WRONG" if operation.label in wrong else "right"
        took = monotonic() - began
        print(
            f"{said} {took:5.1f} s  {operation.label}  {dict(sorted(answers.items()))}", flush=True
        )
    assert not wrong, "\n\n".join(f"{label}: {error!r}" for label, error in wrong.items())
    return len(operations)


def test_every_operation_answers_as_it_says(desk, named):
    assert fuzz(desk, named, examples=2) >= FEWEST


@pytest.mark.prove
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("share", range(SHARES))
def test_every_operation_answers_as_it_says_to_many_more(share, mode, desk, named):
    """Twenty examples as seven roles take ten to twenty minutes of a core, both kinds."""
    assert fuzz(desk, named, MANY, mode, share, of=SHARES) >= FEWEST

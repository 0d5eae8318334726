"""What a program may count on: one shape of errors, versions, and requests that may be repeated."""

import base64
import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from tenants.models import IdempotencyKey
from tenants.scoping import tenant_scope
from tenants.services.forgetting import forget_answers
from tests.api.client import Api
from tests.portal.desk import NOON, Desk, desk_of
from tests.tickets.races import at_once
from tickets.models import Comment, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(acme) -> Desk:
    return desk_of(acme)


@pytest.fixture
def api(desk) -> Api:
    return Api(desk.people["requester"])


def new(desk: Desk, **change) -> dict:
    told = {
        "contract": desk.contract.public_id,
        "type": "incident",
        "title": "The shop is down",
        "system": "ec-site",
        "environment": "production",
        "answers": {"0": True},
    }
    return {**told, **change}


def errors(answer) -> list[tuple[str, str]]:
    """Return attr and code of each error, after a look at the shape."""
    document = answer.json()
    assert answer["Content-Type"] == "application/json"
    assert document.keys() == {"type", "errors"}, document
    assert all(error.keys() == {"code", "detail", "attr"} for error in document["errors"])
    assert all(error["detail"] for error in document["errors"])
    return [(error["attr"], error["code"]) for error in document["errors"]]


class TestErrors:
    def test_an_unknown_field_is_named(self, desk, api):
        answer = api.post("tickets/", new(desk, tenant=7, colour="red"))

        assert answer.status_code == 400
        assert errors(answer) == [("colour", "unknown_field"), ("tenant", "unknown_field")]
        assert "answers, cause" in answer.json()["errors"][0]["detail"]

    def test_a_missing_and_a_wrong_field_are_named_together(self, desk, api):
        told = new(desk, impact=7)
        del told["title"]

        answer = api.post("tickets/", told)

        assert answer.status_code == 400
        assert errors(answer) == [("title", "required"), ("impact", "invalid_choice")]

    def test_an_unknown_parameter_is_named(self, api):
        answer = api.get("tickets/?assignee__email__startswith=a&status=new")

        assert answer.status_code == 400
        assert errors(answer) == [("assignee__email__startswith", "unknown_parameter")]

    @pytest.mark.parametrize(
        "query",
        ["status=wrong", "ordering=tenant__name", "limit=0", "limit=1000000000", "limit=x",
         "cursor=x", "cursor=WyJkdWUiLG51bGwsIlx1ZDgwMCJd", "client=GLOBEX", "text=%00",
         "received_from=yesterday", "received_from=0001-01-01T00:00:00%2B15:00", "ordering=",
         "limit=²"],
    )  # fmt: skip
    def test_a_wrong_parameter_is_named(self, api, globex, query):
        answer = api.get(f"tickets/?{query}")

        assert answer.status_code == 400, answer.text
        assert [attr for attr, _code in errors(answer)] == [query.partition("=")[0]]

    def test_an_instant_may_have_an_offset_that_the_database_does_not_know(self, desk, api):
        row, at = desk.open(), f"{NOON - timedelta(hours=20, minutes=30):%Y-%m-%dT%H:%M:%S}-20:30"
        said = json.dumps(["received_at", at, ""]).encode()  # a cursor is not signed
        cursor = base64.urlsafe_b64encode(said).decode()

        found = api.get(f"tickets/?received_from={at}")
        after = api.get(f"tickets/?ordering=received_at&cursor={cursor}")

        for answer in (found, after):
            assert [ticket["key"] for ticket in answer.json()["results"]] == [row.key]

    def test_a_foreign_contract_is_as_one_that_never_was(self, desk, api, globex):
        theirs = api.post("tickets/", new(desk, contract=desk_of(globex).contract.public_id))
        never = api.post("tickets/", new(desk, contract="A" * 16))

        assert errors(theirs) == [("contract", "does_not_exist")]
        assert theirs.content == never.content

    def test_a_foreign_ticket_is_as_one_that_never_was(self, api, globex):
        theirs = api.get(f"tickets/{desk_of(globex).open().key}/")
        never, malformed = api.get("tickets/ACME-9999/"), api.get("tickets/no-key/")

        assert theirs.status_code == never.status_code == malformed.status_code == 404
        assert theirs.content == never.content == malformed.content
        assert errors(theirs) == [(None, "not_found")]

    @pytest.mark.parametrize(
        ("body", "content_type", "status"),
        [
            (b"{", "application/json", 400),
            (b"[" * 5000, "application/json", 400),
            (b"[" * 30 + b"]" * 30, "application/json", 400),
            (b"[" * 100_000 + b"]" * 100_000, "application/json", 400),
            (b'{"title": NaN}', "application/json", 400),
            (b'{"impact": 1e400}', "application/json", 400),
            (b'{"impact": ' + b"9" * 5000 + b"}", "application/json", 400),
            (b"\xff", "application/json", 400),
            (b"null", "application/json", 400),
            (b"[]", "application/json", 400),
            (b'{"title": "\\ud800"}', "application/json", 400),
            (b'{"title": "\\u0000"}', "application/json", 400),
            (b'"' + b"a" * 2_000_000 + b'"', "application/json", 413),
            (b"title=x", "application/x-www-form-urlencoded", 415),
            (b"<title/>", "application/xml", 415),
        ],
        ids=range(15),
    )
    def test_a_body_that_cannot_be_used_is_refused(self, api, body, content_type, status):
        answer = api.generic("POST", "tickets/", body, content_type)

        assert answer.status_code == status, answer.text
        assert errors(answer)

    def test_other_methods_and_forms_are_refused_in_the_same_shape(self, api):
        assert errors(api.delete("/api/v1/tickets/")) == [(None, "method_not_allowed")]
        assert errors(api.options("/api/v1/tickets/")) == [(None, "method_not_allowed")]
        xml = api.get("tickets/", headers={"Accept": "application/xml"})
        assert (xml.status_code, errors(xml)) == (406, [(None, "not_acceptable")])
        assert errors(api.get("nowhere/")) == [(None, "not_found")]

    def test_they_speak_the_language_that_is_asked_for(self, desk):
        api = Api(desk.people["requester"], **{"Accept-Language": "ja"})

        answer = api.get("tickets/ACME-9999/")

        assert answer["Content-Language"] == "ja"
        assert "アドレス" in answer.json()["errors"][0]["detail"]

    def test_a_step_that_is_not_possible_now_is_a_409(self, desk):
        ticket = desk.open()
        answer = Api(desk.people["operations_engineer"]).post(f"tickets/{ticket.key}/close/")

        assert (answer.status_code, errors(answer)) == (409, [(None, "transition_not_allowed")])

    def test_a_step_of_another_desk_is_a_403(self, desk, api):
        answer = api.post(f"tickets/{desk.open().key}/start/")

        assert (answer.status_code, errors(answer)) == (403, [(None, "role_not_allowed")])

    def test_what_a_command_refuses_names_its_field(self, desk, api):
        answer = api.post("tickets/", new(desk, system="printer"))

        assert (answer.status_code, errors(answer)) == (400, [("system", "invalid")])

    def test_too_many_requests_are_a_429(self, api):
        from rest_framework.settings import api_settings

        rates = {"DEFAULT_THROTTLE_RATES": {"person": "2/minute"}}
        from django.conf import settings

        with override_settings(REST_FRAMEWORK={**settings.REST_FRAMEWORK, **rates}):
            assert api_settings.DEFAULT_THROTTLE_RATES["person"] == "2/minute"
            statuses = [api.get("tickets/").status_code for _n in range(3)]
            last = api.get("tickets/")

        assert statuses == [200, 200, 429]
        assert errors(last) == [(None, "throttled")]
        assert 0 < int(last["Retry-After"]) <= 60


class TestVersions:
    def test_each_command_makes_another(self, desk, api):
        ticket, engineer = desk.open(), Api(desk.people["operations_engineer"])
        page = f"tickets/{ticket.key}/"

        first = api.get(page)["ETag"]
        assert api.get(page)["ETag"] == first
        started = engineer.post(f"{page}start/")["ETag"]
        spoken = engineer.post(f"{page}comment/", {"body": "On it."})["ETag"]

        assert len({first, started, spoken}) == 3
        assert api.get(page)["ETag"] == spoken

    def test_an_edit_on_another_version_is_a_412_and_without_one_a_428(self, desk):
        ticket, engineer = desk.open(), Api(desk.people["operations_engineer"])
        page, facts = f"tickets/{ticket.key}/", {"cause": "infrastructure"}
        read = engineer.get(page)["ETag"]

        def edit(**headers: str):
            return engineer.patch(
                f"/api/v1/{page}facts/", facts, content_type="application/json", headers=headers
            )

        blind, first, second = edit(), edit(**{"If-Match": read}), edit(**{"If-Match": read})
        third = edit(**{"If-Match": f'"other", {first["ETag"]}'})

        assert (blind.status_code, errors(blind)) == (428, [(None, "precondition_required")])
        assert first.status_code == 200
        assert (second.status_code, errors(second)) == (412, [(None, "precondition_failed")])
        assert third.status_code == 200

    def test_any_step_may_ask_for_one(self, desk):
        ticket, engineer = desk.open(), Api(desk.people["operations_engineer"])

        answer = engineer.post(f"tickets/{ticket.key}/start/", headers={"If-Match": '"old"'})

        assert answer.status_code == 412
        with tenant_scope(desk.tenant):
            assert Ticket.objects.get().status == "new"


class TestRepeating:
    def test_does_nothing_and_answers_as_the_first_time(self, desk, api):
        key = {"Idempotency-Key": "5f0c1f2e"}

        first = api.post("tickets/", new(desk), headers=key)
        again = api.post("tickets/", new(desk), headers=key)

        assert first.status_code == again.status_code == 201
        assert first.json() == again.json()
        assert (first["ETag"], first["Location"]) == (again["ETag"], again["Location"])
        assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
        with tenant_scope(desk.tenant):
            assert Ticket.objects.count() == 1

    def test_with_another_body_is_a_409(self, desk, api):
        key = {"Idempotency-Key": "5f0c1f2e"}
        api.post("tickets/", new(desk), headers=key)

        answer = api.post("tickets/", new(desk, title="Another"), headers=key)

        assert (answer.status_code, errors(answer)) == (409, [(None, "idempotency_key_reused")])

    def test_is_each_persons_own_and_each_clients(self, desk, api, globex):
        key = {"Idempotency-Key": "5f0c1f2e"}
        other = desk_of(globex)

        statuses = [
            api.post("tickets/", new(desk), headers=key).status_code,
            Api(desk.people["service_owner"]).post("tickets/", new(desk), headers=key).status_code,
            Api(other.people["requester"]).post("tickets/", new(other), headers=key).status_code,
        ]

        assert statuses == [201, 201, 201]

    def test_what_failed_may_be_tried_again(self, desk, api):
        key = {"Idempotency-Key": "5f0c1f2e"}

        wrong = api.post("tickets/", new(desk, system="printer"), headers=key)
        right = api.post("tickets/", new(desk), headers=key)

        assert (wrong.status_code, right.status_code) == (400, 201)

    def test_covers_every_step(self, desk, api):
        address, told = f"tickets/{desk.open().key}/comment/", {"body": "Any news?"}

        for _n in range(2):
            answer = api.post(address, told, headers={"Idempotency-Key": "k"})
            assert answer.status_code == 200
        with tenant_scope(desk.tenant):
            assert Comment.objects.count() == 1

    @pytest.mark.parametrize("key", ["", "a" * 101, "a b", "é"])
    def test_needs_a_plain_key(self, desk, api, key):
        answer = api.post("tickets/", new(desk), headers={"Idempotency-Key": key})

        assert (answer.status_code, errors(answer)) == (400, [("Idempotency-Key", "invalid")])

    def test_is_remembered_for_a_day(self, desk, api):
        key = {"Idempotency-Key": "5f0c1f2e"}
        api.post("tickets/", new(desk), headers=key)
        with tenant_scope(desk.tenant):
            IdempotencyKey.objects.update(made_at=timezone.now() - timedelta(hours=24))

            again = api.post("tickets/", new(desk), headers=key)

            assert "Idempotency-Replayed" not in again
            assert Ticket.objects.count() == 2
            now = timezone.now()
            assert forget_answers(now + timedelta(hours=23)) == 0
            assert forget_answers(now + timedelta(hours=25)) == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_identical_requests_at_once_make_one_ticket(desk):
    told, key = new(desk), {"Idempotency-Key": "one-of-twenty"}
    apis = [Api(desk.people["requester"]) for _n in range(20)]

    answers = at_once(
        [lambda api=api: api.post("tickets/", told, headers=key) for api in apis], None
    )

    assert {answer.status_code for answer in answers} == {201}, [a.text for a in answers]
    assert len({answer.content for answer in answers}) <= 2  # as first said, and as kept
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 19
    with transaction.atomic(), tenant_scope(desk.tenant):
        assert Ticket.objects.count() == 1

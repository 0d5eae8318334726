"""A sensitive step with an old proof asks again, and keeps what was typed."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tenants.models import Tenant
from tests.accounts.conftest import PASSWORD
from tests.factories import MembershipFactory
from tests.portal.desk import browser_of

NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)
NEW = {"code": "INITECH", "name": "Initech & Co", "language": "ja", "timezone": "Asia/Tokyo"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def browser(acme, yuki, clock):
    MembershipFactory(tenant=acme, user=yuki, account_manager=True)
    browser = browser_of(yuki)
    clock.shift(timedelta(minutes=30))
    return browser


def found(browser, proof: str | None = None, **headers):
    said = NEW if proof is None else NEW | {"proof_of_person": proof}
    return browser.post("/administration/new/", said, **headers)


def test_asks_and_keeps_what_was_typed(browser):
    answer = found(browser)

    assert "Is it you?" in answer.text
    assert 'name="name" value="Initech &amp; Co"' in answer.text
    assert 'action="/administration/new/"' in answer.text
    assert not Tenant.objects.filter(code="INITECH").exists()


def test_goes_on_with_the_password_and_asks_no_more_for_a_while(browser, clock):
    assert found(browser, PASSWORD).status_code == 302
    assert Tenant.objects.filter(code="INITECH").exists()

    clock.shift(timedelta(minutes=29))
    assert browser.post("/administration/new/", NEW | {"code": "UMBRELLA"}).status_code == 302


def test_a_fresh_sign_in_is_not_asked(yuki, acme, clock):
    MembershipFactory(tenant=acme, user=yuki, account_manager=True)

    assert found(browser_of(yuki)).status_code == 302


def test_reading_is_not_asked(browser):
    assert browser.get("/administration/new/").status_code == 200


def test_five_wrong_ones_and_no_sixth(browser):
    wrong = [found(browser, "wrong") for _number in range(5)]

    assert all("That is not right." in answer.text for answer in wrong)
    assert "Too many attempts." in found(browser, PASSWORD).text
    assert not Tenant.objects.filter(code="INITECH").exists()


def test_never_gives_the_proof_back(browser):
    assert "wrong-but-secret" not in found(browser, "wrong-but-secret").text


def test_htmx_gets_the_question_into_the_alert_slot(browser):
    answer = found(browser, headers={"HX-Request": "true"})

    assert answer.headers["HX-Retarget"] == "#alert"
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    "route",
    [
        *("tickets:rule_undecided", "tickets:override_verdict", "tickets:answer_dispute"),
        *("reports:sign", "reports:close", "administration:invite", "administration:deactivate"),
        *("tokens", "second-factor-off", "tickets:activate"),
    ],
)
def test_guards_what_binds_money_contract_or_people(route):
    """The guard is the outermost but for signing in; whoever takes it away fails here."""
    from django.urls import get_resolver

    views = {}

    def walk(resolver, space=""):
        for pattern in resolver.url_patterns:
            if hasattr(pattern, "url_patterns"):
                walk(pattern, f"{pattern.namespace}:" if pattern.namespace else space)
            else:
                views[f"{space}{pattern.name}"] = pattern.callback

    walk(get_resolver())
    names = set()
    view = views[route]
    while view is not None:
        names |= set(view.__code__.co_names)
        view = getattr(view, "__wrapped__", None)

    assert "is_fresh" in names


def test_an_approval_through_the_api_wants_a_fresh_session_too(yuki, acme, clock):
    MembershipFactory(tenant=acme, user=yuki, account_manager=True)
    browser, approve = browser_of(yuki), f"/api/v1/estimates/{'A' * 16}/approve/"
    assert browser.post(approve, {}, content_type="application/json").status_code == 404

    clock.shift(timedelta(minutes=30))
    answer = browser.post(approve, {}, content_type="application/json")

    assert answer.status_code == 403
    assert "Sign in again for this step." in answer.text

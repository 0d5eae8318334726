"""What people type: shown as words on every page, and found by nobody of another client."""

import re

import pytest
from django.conf import settings

from contracts.models import Contract
from tests.factories import MembershipFactory, TenantFactory
from tests.isolation.routes import Route, routes
from tests.isolation.rows import World, every
from tests.isolation.test_routes import foreign, seen, words

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

MARKUP = "<script>alert('x')</script><img src=x onerror=alert(1)>"
SIGNS_OF_IT = ("<script>al", "<img src=x")


@pytest.fixture(scope="module")
def pages() -> list[Route]:
    return [route for route in routes() if not route.template.startswith(("api/", "hooks/"))]


@pytest.fixture
def marked(monkeypatch) -> World:
    """One row of each table, every text of it markup, and the client's name too."""
    monkeypatch.setattr(World, "canary", property(lambda world: MARKUP))
    world = World(TenantFactory(code="MARKED", name=MARKUP))
    for model in every(lambda model: True):
        world.id_of(model)
    return world


def test_markup_in_any_text_is_a_word_on_every_page(marked, pages, client_of):
    shown = 0
    for role in ("account_manager", "bridge_se", "service_owner"):
        member = MembershipFactory(tenant=marked.tenant, **{role: True})
        browser = client_of(member)
        browser.raise_request_exception = False
        for route in pages:
            answer = browser.get(foreign(route, marked))
            if not answer.headers.get("Content-Type", "").startswith("text/html"):
                continue
            body = words(answer)
            shown += "&lt;script&gt;al" in body
            assert not [sign for sign in SIGNS_OF_IT if sign in body], (role, route.template)
    assert shown > 40  # else nothing of it was there to be escaped


@pytest.mark.parametrize(
    "address",
    [
        "/tickets/?text=canary",
        "/tickets/?text=canary&status=",
        "/cockpit/?text=canary",
        "/api/v1/tickets/?text=canary",
        "/tickets/faq/?q=canary",
        "/tickets/faq/suggest/?contract={own}&title=canary",
        "/tickets/faq/suggest/?contract={theirs}&title=canary",
        "/tickets/?format=csv&text=canary",
    ],
)
def test_a_search_finds_and_counts_nothing_of_another_client(
    address, acme, globex, members, client_of
):
    ours, theirs = World(acme), World(globex)
    for model in every(lambda model: True):
        theirs.id_of(model)
    own = {"own": ours.public_id_of(Contract), "theirs": theirs.public_id_of(Contract)}
    for role in ("account_manager", "service_owner"):
        browser = client_of(members[role])
        answer = browser.get(address.format(**own))

        assert answer.status_code in {200, 404}, (role, answer.status_code)
        assert not seen(words(answer)), role


ASKED = {  # every name that a view reads from an address's query
    name
    for app in ("portal", "tenants", "contracts", "tickets", "reports")
    for file in sorted((settings.BASE_DIR / app).rglob("*.py"))
    for name in re.findall(
        r"""(?:GET\.get\(|id_in\(request\.GET,)\s*["'](\w+)["']""", file.read_text()
    )
} | {"text", "status", "priority", "client", "verdict"}


def test_odd_characters_in_a_query_are_no_error_of_ours(acme, pages, members, client_of):
    assert len(ASKED) > 10
    browser = client_of(members["account_manager"])
    browser.raise_request_exception = False
    world, failing = World(acme), set()
    for route in pages:
        address = foreign(route, world)
        for odd in ("\x00", "\u202e\u2028\x07", "9" * 400):
            answer = browser.get(address, dict.fromkeys(ASKED, odd))
            plain = answer.status_code < 500 or browser.get(address).status_code >= 500
            failing |= set() if plain else {(route.template, odd[:9])}
    assert failing == set()

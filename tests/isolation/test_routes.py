"""
Every route, as everybody who has no business with globex's objects.

The routes come from the resolver: a new one is swept without anybody thinking of it, and one
with a name that has no meaning in `routes.MEANINGS` fails here.
"""

import re

import psycopg
import pytest
from django.db import connections
from django.test import Client

from tenants.models import Membership
from tenants.scoping import InScope, tenant_scope
from tenants.walls import tenant_models
from tests.factories import MembershipFactory, UserFactory
from tests.isolation.routes import MEANINGS, Route, routes
from tests.isolation.rows import World, every
from tests.processes import url_of

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

FOUND = routes()
DOORS = [route for route in FOUND if route.template.startswith("hooks/")]  # for machines
WITH_NAMES = [route for route in FOUND if route.names and route not in DOORS]
PLAIN = [route for route in FOUND if not route.names]
SINGLE_SIGN_ON = {"sign-in/sso/", "sign-in/sso/back/"}  # 404: it is off
PUBLIC = {  # before anybody signed in
    "sign-in/",
    "sign-in/code/",
    *SINGLE_SIGN_ON,
    "sign-out/",
    "language/",
    "invitation/",
    "password/forgotten/",
    "password/new/",
}

FEWEST_WITH_NAMES, FEWEST_PLAIN = 42, 13
METHODS = ("get", "post", "put", "patch", "delete")


def methods_of(route: Route, who: str = "") -> tuple[str, ...]:
    """
    Return the methods to try: a page knows two, and says 405 to the others.

    Of the API each desk of a client and of the vendor's tries all; a method is told apart before
    anybody is, so the rest need not.
    """
    everything = not who or who in {"requester", "service_owner", "account_manager"}
    return METHODS if route.template.startswith("api/") and everything else METHODS[:2]


def each(found: list[Route]):
    return pytest.mark.parametrize("route", found, ids=lambda route: route.template or "/")


@pytest.fixture
def theirs(globex) -> World:
    """One row of each table of globex, full of a word that must not appear."""
    return World(globex).whole()


@pytest.fixture
def strangers(acme, globex, members, client_of) -> dict[str, Client]:
    """Browsers of people who may not see globex: acme's seven desks and three special cases."""
    removed = MembershipFactory(tenant=acme)
    MembershipFactory(tenant=globex, user=removed.user, is_active=False)
    narrowed = client_of(_of_both(acme, globex))
    session = narrowed.session
    session["one_tenant"] = acme.pk
    session.save()
    people = {role: client_of(member) for role, member in members.items()}
    people |= {
        "removed from globex": client_of(removed),
        "without any membership": client_of(UserFactory()),
        "of both, showing acme": narrowed,
    }
    for client in people.values():
        client.raise_request_exception = False
    return people


def _of_both(acme, globex) -> Membership:
    member = MembershipFactory(tenant=acme, account_manager=True)
    MembershipFactory(tenant=globex, user=member.user, account_manager=True)
    return member


def foreign(route: Route, world: World) -> str:
    return route.filled({name: MEANINGS[name][0](world) for name in route.names})


def never(route: Route) -> str:
    return route.filled({name: MEANINGS[name][1] for name in route.names})


def words(response) -> str:
    """Return the body without what differs between any two answers."""
    body = b"".join(response) if response.streaming else response.content
    return re.sub(r'(nonce|value)="[\w+/=-]{20,}"', "", body.decode(errors="replace"))


def seen(body: str, address: str = "") -> bool:
    """Whether anything of globex is in it, but for the address that was asked for."""
    return "globex" in body.replace(address, "").replace(address.strip("/"), "").lower()


class TestTheSweep:
    def test_finds_the_routes(self):
        assert len(WITH_NAMES) >= FEWEST_WITH_NAMES
        assert len(PLAIN) >= FEWEST_PLAIN

    def test_knows_what_every_name_means(self):
        named = {name for route in WITH_NAMES + DOORS for name in route.names}

        assert named - MEANINGS.keys() == set()

    def test_has_no_meaning_left_over(self):
        named = {name for route in WITH_NAMES + DOORS for name in route.names}

        assert MEANINGS.keys() - named == set()


@each(WITH_NAMES)
class TestAnothersObject:
    def test_is_as_one_that_never_was_and_stays_as_it_is(self, route, theirs, strangers, globex):
        there, nowhere = foreign(route, theirs), never(route)
        before = _everything(globex)
        for who, client in strangers.items():
            for method in methods_of(route, who):
                ask = getattr(client, method)
                answer, nothing = ask(there), ask(nowhere)

                assert answer.status_code in {404, 405}, (who, method, answer.status_code)
                assert answer.status_code == nothing.status_code, (who, method)
                assert words(answer) == words(nothing), (who, method)
                assert not seen(words(answer)), (who, method)
        assert _everything(globex) == before

    def test_is_behind_row_security_alone(self, route, theirs, members, client_of, monkeypatch):
        client = client_of(members["account_manager"])
        client.raise_request_exception = False
        monkeypatch.setattr(InScope, "as_sql", lambda *args, **context: ("TRUE", []))

        address = foreign(route, theirs)
        for method in methods_of(route):
            answer = getattr(client, method)(address)

            assert answer.status_code in {404, 405}, method
            assert not seen(words(answer)), method

    def test_is_not_even_asked_for_by_nobody(self, route, theirs, client):
        address = foreign(route, theirs)
        for method in METHODS:
            answer = getattr(client, method)(address)
            there = answer.status_code == 302 and answer.url.startswith("/sign-in/")

            assert there or answer.status_code in {401, 403, 405}, (method, answer.status_code)
            assert not seen(words(answer))

    def test_is_there_for_its_own_people(self, route, theirs, globex_members, client_of):
        """Else the addresses above would be wrong, and their 404 would prove nothing."""
        statuses, address = set(), foreign(route, theirs)  # a step may take the object away
        for member in globex_members.values():
            client = client_of(member)
            client.raise_request_exception = False
            for method in methods_of(route):
                statuses.add(getattr(client, method)(address).status_code)

        assert statuses - {404, 405}


@each(DOORS)
def test_a_door_for_machines_knows_nobody(route, theirs, strangers, globex):
    """What opens it is its secret, not a session: without it all doors look like none."""
    before = _everything(globex)
    for who, client in strangers.items():
        for method in METHODS:
            ask = getattr(client, method)
            answer, nothing = ask(foreign(route, theirs)), ask(never(route))

            assert answer.status_code in {401, 405}, (who, method)
            assert (answer.status_code, words(answer)) == (nothing.status_code, words(nothing))
    assert _everything(globex) == before


@pytest.fixture(scope="class")
def without_row_security(django_db_setup, django_db_blocker):
    """Take the second wall down for all tests of a class; the first one stands alone."""
    with django_db_blocker.unblock():
        owner = url_of(connections["owner"].settings_dict)
    tables = [model._meta.db_table for model in tenant_models()]
    with psycopg.connect(owner, autocommit=True) as database:

        def turn(how: str) -> None:
            for table in tables:
                database.execute(f'ALTER TABLE "{table}" {how} ROW LEVEL SECURITY')

        turn("DISABLE")
        yield
        turn("ENABLE")


@pytest.mark.usefixtures("without_row_security")
class TestTheOrmAlone:
    @each(WITH_NAMES)
    def test_hides_anothers_object(self, route, theirs, members, client_of):
        address, nowhere = foreign(route, theirs), never(route)
        for role in ("account_manager", "service_owner"):
            client = client_of(members[role])
            client.raise_request_exception = False
            for method in methods_of(route):
                answer, nothing = (getattr(client, method)(url) for url in (address, nowhere))

                assert answer.status_code in {404, 405}, (role, method)
                assert answer.status_code == nothing.status_code, (role, method)
                assert not seen(words(answer)), (role, method)

    @each(PLAIN)
    def test_lists_nothing_of_another_tenant(self, route, theirs, members, client_of):
        client = client_of(members["account_manager"])
        answer = client.get(route.filled({}))

        assert answer.status_code < 500 or route.template in PUBLIC
        assert not seen(words(answer))

    def test_stands_alone_here(self, theirs, globex):
        """Else the two above would show nothing."""
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT key FROM tickets_ticket")  # no scope, no policy that asks
            assert (f"{globex.code}-7",) in cursor.fetchall()


@each(PLAIN)
class TestAPageWithoutAnObject:
    def test_shows_nothing_of_another_tenant(self, route, theirs, strangers):
        for who, client in strangers.items():
            if "of both" in who:
                continue  # the menu names the clients they may choose
            answer = client.get(route.filled({}))

            assert answer.status_code < 500 or route.template in PUBLIC, who
            assert not seen(words(answer)), who

    def test_is_for_people_who_signed_in(self, route, client):
        if route.template in PUBLIC:
            answer = client.get(route.filled({}))  # 410: a link that nobody opened
            off = {404} if route.template in SINGLE_SIGN_ON else set()
            assert answer.status_code in {200, 405, 410} | off or answer.url == "/sign-in/"
            return
        answer = client.get(route.filled({}))
        assert answer.status_code in {302, 401, 403}
        assert answer.status_code != 302 or answer.url.startswith("/sign-in/")


def _everything(tenant) -> dict[str, list]:
    with tenant_scope(tenant):
        return {
            model._meta.label: list(model._default_manager.order_by("pk").values())
            for model in every(lambda model: True)
        }

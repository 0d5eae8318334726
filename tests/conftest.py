"""
What every test stands on: the test database, the app's role, two tenants, a watch on N+1 queries.

The owner makes the test database; the tests then run as the app's role on `default`. A
transactional test gets the owner's connection too, because only the owner may empty tables.
"""

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from django.db import connection, connections
from hypothesis import HealthCheck, settings

from tenants.models import Membership, Tenant
from tenants.roles import Role
from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory, TenantFactory

# A machine that is busy with something else is no broken rule.
settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portal")

DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "client_of"}
TRANSACTIONAL_FIXTURES = {"transactional_db", "live_server"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "allow_n_plus_one: this test may load row by row")
    config.addinivalue_line("filterwarnings", "ignore:No directory at:UserWarning")  # collectstatic


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give transactional tests the owner's connection, so that what they commit goes away."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        asked = TRANSACTIONAL_FIXTURES & set(getattr(item, "fixturenames", ()))
        if (marker and marker.kwargs.get("transaction")) or asked:
            kwargs = {**(marker.kwargs if marker else {}), "transaction": True}
            kwargs["databases"] = {*(kwargs.get("databases") or ()), "default", "owner"}
            item.add_marker(pytest.mark.django_db(**kwargs), append=False)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment,
    django_db_blocker,
    django_db_keepdb,
    django_db_createdb,
    django_db_modify_db_settings,
) -> Iterator[None]:
    """
    Make the test database with the owner's connection, whatever the tests of this run ask for.

    `default` is its mirror: without `owner` among the aliases it would be the real database.
    """
    from django.test.utils import setup_databases, teardown_databases

    keep = django_db_keepdb and not django_db_createdb
    with django_db_blocker.unblock():
        made = setup_databases(
            verbosity=0,
            interactive=False,
            aliases={"default", "owner"},
            serialized_aliases=set(),  # would read tenants' tables without a scope
            keepdb=keep,
        )
        assert connection.settings_dict["NAME"].startswith("test_")
    yield
    if not keep:
        with django_db_blocker.unblock():
            connections.close_all()  # the mirror's own session would keep the database
            teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session", autouse=True)
def _message_catalogues() -> None:
    """Compile the translations once a run, as a checkout holds only their sources."""
    if importlib.util.find_spec("portal.i18n") is not None:
        importlib.import_module("portal.i18n").compile_catalogues()


@pytest.fixture(autouse=True)
def _as_the_app(request: pytest.FixtureRequest) -> None:
    """Check that the walls stand between this test and the tables: neither owner nor superuser."""
    marked = request.node.get_closest_marker("django_db")
    if not marked and not DATABASE_FIXTURES & set(request.fixturenames):
        return
    request.getfixturevalue("_django_db_helper")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles"
            " WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (connection.settings_dict["USER"], False)
        assert connection.settings_dict["USER"] != "postgres"


@pytest.fixture(autouse=True)
def _no_n_plus_one(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("allow_n_plus_one"):
        yield
        return
    from zeal import zeal_context

    with zeal_context():
        yield


@pytest.fixture
def acme(db) -> Tenant:
    """The client company that acts."""
    return TenantFactory(code="ACME", name="Acme")


@pytest.fixture
def globex(db) -> Tenant:
    """The client company that must not appear."""
    return TenantFactory(code="GLOBEX", name="Globex")


@pytest.fixture
def in_scope() -> Callable[..., AbstractContextManager[None]]:
    """`with in_scope(acme): ...`"""
    return tenant_scope


@pytest.fixture
def acme_scope(acme) -> Iterator[Tenant]:
    """Open acme's scope for the whole test."""
    with tenant_scope(acme):
        yield acme


@pytest.fixture
def members(acme) -> dict[str, Membership]:
    """One member of acme at each of the seven desks, by role."""
    return {role.value: MembershipFactory(tenant=acme, role=role.value) for role in Role}


@pytest.fixture
def globex_members(globex) -> dict[str, Membership]:
    return {role.value: MembershipFactory(tenant=globex, role=role.value) for role in Role}


def _member(role: Role):
    @pytest.fixture(name=role.value)
    def member(acme) -> Membership:
        return MembershipFactory(tenant=acme, role=role.value)

    return member


requester = _member(Role.REQUESTER)
service_owner = _member(Role.SERVICE_OWNER)
service_desk = _member(Role.SERVICE_DESK)
operations_engineer = _member(Role.OPERATIONS_ENGINEER)
maintenance_engineer = _member(Role.MAINTENANCE_ENGINEER)
bridge_se = _member(Role.BRIDGE_SE)
account_manager = _member(Role.ACCOUNT_MANAGER)


@pytest.fixture
def client_of(db):
    """Return a function that signs a person or a member in and gives their browser."""
    from django.test import Client

    def sign_in(who) -> Client:
        client = Client()
        client.force_login(getattr(who, "user", who))
        return client

    return sign_in


@pytest.fixture(autouse=True)
def attached_files(settings, tmp_path) -> None:
    """Keep the files that a test attaches in a folder that goes with it."""
    settings.ATTACHMENTS_DIR = tmp_path / "attachments"

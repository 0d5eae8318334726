"""The sweep: every tenant's table of the registry, behind each wall by itself."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, models, transaction

from tenants import walls
from tenants.models import Tenant, TenantOwned
from tenants.scoping import acting_as, tenant_scope
from tests.factories import MembershipFactory
from tests.isolation.rows import World, every

ALL = every(lambda model: True)
KEYS = [(model, key) for model in ALL for key in walls.composite_keys(model)]
DENIED = "42501"  # permission, or a row that row security does not let in
UNCHANGING, STAYS = "PT002", "PT003"  # our own guards

BOTH_ROLES = pytest.mark.django_db(databases=["default", "owner"])


def each(found: list):
    return pytest.mark.parametrize("model", found, ids=lambda model: model._meta.label)


def refusal(sql: str, using: str = "default") -> str | None:
    """Return the code with which the database refuses the statement; None if it obeys."""
    try:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError as error:
        return error.__cause__.sqlstate
    return None


def raw(sql: str, using: str = "default") -> list:
    with connections[using].cursor() as cursor:
        cursor.execute(sql)
        return [row[0] for row in cursor.fetchall()] if cursor.description else [cursor.rowcount]


@pytest.fixture
def ours(acme) -> World:
    return World(acme)


@pytest.fixture
def theirs(globex) -> World:
    return World(globex)


@pytest.fixture
def owners_worlds() -> list[World]:
    """
    Two more tenants, in a transaction of the owner's connection.

    Names of their own: the other connection would wait for the end of this one's transaction.
    """
    made = [Tenant(code=code, name=code) for code in ("HOOLI", "INITECH")]
    for tenant in made:
        tenant.save(using="owner")
    return [World(tenant, using="owner") for tenant in made]


class TestTheRegistry:
    def test_the_sweep_finds_the_tables(self):
        assert len(ALL) >= 16

    @pytest.mark.django_db
    def test_every_table_with_a_tenant_is_swept(self):
        with_tenant = raw(
            "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
            " WHERE attname = 'tenant_id' AND relkind IN ('r', 'p', 'v', 'm')"
            " AND relnamespace = 'public'::regnamespace"
        )
        # directory tables: codes, ids and times only; a link is opened before anybody is known
        exempt = {"tenants_job", "tenants_mailedlink", "tenants_hook"}

        assert set(with_tenant) == {model._meta.db_table for model in ALL} | exempt

    @pytest.mark.django_db
    def test_every_reference_between_tenants_tables_is_a_composite_key(self):
        single = raw(
            "SELECT conrelid::regclass || '.' || conname FROM pg_constraint WHERE contype = 'f'"
            " AND cardinality(conkey) = 1 AND EXISTS (SELECT FROM pg_attribute WHERE"
            " attrelid = conrelid AND attname = 'tenant_id') AND EXISTS (SELECT FROM pg_attribute"
            " WHERE attrelid = confrelid AND attname = 'tenant_id')"
        )

        assert single == []

    @each(ALL)
    def test_unique_constraints_begin_with_the_tenant(self, model):
        """Else an error would tell one client what another one has."""
        random = {"public_id"}  # 96 bits, said by nobody
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint):
                assert constraint.fields[0] == "tenant", constraint.name
        alone = {f.name for f in model._meta.local_fields if f.unique and not f.primary_key}
        assert alone <= random


@pytest.mark.django_db
@each(ALL)
class TestRowSecurity:
    def test_a_scope_reads_its_own_rows_only(self, model, ours, theirs, acme, globex):
        mine, other = ours.id_of(model), theirs.id_of(model)
        table = model._meta.db_table

        with tenant_scope(acme):
            assert raw(f'SELECT id FROM "{table}"') == [mine]
            assert raw(f'SELECT id FROM "{table}" WHERE id = {other}') == []
            assert raw(f'SELECT count(*) FROM "{table}"') == [1]
        with tenant_scope(acme, globex):
            assert sorted(raw(f'SELECT id FROM "{table}"')) == sorted([mine, other])

    def test_without_a_scope_the_table_is_shut(self, model, ours):
        ours.id_of(model)
        table, expected = model._meta.db_table, "PT001"

        if model._meta.label == "tenants.Membership":  # shows a person their own, and nobody's
            assert raw(f'SELECT id FROM "{table}"') == []
        else:
            assert refusal(f'SELECT id FROM "{table}"') == expected
        assert refusal(f'INSERT INTO "{table}" (tenant_id) VALUES ({ours.tenant.pk})') == expected

    def test_a_scope_does_not_write_into_another_tenant(self, model, theirs, acme):
        row = theirs.values(model)
        with pytest.raises(DatabaseError) as error:
            theirs.insert(model, row, scope=[acme])
        assert error.value.__cause__.sqlstate == DENIED

    def test_a_scope_does_not_change_another_tenants_row(self, model, theirs, acme):
        other, table = theirs.id_of(model), model._meta.db_table

        with tenant_scope(acme):
            for statement in (
                f'UPDATE "{table}" SET id = id WHERE id = {other}',
                f'DELETE FROM "{table}" WHERE id = {other}',
            ):
                if model.append_only:
                    assert refusal(statement) == DENIED
                else:
                    assert raw(statement) == [0]

    def test_the_app_cannot_empty_the_table(self, model, acme):
        with tenant_scope(acme):
            assert refusal(f'TRUNCATE "{model._meta.db_table}" CASCADE') == DENIED


@BOTH_ROLES
@each(ALL)
def test_the_orm_alone_keeps_tenants_apart(model, owners_worlds):
    """The owner has no row security: what is missing here, only the first wall hides."""
    ours, theirs = owners_worlds
    mine, other = ours.id_of(model), theirs.id_of(model)
    assert sorted(raw(f'SELECT id FROM "{model._meta.db_table}"', "owner")) == sorted([mine, other])

    rows = model._default_manager.using("owner")
    with tenant_scope(ours.tenant):
        assert [row.pk for row in rows.all()] == [mine]
        assert not rows.filter(pk=other).exists()
        assert rows.count() == 1


class TestReferences:
    def test_there_are_many(self):
        assert len(KEYS) >= 39

    @pytest.mark.django_db
    @pytest.mark.parametrize(("model", "key"), KEYS, ids=[key.name for _model, key in KEYS])
    def test_a_row_never_points_to_another_tenants_row(
        self, model, key, ours, theirs, acme, globex
    ):
        row = ours.values(model)
        foreign = theirs.id_of(_target(model, key))

        with pytest.raises(IntegrityError) as error:  # the scope holds both: only the key says no
            ours.insert(model, row | {key.column: foreign}, scope=[acme, globex])
        assert error.value.__cause__.diag.constraint_name == key.name
        assert ours.insert(model, row)

    @BOTH_ROLES
    @pytest.mark.parametrize(("model", "key"), KEYS, ids=[key.name for _model, key in KEYS])
    def test_not_even_when_the_owner_writes_it(self, model, key, owners_worlds):
        ours, theirs = owners_worlds
        row = ours.values(model)

        with pytest.raises(IntegrityError) as error:
            ours.insert(model, row | {key.column: theirs.id_of(_target(model, key))})
        assert error.value.__cause__.diag.constraint_name == key.name


def _target(model: type[TenantOwned], key: walls.CompositeKey) -> type[TenantOwned]:
    return next(f.related_model for f in model._meta.local_fields if f.column == key.column)


@BOTH_ROLES
@each(ALL)
def test_no_row_changes_its_tenant(model, ours, theirs, acme, globex, owners_worlds):
    def move(own: World, other: World) -> str:
        return (
            f'UPDATE "{model._meta.db_table}" SET tenant_id = {other.tenant.pk}'
            f" WHERE id = {own.id_of(model)}"
        )

    statement = move(ours, theirs)
    with tenant_scope(acme, globex):
        assert refusal(statement) == (DENIED if model.append_only else STAYS)
    assert refusal(move(*owners_worlds), "owner") == (UNCHANGING if model.append_only else STAYS)


@BOTH_ROLES
@each(every(lambda model: model.append_only))
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_an_append_only_row_is_written_once(model, verb, ours, acme, owners_worlds):
    def change(world: World) -> str:
        table, pk = model._meta.db_table, world.id_of(model)
        if verb == "DELETE":
            return f'DELETE FROM "{table}" WHERE id = {pk}'
        return f'UPDATE "{table}" SET id = id WHERE id = {pk}'

    statement = change(ours)
    with tenant_scope(acme):
        assert refusal(statement) == DENIED
    assert refusal(change(owners_worlds[0]), "owner") == UNCHANGING


@BOTH_ROLES
@each(every(lambda model: model.frozen_once))
@pytest.mark.parametrize("using", ["default", "owner"])
def test_a_row_that_froze_stays_as_it_is(model, using, ours, acme, owners_worlds):
    world = ours if using == "default" else owners_worlds[0]
    pk, table, column = world.id_of(model), model._meta.db_table, model.frozen_once

    with tenant_scope(world.tenant):
        assert refusal(f'UPDATE "{table}" SET id = id WHERE id = {pk}', using) is None
        assert refusal(f'UPDATE "{table}" SET {column} = now() WHERE id = {pk}', using) is None
        for change in (
            f'UPDATE "{table}" SET id = id WHERE id = {pk}',
            f'UPDATE "{table}" SET {column} = NULL WHERE id = {pk}',
            f'DELETE FROM "{table}" WHERE id = {pk}',
        ):
            assert refusal(change, using) == UNCHANGING


def test_the_sweeps_of_guards_found_something():
    assert len(every(lambda model: model.append_only)) >= 5
    assert every(lambda model: model.frozen_once)


@pytest.mark.django_db(transaction=True)
def test_a_careless_policy_is_stopped_by_the_floor(ours, theirs, acme, globex):
    tables = [model._meta.db_table for model in ALL]
    for model in ALL:
        ours.id_of(model), theirs.id_of(model)

    with connections["owner"].cursor() as owner:
        try:
            for table in tables:
                owner.execute(f'CREATE POLICY careless ON "{table}" USING (true)')
            for model, table in zip(ALL, tables, strict=True):
                with tenant_scope(acme), transaction.atomic():
                    assert raw(f'SELECT DISTINCT tenant_id FROM "{table}"') == [acme.pk], table
                    assert refusal(theirs_again(theirs, model)) == DENIED, table
        finally:
            for table in tables:
                owner.execute(f'DROP POLICY IF EXISTS careless ON "{table}"')


def theirs_again(theirs: World, model: type[TenantOwned]) -> str:
    """Return an INSERT of another row of theirs; row security speaks before any other rule."""
    return f'INSERT INTO "{model._meta.db_table}" (tenant_id) VALUES ({theirs.tenant.pk})'


@pytest.mark.django_db
def test_the_app_owns_nothing_and_makes_nothing(acme):
    with tenant_scope(acme):
        owned = "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user"
        assert raw(owned) == [0]
        for statement in (
            "CREATE TABLE loot (id int)",
            "CREATE FUNCTION loot() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            f'ALTER TABLE "{ALL[0]._meta.db_table}" DISABLE ROW LEVEL SECURITY',
            f'DROP POLICY tenant_floor ON "{ALL[0]._meta.db_table}"',
            f"SET ROLE {connections['owner'].settings_dict['USER']}",
            "DELETE FROM django_migrations",
        ):
            assert refusal(statement) == DENIED, statement
    assert connection.settings_dict["USER"] != connections["owner"].settings_dict["USER"]


def test_a_person_may_read_their_memberships_without_a_scope_and_write_none(acme):
    mine = MembershipFactory(tenant=acme)

    with acting_as(mine.user_id), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_membership")
        assert cursor.fetchone() == (1,)
        for write in ("DELETE FROM tenants_membership", "UPDATE tenants_membership SET role = 'x'"):
            with pytest.raises(DatabaseError, match="No tenant scope"), transaction.atomic():
                cursor.execute(write)

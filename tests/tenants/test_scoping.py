"""The first wall: without a scope nothing is read or written; inside one, only narrower."""

import pytest
from django.db.models import Exists, Max, OuterRef, prefetch_related_objects

from contracts.models import Contract, ContractVersion
from tenants.models import Membership, Tenant, User
from tenants.scoping import (
    OutsideTenantScope,
    TenantManager,
    TenantScopeMissing,
    acting_as,
    acting_user,
    active_tenants,
    require_in_scope,
    tenant_scope,
)
from tenants.walls import tenant_models
from tests.factories import ContractFactory, ContractVersionFactory, MembershipFactory

pytestmark = pytest.mark.django_db

MADE_AT_IMPORT = Contract.objects.all()


class Shelf:
    """As a class-level queryset of a view is."""

    queryset = Contract.objects.filter(status="active").order_by("number")


@pytest.fixture
def pair(acme, globex) -> tuple[Contract, Contract]:
    return tuple(
        ContractVersionFactory(
            contract__tenant=tenant, contract__number=f"{tenant.code}-1"
        ).contract
        for tenant in (acme, globex)
    )


def _new(tenant_id: int) -> Contract:
    return Contract(
        tenant_id=tenant_id, number="N", title="New", timezone="UTC", starts_on="2026-04-01"
    )


WITHOUT_A_SCOPE = {
    "filter": lambda row: list(Contract.objects.filter(pk=row.pk)),
    "get": lambda row: Contract.objects.get(pk=row.pk),
    "first": lambda row: Contract.objects.first(),
    "count": lambda row: Contract.objects.count(),
    "exists": lambda row: Contract.objects.filter(pk=row.pk).exists(),
    "exclude exists": lambda row: Contract.objects.exclude(pk=row.pk).exists(),
    "explain": lambda row: Contract.objects.explain(),
    "aggregate": lambda row: Contract.objects.aggregate(last=Max("number")),
    "in_bulk": lambda row: Contract.objects.in_bulk([row.pk]),
    "values": lambda row: list(Contract.objects.values_list("number")),
    "iterator": lambda row: next(Contract.objects.iterator()),
    "union": lambda row: list(Contract.objects.all().union(Contract.objects.all())),
    "select_for_update": lambda row: list(Contract.objects.select_for_update()),
    "update": lambda row: Contract.objects.filter(pk=row.pk).update(title="x"),
    "delete": lambda row: Contract.objects.filter(pk=row.pk).delete(),
    "bulk_update": lambda row: Contract.objects.bulk_update([row], ["title"]),
    "bulk_create": lambda row: Contract.objects.bulk_create([_new(row.tenant_id)]),
    "create": lambda row: Contract.objects.create(tenant_id=row.tenant_id),
    "get_or_create": lambda row: Contract.objects.get_or_create(number="x"),
    "update_or_create": lambda row: Contract.objects.update_or_create(number="x"),
    "save of a new row": lambda row: _new(row.tenant_id).save(),
    "save of a known row": lambda row: row.save(),
    "delete of a row": lambda row: row.delete(),
    "refresh_from_db": lambda row: row.refresh_from_db(),
    "reverse foreign key": lambda row: list(row.versions.all()),
    "reverse foreign key create": lambda row: row.versions.create(number=9),
    "forward foreign key": lambda row: ContractVersion(contract_id=row.pk).contract,
    "deferred column": lambda row: _deferred(row).title,
    "subquery of another table": lambda row: list(
        Tenant.objects.filter(pk__in=Contract.objects.values("tenant_id"))
    ),
    "exists of another table": lambda row: list(
        User.objects.filter(Exists(Membership.objects.filter(user_id=OuterRef("pk"))))
    ),
    "a queryset made at import time": lambda row: list(MADE_AT_IMPORT),
    "a queryset of a class": lambda row: Shelf.queryset.all().get(pk=row.pk),
    "raw of the base manager": lambda row: list(Contract._base_manager.all()),
    "prefetch": lambda row: prefetch_related_objects([row], "versions"),
}


def _deferred(row: Contract) -> Contract:
    with tenant_scope(row.tenant_id):
        return Contract.objects.only("number").get(pk=row.pk)


class TestWithoutAScope:
    @pytest.mark.parametrize("way", WITHOUT_A_SCOPE)
    def test_every_way_to_a_row_raises(self, way, pair):
        with pytest.raises(TenantScopeMissing):
            WITHOUT_A_SCOPE[way](pair[0])

    def test_the_ways_are_many(self):
        assert len(WITHOUT_A_SCOPE) >= 30

    def test_building_a_queryset_is_no_query(self):
        assert Contract.objects.filter(number="x").exclude(title="y").order_by("pk") is not None

    def test_directory_tables_need_no_scope(self, acme):
        assert list(Tenant.objects.all()) == [acme]
        assert not User.objects.exists()


class TestInAScope:
    @pytest.mark.parametrize("queryset", [MADE_AT_IMPORT, Shelf.queryset], ids=["module", "class"])
    def test_a_queryset_made_before_reads_the_scope_of_now(self, queryset, pair):
        for row in pair:
            with tenant_scope(row.tenant_id):
                assert list(queryset.all()) == [row]

    def test_lists_hold_the_scopes_rows_only(self, pair, acme, globex):
        ours, theirs = pair

        with tenant_scope(acme):
            assert list(Contract.objects.all()) == [ours]
            assert Contract.objects.count() == 1
            assert not Contract.objects.filter(pk=theirs.pk).exists()
        with tenant_scope(acme, globex):
            assert set(Contract.objects.all()) == {ours, theirs}

    def test_an_empty_scope_holds_nothing(self, pair):
        with tenant_scope():
            assert not Contract.objects.exists()

    def test_another_tenants_row_is_as_one_that_never_was(self, pair, acme):
        with tenant_scope(acme):
            with pytest.raises(Contract.DoesNotExist) as theirs:
                Contract.objects.get(pk=pair[1].pk)
            with pytest.raises(Contract.DoesNotExist) as nobodys:
                Contract.objects.get(pk=10**9)
        assert str(theirs.value) == str(nobodys.value)

    def test_update_and_delete_reach_the_scopes_rows_only(self, pair, acme, globex):
        ContractFactory(tenant=globex, number="loose")
        with tenant_scope(acme):
            assert Contract.objects.update(title="Ours") == 1
            assert Contract.objects.filter(number="loose").delete() == (0, {})
        with tenant_scope(globex):
            assert Contract.objects.exclude(title="Ours").count() == 2

    @pytest.mark.parametrize(
        "write",
        [
            lambda theirs: theirs.save(),
            lambda theirs: theirs.delete(),
            lambda theirs: _new(theirs.tenant_id).save(),
            lambda theirs: Contract.objects.bulk_create([_new(theirs.tenant_id)]),
            lambda theirs: Contract.objects.create(
                tenant_id=theirs.tenant_id, number="x", starts_on="2026-04-01"
            ),
            lambda theirs: _new(None).save(),
        ],
        ids=["save", "delete", "save new", "bulk_create", "create", "save without a tenant"],
    )
    def test_a_write_outside_the_scope_raises(self, write, pair, acme):
        with tenant_scope(acme), pytest.raises(OutsideTenantScope):
            write(pair[1])

    @pytest.mark.parametrize("name", ["tenant", "tenant_id"])
    def test_update_never_moves_a_row(self, name, pair, acme, globex):
        with tenant_scope(acme, globex), pytest.raises(OutsideTenantScope):
            Contract.objects.filter(pk=pair[0].pk).update(**{name: globex.pk})

    def test_following_a_foreign_key_out_of_the_scope_finds_nothing(self, pair, acme):
        with tenant_scope(acme), pytest.raises(Contract.DoesNotExist):
            _ = ContractVersion(contract_id=pair[1].pk).contract


class TestTheScopeItself:
    def test_only_narrower(self, acme, globex):
        with tenant_scope(acme, globex):
            with tenant_scope(acme):
                assert active_tenants() == {acme.pk}
                with pytest.raises(OutsideTenantScope), tenant_scope(globex):
                    pytest.fail("wider")
                with pytest.raises(OutsideTenantScope), tenant_scope(acme, globex):
                    pytest.fail("wider")
            assert active_tenants() == {acme.pk, globex.pk}

    def test_it_closes_after_an_error(self, acme):
        with pytest.raises(ZeroDivisionError), tenant_scope(acme):
            _ = 1 / 0

        assert active_tenants() is None

    def test_a_refused_scope_leaves_the_outer_one(self, acme, globex):
        with tenant_scope(acme):
            with pytest.raises(OutsideTenantScope), tenant_scope(globex):
                pytest.fail("wider")
            assert active_tenants() == {acme.pk}

    def test_require_in_scope_asks_for_every_row(self, acme, globex):
        with pytest.raises(TenantScopeMissing):
            require_in_scope([acme.pk])
        with tenant_scope(acme):
            require_in_scope([acme.pk, acme.pk])
            with pytest.raises(OutsideTenantScope):
                require_in_scope([acme.pk, globex.pk])

    def test_the_acting_user_lasts_for_the_block(self):
        with acting_as(7):
            assert acting_user() == 7
        assert acting_user() is None

    def test_a_task_acts_as_nobody_and_has_no_memberships_of_its_own(self, acme):
        MembershipFactory(tenant=acme)

        assert not Membership.own.exists()

    def test_a_person_reads_their_own_memberships_without_a_scope(self, acme, globex):
        mine, _other = MembershipFactory(tenant=acme), MembershipFactory(tenant=acme)
        also_mine = MembershipFactory(tenant=globex, user=mine.user)
        MembershipFactory(tenant=globex, user=mine.user, is_active=False, service_desk=True)

        with acting_as(mine.user_id):
            assert set(Membership.own.all()) == {mine, also_mine}


def test_every_model_keeps_the_scope_in_both_its_managers():
    models = tenant_models()

    assert len(models) >= 16
    for model in models:
        assert isinstance(model._default_manager, TenantManager), model
        assert isinstance(model._base_manager, TenantManager), model

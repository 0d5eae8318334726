"""What is prepared answers as its queryset does, in every scope."""

import pytest
from django.db import NotSupportedError, connection, connections, transaction
from django.db.models import BigIntegerField, CharField, Count, Q

from tenants.models import Membership, Tenant
from tenants.prepared import Lists, Prepared, Slot, counted
from tenants.scoping import TenantScopeMissing, tenant_scope
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def of_role(role) -> object:
    return Membership.objects.active().filter(role=role).select_related("user").order_by("pk")


@pytest.fixture
def prepared() -> Prepared:
    return Prepared(lambda: of_role(Slot("role", CharField())))


@pytest.fixture
def people(acme, globex) -> None:
    for tenant in (acme, globex, acme):
        MembershipFactory(tenant=tenant, role="bridge_se")
        MembershipFactory(tenant=tenant, role="requester")


class TestPrepared:
    @pytest.mark.parametrize("role", ["bridge_se", "requester", "account_manager"])
    def test_answers_as_its_queryset_in_each_scope(self, prepared, people, acme, globex, role):
        for scope in ([acme], [globex], [acme, globex], [globex], [acme]):
            with tenant_scope(*scope):
                found = prepared.all(role=role)
                assert found == list(of_role(role))
                assert [m.user.name for m in found] == [m.user.name for m in of_role(role)]

    def test_raises_without_a_scope(self, prepared, people, acme):
        with tenant_scope(acme):
            assert prepared.first(role="bridge_se")
        with pytest.raises(TenantScopeMissing):
            prepared.first(role="bridge_se")

    def test_gives_the_tuples_of_a_values_list(self, people, acme):
        names = Prepared(lambda: of_role(Slot("role", CharField())).values_list("role", "pk"))

        with tenant_scope(acme):
            assert names.all(role="requester") == list(
                of_role("requester").values_list("role", "pk")
            )

    @pytest.mark.parametrize("name", ["100 %", "%s", "%%s", "O'Hara \\", "%(name)s"])
    def test_holds_what_never_changes_as_it_was_said(self, name):
        tenant = Tenant.objects.create(code="ACME", name=name)
        named = Prepared(lambda: Tenant.objects.filter(name=name, pk=Slot("pk", BigIntegerField())))

        assert [named.first(pk=pk) for pk in (tenant.pk, tenant.pk, 0)] == [tenant, tenant, None]


class TestAmong:
    @pytest.mark.parametrize("wanted", [[], [0], [1], [0, 1, 2]])
    def test_is_in_a_list_of_any_length(self, people, acme, globex, wanted):
        with tenant_scope(acme, globex):
            everyone = list(Membership.objects.order_by("pk"))
            ids = [everyone[index].user_id for index in wanted]
            told = Prepared(
                lambda: Membership.objects.filter(user__among=Slot("ids", BigIntegerField()))
                .order_by("pk")
            )  # fmt: skip
            rest = Prepared(
                lambda: Membership.objects.exclude(user__among=Slot("ids", BigIntegerField()))
                .order_by("pk")
            )  # fmt: skip
            for _time in range(3):
                assert told.all(ids=ids) == [everyone[index] for index in wanted]
                assert rest.all(ids=ids) == [m for m in everyone if m.user_id not in ids]


class TestLists:
    def test_are_kept_by_words_and_scope_and_made_anew_without(self, people, acme, globex):
        lists, made = Lists(most=2), []

        def ask(words, role):
            def make():
                made.append(words)
                return of_role(role)

            return lists.all(words, make)

        with tenant_scope(acme):
            assert ask("a", "requester") == ask("a", "requester") == list(of_role("requester"))
            assert ask(None, "requester") == ask(None, "requester")
        assert made == ["a", None, None]
        with tenant_scope(acme, globex):
            assert ask("a", "requester") == list(of_role("requester"))
            ask("b", "bridge_se")
        assert made == ["a", None, None, "a", "b"]
        with tenant_scope(acme):
            ask("a", "requester")  # two others were asked since
        assert made[-1] == "a"

    def test_count_as_aggregate_does(self, people, acme, globex):
        counts = {"n": Count("pk"), "desks": Count("pk", filter=Q(role="bridge_se"))}
        with tenant_scope(acme, globex):
            (found,) = Lists().all("n", lambda: counted(Membership.objects.all(), **counts))
            none = Membership.objects.filter(pk=0)
            assert found == tuple(Membership.objects.aggregate(**counts).values()) == (6, 3)
            assert Lists().all("none", lambda: counted(none, **counts)) == [(0, 0)]


def kept_by_the_server() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return cursor.fetchone()[0]


class TestThePlan:
    def test_is_kept_by_the_server_from_the_second_use(self, prepared, people, acme):
        before = kept_by_the_server()
        with tenant_scope(acme):
            prepared.all(role="requester")
            assert kept_by_the_server() == before
            for _time in range(3):
                prepared.all(role="requester")
            assert kept_by_the_server() == before + 1

    @pytest.mark.django_db(transaction=True, databases=["default", "owner"])
    def test_of_a_column_of_another_type_costs_one_request(self, acme):
        tenants = Prepared(lambda: Tenant.objects.filter(pk=Slot("pk", BigIntegerField())))
        for _time in range(3):
            assert tenants.first(pk=acme.pk) == acme

        def retype(kind: str) -> None:
            with connections["owner"].cursor() as cursor:
                cursor.execute(f"ALTER TABLE tenants_tenant ALTER COLUMN name TYPE {kind}")

        length = Tenant._meta.get_field("name").max_length
        retype("varchar(300)")
        try:
            with pytest.raises(NotSupportedError), transaction.atomic():
                tenants.first(pk=acme.pk)
            assert tenants.first(pk=acme.pk) == acme
        finally:
            connection.close()
            retype(f"varchar({length})")

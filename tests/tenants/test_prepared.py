"""What is prepared answers as its queryset does, in every scope."""

import pytest
from django.db.models import CharField

from tenants.models import Membership
from tenants.prepared import Prepared, Slot
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

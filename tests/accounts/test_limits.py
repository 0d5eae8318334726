"""A person's own limit for estimates: who sets it, for whom, and in which unit."""

import pytest

from tenants.scoping import tenant_scope
from tests.portal.desk import browser_of, desk_of
from tickets.models import AmountLimit

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]


@pytest.fixture
def desk(acme):
    return desk_of(acme)


def address(member) -> str:
    return f"/administration/members/{member.public_id}/limit/"


def send(desk, role, amount="500000", by="account_manager"):
    return browser_of(desk.people[by]).post(address(desk.people[role]), {"amount": amount})


def limits(desk) -> list[tuple]:
    with tenant_scope(desk.tenant):
        return list(AmountLimit.objects.values_list("member__role", "amount", "set_by__role"))


def test_is_set_on_the_page_of_the_seat_and_shown_there(desk):
    owner = desk.people["service_owner"]
    page = f"/administration/members/{owner.public_id}/"
    manager = browser_of(desk.people["account_manager"])
    assert "the limit of their desk in the contract counts" in manager.get(page).text

    assert send(desk, "service_owner").status_code == 302

    assert limits(desk) == [("service_owner", 500_000, "account_manager")]
    assert "¥500,000, set by ACME account_manager" in manager.get(page).text


def test_is_never_ones_own_and_none_for_a_requester(desk):
    for role in ("account_manager", "requester"):
        assert send(desk, role).status_code == 404
        page = browser_of(desk.people["account_manager"]).get(
            f"/administration/members/{desk.people[role].public_id}/"
        )
        assert address(desk.people[role]) not in page.text
    assert limits(desk) == []


def test_is_for_this_clients_account_managers(desk, globex):
    other = desk_of(globex)
    assert send(desk, "service_owner", by="bridge_se").status_code == 403
    stranger = browser_of(other.people["account_manager"])
    url = address(desk.people["service_owner"])
    assert stranger.post(url, {"amount": "1"}).status_code == 404
    assert limits(desk) == []


@pytest.mark.parametrize("amount", ["", "-1", "1.5", "much"])
def test_keeps_what_was_typed_where_it_is_no_amount(desk, amount):
    answer = send(desk, "service_owner", amount)

    assert answer.status_code == 422
    assert "Own limit for estimates" in answer.text
    assert limits(desk) == []

"""Search in titles: any letters, any width, one's own clients only, by an index."""

import pytest
from django.db import connection

from tenants.scoping import tenant_scope
from tenants.searching import matching
from tests.api.client import Api
from tests.portal.desk import Desk, desk_of
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

TITLES = (
    "決済が失敗する",
    "ＥＣサイトの障害",
    "The shop is down",
    "100% of orders_fail",
    "障",
    "Không đăng nhập",
)


@pytest.fixture
def desks(acme, globex) -> tuple[Desk, Desk]:
    mine, other = desk_of(acme), desk_of(globex)
    for title in TITLES:
        mine.open(title)
    other.open("決済が遅い")
    return mine, other


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("決済", {"決済が失敗する"}),
        ("済が失", {"決済が失敗する"}),
        ("ecサイト", {"ＥＣサイトの障害"}),
        ("障", {"ＥＣサイトの障害", "障"}),
        ("SHOP", {"The shop is down"}),
        ("100%", {"100% of orders_fail"}),
        ("s_f", {"100% of orders_fail"}),
        ("shop down", set()),
        ("đăng NHẬP", {"Không đăng nhập"}),
        ("遅い", set()),
    ],
)
def test_finds_what_the_title_holds(desks, acme, said, found):
    with tenant_scope(acme):
        assert {t.title for t in matching(Ticket.objects.all(), said)} == found


def test_sees_the_clients_in_scope_only(desks, acme, globex):
    with tenant_scope(acme, globex):
        assert matching(Ticket.objects.all(), "決済").count() == 2
    with tenant_scope(globex):
        assert [t.title for t in matching(Ticket.objects.all(), "決済")] == ["決済が遅い"]
        with connection.cursor() as cursor:  # the function itself, without the walls around it
            cursor.execute("SELECT app.find_in_tickets_ticket('決済')")
            assert len(cursor.fetchall()) == 1


def test_is_the_same_by_page_and_by_api(desks):
    mine, _other = desks
    answer = Api(mine.people["bridge_se"]).get("tickets/?text=決済")

    assert [row["title"] for row in answer.json()["results"]] == ["決済が失敗する"]


def test_has_an_index(desks):
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'tickets_ticket_grams'")
        assert "gin (app.grams" in cursor.fetchone()[0]

"""The rows of a list: the first of each client are found by an index, then those of the page."""

import pytest
from django.template import Context, Template

from tenants.scoping import tenant_scope
from tests.portal.desk import NOON, Desk, desk_of
from tickets.models import Ticket
from tickets.views.rows import TicketRow, rows_of

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]


@pytest.fixture
def acme_desk(acme) -> Desk:
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex) -> Desk:
    return desk_of(globex)


@pytest.fixture
def tickets(acme_desk, globex_desk) -> None:
    for number in range(7):
        acme_desk.open(f"A{number}", received_at=acme_desk.after(number * 3))
        globex_desk.open(f"G{number}", received_at=globex_desk.after(number * 5))


@pytest.mark.parametrize("page", [slice(0, 3), slice(0, 14), slice(3, 6), slice(12, 20)])
def test_are_those_of_the_list_in_its_order(acme, globex, tickets, page):
    for scope in ([acme], [globex], [acme, globex]):
        with tenant_scope(*scope):
            everything = Ticket.objects.open().by_deadline  # made anew: one that was read is a list
            wanted = [ticket.key for ticket in everything()][page]
            assert [row.key for row in rows_of(everything()[page])] == wanted


def test_ask_of_each_client_what_is_asked_of_all(acme, globex, tickets):
    with tenant_scope(acme, globex):
        some = Ticket.objects.filter(title__endswith="3", stage__decision__outcome="included")
        assert [row.title for row in rows_of(some.by_deadline()[:5])] == ["A3", "G3"]


def drawn(tickets, **context) -> str:
    template = Template("{% load ticket_rows %}{% ticket_rows tickets choose=choose %}")
    return template.render(Context({"tickets": tickets, "now": NOON, "choose": False, **context}))


def test_look_the_same_from_the_ticket_and_from_its_columns(acme, acme_desk):
    acme_desk.open('<script>"')
    acme_desk.open("Question", answers={})
    with tenant_scope(acme):
        whole = list(Ticket.objects.for_worklist().select_related("stage__decision"))
        rows = rows_of(Ticket.objects.by_deadline()[:9])

    assert drawn(whole, many_clients=True) == drawn(rows, many_clients=True)
    assert "<script>" not in drawn(rows)
    assert "&lt;script&gt;&quot;" in drawn(rows)
    assert [TicketRow.of(ticket) for ticket in whole] == rows


def test_carry_a_box_where_one_can_choose(acme, acme_desk):
    ticket = acme_desk.open()
    with tenant_scope(acme):
        rows = rows_of(Ticket.objects.by_deadline()[:9])

    assert "checkbox" not in drawn(rows)
    assert f'value="{ticket.key}"' in drawn(rows, choose=True)
    assert " checked>" in drawn(rows, choose=True, chosen={ticket.key})

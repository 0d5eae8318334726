"""Who hears of a ticket: by asking for it, or because somebody called them."""

import pytest

from tenants.models import AuditEvent
from tests.factories import MembershipFactory
from tests.tickets.factories import after
from tickets import services
from tickets.domain.mentions import mentioned
from tickets.models import Watcher

pytestmark = pytest.mark.allow_n_plus_one


def watching(ticket):
    return {row.member for row in Watcher.objects.filter(ticket=ticket)}


def said(body, client, actor=None, **given):
    ticket = client.open()
    return services.comment(
        ticket=ticket, actor=actor or client.bridge_se, body=body, now=after(minutes=1), **given
    )


class TestWatch:
    def test_is_on_and_off_and_each_leaves_one_trace(self, client):
        ticket = client.open()
        for _twice in range(2):
            services.watch_ticket(ticket=ticket, actor=client.requester, now=after())
        assert watching(ticket) == {client.requester}

        for _twice in range(2):
            services.unwatch_ticket(ticket=ticket, actor=client.requester, now=after(hours=1))

        assert watching(ticket) == set()
        rows = AuditEvent.objects.filter(verb="ticket.watched").order_by("pk")
        assert [row.data["watching"] for row in rows] == [True, False]


class TestMention:
    def test_makes_a_watcher_and_names_the_person_in_the_trail(self, client):
        name = client.service_owner.user.name
        ticket = said(f"@{name} please look, and @{name} again.", client)

        assert watching(ticket) == {client.service_owner}
        event = AuditEvent.objects.get(verb="comment.mentioned")
        assert event.data["member"] == client.service_owner.pk

    def test_in_a_lane_of_ours_calls_none_of_the_client(self, client):
        ticket = said(f"@{client.requester.user.name}", client, lane="internal")

        assert watching(ticket) == set()

    def test_calls_nobody_to_a_ticket_they_may_not_see(self, client):
        client.tenant.requesters_see_all = False
        client.tenant.save()
        other = MembershipFactory(tenant=client.tenant, user__name="Aiko Other")

        assert watching(said("@Aiko Other @aikoother", client)) == set()
        assert not AuditEvent.objects.filter(verb="comment.mentioned", data__member=other.pk)

    def test_of_oneself_and_of_who_has_left_calls_nobody(self, client):
        gone = MembershipFactory(
            tenant=client.tenant, user__name="Gone Away", bridge_se=True, is_active=False
        )
        assert watching(said(f"@{client.bridge_se.user.name} @{gone.user.name}", client)) == set()


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ("@Mika Sato, please", [1]),
        ("please ask @mikasato.", [1]),
        ("＠Mika　Sato さん", [1]),
        ("@Mika Satou", [2]),
        ("@Linh and @Mika Sato", [3, 1]),
        ("mail a@Linh.example", []),
        ("@Nobody", []),
        ("@", []),
    ],
)
def test_a_name_after_an_at_calls_its_person(body, ids):
    names = {1: "Mika Sato", 2: "Mika Satou", 3: "Linh", 4: ""}
    assert mentioned(body, names) == ids


def test_a_wall_of_ats_is_read_in_a_moment():
    assert mentioned("@" * 100_000, {1: "Mika Sato"}) == []

"""What the desk does with letters: opens them, puts them on tickets, drops them; its mailboxes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.scoping import tenant_scope
from tests.portal.desk import browser_of, desk_of
from tests.tickets.letters.post import DESK, letter_of, set_up, states, take
from tickets.models import Comment, Mailbox
from tickets.services import letters

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]


class TestTheDesk:
    def command(self, desk, **told):
        given = {
            "contract": desk.contract, "requester": desk.people["requester"], "type": "incident",
            "title": "The cart", "system": "ec-site", "environment": "production", "impact": 2,
            "urgency": 2, "now": timezone.now(),
        }  # fmt: skip
        return given | told

    def test_makes_a_ticket_from_when_it_came(self, desk):
        box, _secret = set_up(desk)
        came = timezone.now() - timedelta(hours=2)
        sent = letter_of(desk.people["requester"])
        sent.add_attachment(b"x", maintype="text", subtype="csv", filename="rows.csv")
        letter = take(box, sent, received_at=came)

        with tenant_scope(desk.tenant):
            agent = desk.people["service_desk"]
            ticket = letters.open_letter(letter=letter, actor=agent, **self.command(desk))
            assert (ticket.received_at, ticket.channel) == (came, "email")
            assert ticket.attachments.count() == 1
            with pytest.raises(Refused):
                letters.open_letter(letter=letter, actor=agent, **self.command(desk))
        assert states(box) == [("opened", "")]

    def test_only_a_lead_lets_out_of_quarantine(self, desk):
        box, _secret = set_up(desk)
        letter = take(box, letter_of("who@else.example"))

        with tenant_scope(desk.tenant):
            for role in ("service_desk", "service_owner"):
                with pytest.raises(NotPermitted):
                    letters.discard_letter(
                        letter=letter, actor=desk.people[role], now=timezone.now()
                    )
            lead = desk.people["bridge_se"]
            letters.open_letter(letter=letter, actor=lead, **self.command(desk))

    def test_pages(self, desk, globex):
        box, _secret = set_up(desk)
        theirs, _secret = set_up(desk_of(globex))
        take(theirs, letter_of("x@y.example", Subject="GLOBEX secret"))
        draft = take(box, letter_of(desk.people["requester"], "<script>alert(1)</script>"))
        odd = take(box, letter_of("who@else.example", Subject="Odd one"))
        agent, lead = (browser_of(desk.people[r]) for r in ("service_desk", "bridge_se"))

        body = lead.get("/tickets/mail/").content.decode()
        assert "Odd one" in body
        assert "GLOBEX" not in body
        assert "Odd one" not in agent.get("/tickets/mail/").content.decode()
        assert browser_of(desk.people["requester"]).get("/tickets/mail/").status_code == 403
        page = agent.get(f"/tickets/mail/{draft.public_id}/").content.decode()
        assert "&lt;script&gt;" in page
        assert agent.get(f"/tickets/mail/{odd.public_id}/").status_code == 403
        assert lead.post(f"/tickets/mail/{odd.public_id}/discard/").status_code == 302
        assert lead.post(f"/tickets/mail/{odd.public_id}/discard/").status_code == 409
        told = {"title": "The cart", "type": "incident", "impact": "2", "urgency": "2",
                "requester": desk.people["requester"].public_id,
                "place": f"{desk.contract.public_id}/ec-site/production"}  # fmt: skip
        assert agent.post(f"/tickets/mail/{draft.public_id}/", {"title": ""}).status_code == 422
        with_contract = agent.post(f"/tickets/mail/{draft.public_id}/", told)
        assert with_contract.status_code == 302, with_contract.content.decode()

    def test_a_letter_is_put_on_a_ticket_as_a_note(self, desk, ticket):
        box, _secret = set_up(desk)
        letter = take(box, letter_of(desk.people["requester"], "More of it."))
        agent = browser_of(desk.people["service_desk"])
        url = f"/tickets/mail/{letter.public_id}/put/"

        assert agent.post(url, {"key": "GLOBEX-1"}).status_code == 422
        assert agent.post(url, {"key": ticket.key}).status_code == 302

        with tenant_scope(desk.tenant):
            assert Comment.objects.get(ticket=ticket).lane == "internal"

    def test_a_mailbox_is_set_up_by_a_lead(self, desk):
        lead, agent = (browser_of(desk.people[r]) for r in ("bridge_se", "service_desk"))
        told = {"address": DESK, "host": "", "port": "993", "security": "tls",
                "sign_in": "password", "folder": "INBOX"}  # fmt: skip

        assert agent.post("/tickets/mailboxes/new/ACME/", told).status_code == 403
        assert b"hook_" in lead.post("/tickets/mailboxes/new/ACME/", told).content
        assert lead.post("/tickets/mailboxes/new/ACME/", told).status_code == 422
        with tenant_scope(desk.tenant):
            box = Mailbox.objects.get()
        assert lead.post(f"/tickets/mailboxes/{box.public_id}/switch/").status_code == 302

    def test_a_password_is_not_sent_in_the_clear(self, desk):
        with pytest.raises(Invalid):
            set_up(desk, host="mail.example.com", security="plain", user="x", password="y")

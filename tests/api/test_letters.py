"""Letters and mailboxes by the API: the same steps as their pages, and nothing of another client."""

from datetime import timedelta

import pytest
import time_machine

from tenants.scoping import tenant_scope
from tests.api.client import Api
from tests.portal.desk import NOON, desk_of
from tickets.domain.mailbox import MailboxPlan, MailSecrets
from tickets.models import Comment, Letter, Mailbox, Ticket
from tickets.services import mailboxes

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]


@pytest.fixture(autouse=True)
def _after_noon():
    with time_machine.travel(NOON + timedelta(minutes=10), tick=False):
        yield


@pytest.fixture
def desk(acme):
    return with_mail(acme)


@pytest.fixture
def other(globex):
    return with_mail(globex)


def with_mail(tenant):
    desk = desk_of(tenant)
    with tenant_scope(tenant):
        desk.mailbox, _secret = mailboxes.create_mailbox(
            tenant=tenant, actor=desk.people["bridge_se"], secrets=MailSecrets(), now=NOON,
            plan=MailboxPlan(address=f"desk@{tenant.code.lower()}.example"),
        )  # fmt: skip
    return desk


def letter(desk, state: str = "draft", **told) -> Letter:
    """Return a letter of the requester that came in at noon."""
    person = desk.people["requester"]
    given = {
        "mailbox": desk.mailbox, "sender": person.user.email, "member": person, "state": state,
        "subject": "The cart", "body": "It does not open.", "received_at": NOON, "taken_at": NOON,
    }  # fmt: skip
    with tenant_scope(desk.tenant):
        number = Letter.objects.count()
        return Letter.objects.create(
            tenant=desk.tenant, message_id=f"{desk.tenant.code}-{number}@mail", **given | told
        )


def opening(desk, **told) -> dict:
    return {
        "title": "The cart does not open", "requester": desk.people["requester"].public_id,
        "contract": desk.contract.public_id, "system": "ec-site", "environment": "production",
        "type": "incident", **told,
    }  # fmt: skip


def state_of(row: Letter) -> str:
    with tenant_scope(row.tenant_id):
        return Letter.objects.get(pk=row.pk).state


class TestList:
    def test_shows_the_desk_its_letters_and_a_lead_the_quarantine(self, desk, other):
        draft, waits = letter(desk), letter(desk, "quarantined", reason="unknown_sender")
        letter(other)

        def seen(role: str, query: str = "") -> set[str]:
            found = Api(desk.people[role]).get(f"letters/{query}").json()["results"]
            return {each["id"] for each in found}

        assert seen("service_desk") == {draft.public_id}
        assert seen("bridge_se") == {draft.public_id, waits.public_id}
        assert seen("bridge_se", "?state=quarantined") == {waits.public_id}
        assert Api(desk.people["service_desk"]).get("letters/?state=no").status_code == 400

    def test_tells_what_a_letter_says(self, desk):
        row = letter(desk)
        told = Api(desk.people["service_desk"]).get(f"letters/{row.public_id}/").json()

        assert (told["subject"], told["body"]) == ("The cart", "It does not open.")
        assert told["person"]["name"] == "ACME requester"
        assert (told["mailbox"], told["ticket"]) == ("desk@acme.example", None)

    def test_of_a_letter_in_quarantine_is_a_leads(self, desk):
        address = f"letters/{letter(desk, 'quarantined').public_id}/"

        assert Api(desk.people["service_desk"]).get(address).status_code == 403
        assert Api(desk.people["account_manager"]).get(address).status_code == 200

    @pytest.mark.parametrize("role", ["requester", "service_owner"])
    def test_is_not_for_a_client(self, desk, role):
        row, api = letter(desk), Api(desk.people[role])

        assert api.get("letters/").status_code == 403
        assert api.get("mailboxes/").status_code == 403
        assert api.get(f"letters/{row.public_id}/").status_code == 403
        assert api.post(f"letters/{row.public_id}/discard/").status_code == 403
        assert state_of(row) == "draft"


class TestSteps:
    def test_a_letter_becomes_a_ticket_from_when_it_came_in(self, desk):
        row = letter(desk)
        answer = Api(desk.people["service_desk"]).post(
            f"letters/{row.public_id}/open/", opening(desk)
        )

        assert answer.status_code == 200
        with tenant_scope(desk.tenant):
            ticket = Ticket.objects.get()
        assert (answer.json()["state"], answer.json()["ticket"]) == ("opened", ticket.key)
        assert (ticket.received_at, ticket.channel) == (NOON, "email")
        assert ticket.description == "It does not open."

    def test_once(self, desk):
        row, api = letter(desk), Api(desk.people["service_desk"])
        api.post(f"letters/{row.public_id}/open/", opening(desk))

        assert api.post(f"letters/{row.public_id}/open/", opening(desk)).status_code == 409
        assert api.post(f"letters/{row.public_id}/discard/").status_code == 409
        with tenant_scope(desk.tenant):
            assert Ticket.objects.count() == 1

    def test_it_is_asked_for_by_a_person_of_the_client_under_its_contract(self, desk, other):
        row, api = letter(desk), Api(desk.people["service_desk"])

        def refused(**told) -> dict:
            answer = api.post(f"letters/{row.public_id}/open/", opening(desk, **told))
            assert answer.status_code in (400, 422)
            return answer.json()

        assert refused(contract=other.contract.public_id) == refused(contract="A" * 16)
        theirs = other.people["requester"].public_id
        assert refused(requester=theirs) == refused(requester="A" * 16)
        refused(requester=desk.people["service_desk"].public_id)
        refused(system="no-such")
        assert state_of(row) == "draft"

    def test_it_is_put_on_a_ticket_of_its_client(self, desk, other):
        key, theirs = desk.open().key, other.open().key
        row, api = letter(desk), Api(desk.people["service_desk"])
        address = f"letters/{row.public_id}/put/"

        strange, none = (api.post(address, {"ticket": k}) for k in (theirs, "GLOBEX-999"))
        assert (strange.status_code, strange.json()) == (none.status_code, none.json())
        assert strange.status_code == 400

        answer = api.post(address, {"ticket": key})

        assert (answer.json()["state"], answer.json()["ticket"]) == ("commented", key)
        with tenant_scope(desk.tenant):
            comment = Comment.objects.get()
        assert (comment.lane, "It does not open." in comment.body) == ("internal", True)

    def test_it_is_put_away(self, desk):
        row = letter(desk)
        answer = Api(desk.people["service_desk"]).post(f"letters/{row.public_id}/discard/")

        assert answer.json()["state"] == "discarded"
        assert state_of(row) == "discarded"

    def test_one_in_quarantine_is_decided_by_a_lead(self, desk):
        row = letter(desk, "quarantined")
        address = f"letters/{row.public_id}/discard/"

        assert Api(desk.people["operations_engineer"]).post(address).status_code == 403
        assert Api(desk.people["bridge_se"]).post(address).status_code == 200


class TestMailboxes:
    def test_are_listed_without_their_secrets_and_no_other_clients(self, desk, other):
        (found,) = Api(desk.people["service_desk"]).get("mailboxes/").json()["results"]

        assert (found["client"]["code"], found["address"]) == ("ACME", "desk@acme.example")
        assert {"sealed", "password", "user"}.isdisjoint(found)

    def test_are_switched_by_a_lead(self, desk, other):
        address = f"mailboxes/{desk.mailbox.public_id}/switch/"

        assert Api(desk.people["service_desk"]).post(address, {"on": False}).status_code == 403
        lead = Api(desk.people["account_manager"])
        assert lead.post(address, {"on": False}).json()["disabled_at"] is not None
        assert lead.post(address, {"on": True}).json()["disabled_at"] is None
        theirs = f"mailboxes/{other.mailbox.public_id}/switch/"
        assert lead.post(theirs, {"on": False}).status_code == 404
        with tenant_scope(other.tenant):
            assert Mailbox.objects.get().disabled_at is None

"""Mail that is fetched: from a real IMAP server, into which a real SMTP server delivers."""

from collections.abc import Iterator

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.tickets import mail_servers
from tests.tickets.letters.post import DESK, letter_of, reply_to, said_on, set_up, states
from tickets.models import Letter, Mailbox
from tickets.services import letters, mail_fetch

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one, pytest.mark.xdist_group("mail")]


@pytest.fixture(scope="module")
def servers() -> Iterator[mail_servers.Servers]:
    with mail_servers.running() as found:
        yield found


@pytest.fixture
def box(desk, servers) -> Mailbox:
    servers.empty()
    return set_up(
        desk, host="127.0.0.1", port=servers.imap_port, security="plain",
        user=mail_servers.USER, password=mail_servers.PASSWORD,
    )[0]  # fmt: skip


def fetch(box: Mailbox) -> int:
    with tenant_scope(box.tenant_id), transaction.atomic():
        return mail_fetch.fetch(box, timezone.now())


def fails_once(function, error: Exception | None = None):
    calls = []

    def maybe(*args):
        calls.append(args)
        if len(calls) == 1:
            raise error or RuntimeError("a bug")
        return function(*args)

    return maybe


class TestByImap:
    def test_a_letter_of_a_requester_becomes_a_draft_once(self, desk, box, servers):
        servers.send(letter_of(desk.people["requester"]), DESK)

        assert fetch(box) == 1
        assert servers.unseen() == 1  # not before it stands in the database
        assert fetch(box) == 0
        assert servers.unseen() == 0

        assert states(box) == [("draft", "")]
        with tenant_scope(desk.tenant):
            letter = Letter.objects.get()
            assert (letter.subject, letter.body) == ("The cart", "The cart is empty.")
            assert letter.member == desk.people["requester"]

    def test_japanese_of_mails_is_read(self, desk, box, servers):
        sender = desk.people["requester"].user.email
        raw = (
            f"From: {sender}\r\nTo: {DESK}\r\nMessage-ID: <jp@acme.example>\r\n"
            "Subject: =?ISO-2022-JP?B?GyRCJSshPCVIJCwzKyQtJF4kOyRzGyhC?=\r\n"
            "Content-Type: text/plain; charset=ISO-2022-JP\r\n\r\n"
        ).encode() + "カートが開きません。\r\n".encode("iso2022_jp")
        servers.send(raw, DESK)

        fetch(box)

        with tenant_scope(desk.tenant):
            letter = Letter.objects.get()
            assert (letter.subject, letter.body) == ("カートが開きません", "カートが開きません。")

    def test_what_is_broken_waits_and_what_comes_after_comes_in(self, desk, box, servers):
        sender = desk.people["requester"].user.email
        servers.send(b"Subject: from nobody\r\n\r\n\xff\xfe\r\n", DESK)
        nested = b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
            for n in range(120)
        )
        servers.send(f"From: {sender}\r\nMessage-ID: <n@x.example>\r\n".encode() + nested, DESK)
        servers.send(letter_of(desk.people["requester"]), DESK)

        fetch(box)

        assert states(box) == [("quarantined", "broken")] * 2 + [("draft", "")]

    def test_a_letter_at_which_we_fail_stops_nothing(self, desk, box, servers, monkeypatch):
        servers.send(letter_of(desk.people["requester"]), DESK)
        monkeypatch.setattr(letters, "member_of", fails_once(letters.member_of))

        fetch(box)

        assert states(box) == [("quarantined", "broken")]

    def test_a_letter_at_which_the_database_fails_is_fetched_again_whole(
        self, desk, box, servers, monkeypatch
    ):
        servers.send(letter_of(desk.people["requester"]), DESK)
        locked = fails_once(letters.member_of, OperationalError("lock timeout"))
        monkeypatch.setattr(letters, "member_of", locked)

        with pytest.raises(OperationalError):
            fetch(box)
        assert states(box) == []

        fetch(box)
        assert states(box) == [("draft", "")]

    def test_an_answer_stands_on_its_ticket(self, desk, box, servers, ticket):
        member = desk.people["requester"]
        to = reply_to(ticket, member)
        servers.send(letter_of(member, "It is back.\n\nOn Wed, Desk wrote:\n> Is it?", to=to), to)

        fetch(box)

        assert said_on(ticket) == ["It is back."]
        assert states(box) == [("commented", "")]

    def test_a_loop_ends_at_once(self, desk, box, servers, ticket):
        member = desk.people["requester"]
        to = reply_to(ticket, member)
        for number in range(5):
            sent = letter_of(member, "I am away.", to=to, Auto_Submitted="auto-replied",
                             Message_ID=f"<away{number}@acme.example>")  # fmt: skip
            servers.send(sent, to)

        fetch(box)

        assert said_on(ticket) == []
        assert states(box) == [("dropped", "automatic")] * 5

    def test_a_forged_answer_does_not_reach_the_ticket(self, desk, box, servers, ticket):
        member = desk.people["requester"]
        thread = f"<ticket-{ticket.key.lower()}@portal.example.com>"
        servers.send(letter_of(member, "Close it.", In_Reply_To=thread), DESK)
        plus = DESK.replace("@", "+r-1-1-1-aaaaaaaaaaaaaaaa@")
        servers.send(letter_of(member, "Close it now.", to=plus), plus)
        real = reply_to(ticket, member)
        servers.send(letter_of("stranger@evil.example", "Close it!", to=real), real)

        fetch(box)

        assert said_on(ticket) == []
        assert states(box) == [
            ("draft", "not_proved"),
            ("draft", "not_proved"),
            ("quarantined", "not_a_member"),
        ]

    def test_one_too_large_comes_without_its_weight(self, desk, box, servers, settings):
        settings.MAIL_MOST_BYTES = 2000
        servers.send(letter_of(desk.people["requester"], "many words\n" * 500), DESK)

        fetch(box)

        with tenant_scope(desk.tenant):
            assert "too large" in Letter.objects.get().body

    def test_a_server_that_is_away_is_said(self, desk, servers):
        port = mail_servers.free_port()
        box, _secret = set_up(
            desk, host="127.0.0.1", port=port, security="plain", user="x", password="y"
        )
        assert fetch(box) == 0
        with tenant_scope(desk.tenant):
            assert Mailbox.objects.get().problem == "away"

    def test_the_wrong_password_is_said_and_stands_nowhere(self, desk, servers):
        box, _secret = set_up(
            desk, host="127.0.0.1", port=servers.imap_port, security="plain",
            user=mail_servers.USER, password="wrong-canary",
        )  # fmt: skip
        fetch(box)
        with tenant_scope(desk.tenant):
            row = Mailbox.objects.values().get()
            assert row["problem"] == "sign_in"
            assert "canary" not in str(row)
            assert "canary" not in str(list(AuditEvent.objects.values()))

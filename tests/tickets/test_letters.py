"""Mail in: by a real SMTP and IMAP server, and by a provider; what proves itself, and what waits."""

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.utils import make_msgid

import pytest
from django.core import mail
from django.db import OperationalError, transaction
from django.test import Client
from django.utils import timezone

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent, Job
from tenants.scoping import tenant_scope
from tenants.services import jobs
from tests.factories import MembershipFactory
from tests.portal.desk import browser_of, desk_of
from tests.tickets import mail_servers
from tests.tickets.alerting import connect
from tests.tickets.races import at_once
from tickets import services
from tickets.domain.reply_token import Reply, token_of
from tickets.models import Attachment, Comment, Letter, Mailbox, Obligation, Ticket
from tickets.services import attachments, letters, mailboxes, reply_addresses
from tickets.services.mailboxes import MailboxPlan

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one, pytest.mark.xdist_group("mail")]
DESK = "desk@portal.example"


@pytest.fixture(scope="module")
def servers() -> Iterator[mail_servers.Servers]:
    with mail_servers.running() as found:
        yield found


@pytest.fixture(autouse=True)
def our_domain(settings):
    settings.PORTAL_URL = "https://portal.example.com"
    settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]


@pytest.fixture
def desk(acme):
    return desk_of(acme)


def set_up(desk, **told):
    password = told.pop("password", "")
    with tenant_scope(desk.tenant):
        return mailboxes.create_mailbox(
            tenant=desk.tenant, actor=desk.people["bridge_se"],
            plan=MailboxPlan(**({"address": DESK} | told)), password=password, now=timezone.now(),
        )  # fmt: skip


@pytest.fixture
def box(desk, servers) -> Mailbox:
    servers.empty()
    return set_up(
        desk, host="127.0.0.1", port=servers.imap_port, security="plain",
        user=mail_servers.USER, password=mail_servers.PASSWORD,
    )[0]  # fmt: skip


@pytest.fixture
def ticket(desk) -> Ticket:
    return desk.open(received_at=timezone.now() - timedelta(minutes=5))


def letter_of(sender, said: str = "The cart is empty.", to: str = DESK, **headers: str):
    message = EmailMessage()
    message["From"] = sender if isinstance(sender, str) else sender.user.email
    message["To"], message["Subject"] = to, headers.pop("Subject", "The cart")
    message["Message-ID"] = headers.pop("Message_ID", make_msgid(domain="acme.example"))
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(said)
    return message


def fetch(box: Mailbox) -> int:
    with tenant_scope(box.tenant_id), transaction.atomic():
        return mailboxes.fetch(box, timezone.now())


def take(box: Mailbox, message, **told) -> Letter:
    raw = message if isinstance(message, bytes) else message.as_bytes()
    now = timezone.now()
    with tenant_scope(box.tenant_id), transaction.atomic():
        return letters.take_in(mailbox=box, raw=raw, **({"received_at": now, "now": now} | told))


def states(box: Mailbox) -> list[tuple[str, str]]:
    with tenant_scope(box.tenant_id), transaction.atomic():
        return list(Letter.objects.order_by("pk").values_list("state", "reason"))


def reply_to(ticket: Ticket, member) -> str:
    token = token_of(Reply(ticket.tenant_id, ticket.pk, member.pk), reply_addresses.keys()[0])
    return reply_addresses.with_token(DESK, token)


def said_on(ticket: Ticket) -> list[str]:
    with tenant_scope(ticket.tenant_id), transaction.atomic():
        return list(Comment.objects.filter(ticket=ticket).values_list("body", flat=True))


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
            assert Mailbox.objects.get().problem == "ConnectionRefusedError"

    def test_the_wrong_password_is_said_and_stands_nowhere(self, desk, servers):
        box, _secret = set_up(
            desk, host="127.0.0.1", port=servers.imap_port, security="plain",
            user=mail_servers.USER, password="wrong-canary",
        )  # fmt: skip
        fetch(box)
        with tenant_scope(desk.tenant):
            row = Mailbox.objects.values().get()
            assert row["problem"] == "error"
            assert "canary" not in str(row)
            assert "canary" not in str(list(AuditEvent.objects.values()))


def fails_once(function, error: Exception | None = None):
    calls = []

    def maybe(*args):
        calls.append(args)
        if len(calls) == 1:
            raise error or RuntimeError("a bug")
        return function(*args)

    return maybe


class TestTheWholeWay:
    def test_our_mail_can_be_answered_from_both_places(self, desk, ticket):
        box, _secret = set_up(desk)
        member = desk.people["requester"]
        with tenant_scope(desk.tenant), transaction.atomic():
            agent = desk.people["operations_engineer"]
            services.comment(ticket=ticket, actor=agent, body="Is it back?", now=timezone.now())
        for _round in range(3):
            waiting = Job.objects.filter(kind__startswith="notices.", state="waiting")
            for pk in waiting.filter(due_at__lte=timezone.now()).values_list("pk", flat=True):
                jobs.run(pk)
        sent = next(m for m in mail.outbox if m.to == [member.user.email])

        by_address = letter_of(member, "Yes, thanks.", to=sent.extra_headers["Reply-To"])
        by_id = letter_of(member, "Yes again.", In_Reply_To=sent.extra_headers["Message-ID"])

        assert take(box, by_address).state == "commented"
        assert take(box, by_id).state == "commented"
        assert said_on(ticket) == ["Is it back?", "Yes, thanks.", "Yes again."]

    def test_the_words_of_the_vendor_acknowledge(self, desk, ticket):
        box, _secret = set_up(desk)
        agent = desk.people["operations_engineer"]

        take(box, letter_of(agent, "We look at it.", to=reply_to(ticket, agent)))

        with tenant_scope(desk.tenant):
            assert Obligation.objects.get(ticket=ticket, kind="acknowledge").stopped_at


class TestProof:
    def test_a_token_of_another_client_is_none(self, desk, globex, ticket):
        theirs = desk_of(globex)
        their_box, _secret = set_up(theirs)
        member = desk.people["requester"]
        MembershipFactory(tenant=globex, user=member.user)

        letter = take(their_box, letter_of(member, "Hello", to=reply_to(ticket, member)))

        assert (letter.state, letter.reason) == ("draft", "not_proved")
        assert said_on(ticket) == []

    def test_who_sees_only_their_own_does_not_speak_on_others(self, desk, ticket):
        box, _secret = set_up(desk)
        desk.tenant.requesters_see_all = False
        desk.tenant.save()
        other = MembershipFactory(tenant=desk.tenant)

        letter = take(box, letter_of(other, "Mine?", to=reply_to(ticket, other)))

        assert (letter.state, letter.reason) == ("quarantined", "not_proved")

    @pytest.mark.parametrize("gone", ["seat", "person"])
    def test_who_left_is_nobody(self, desk, ticket, gone):
        box, _secret = set_up(desk)
        member = desk.people["requester"]
        with tenant_scope(desk.tenant):
            if gone == "seat":
                member.is_active = False
                member.save()
            else:
                member.user.is_active = False
                member.user.save()

        letter = take(box, letter_of(member, "Hello", to=reply_to(ticket, member)))

        assert (letter.state, letter.reason) == ("quarantined", "not_a_member")

    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            ({"From": "nobody@else.example"}, "unknown_sender"),
            ({"Authentication_Results": "mx; dkim=none; dmarc=fail"}, "forged"),
        ],
    )
    def test_what_nobody_vouches_for_waits(self, desk, headers, reason):
        box, _secret = set_up(desk)
        sender = headers.pop("From", None) or desk.people["requester"]

        letter = take(box, letter_of(sender, **headers))

        assert (letter.state, letter.reason) == ("quarantined", reason)

    def test_our_own_letters_are_dropped(self, desk):
        box, _secret = set_up(desk)

        own = take(box, letter_of(DESK))
        bounced = take(box, letter_of(
            desk.people["requester"], Message_ID="<notice-abc@portal.example.com>"
        ))  # fmt: skip

        assert {own.reason, bounced.reason} == {"own"}

    def test_too_many_of_one_sender_wait(self, desk, monkeypatch):
        monkeypatch.setattr(letters, "MOST_AN_HOUR", 2)
        box, _secret = set_up(desk)
        sent = [
            letter_of(desk.people["requester"], Message_ID=f"<{n}@acme.example>") for n in range(3)
        ]

        assert [take(box, one).reason for one in sent] == ["", "", "many"]


class TestOnce:
    def test_the_same_message_id_is_the_same_letter(self, desk):
        box, _secret = set_up(desk)
        first = take(box, letter_of(desk.people["requester"], Message_ID="<1@acme.example>"))
        again = take(
            box, letter_of(desk.people["requester"], "Other", Message_ID="<1@acme.example>")
        )

        assert first.pk == again.pk

    @pytest.mark.django_db(transaction=True)
    def test_at_once_too(self, desk, ticket):
        box, _secret = set_up(desk)
        member = desk.people["requester"]
        sent = letter_of(member, "Once.", to=reply_to(ticket, member))

        at_once([lambda: take(box, sent)] * 5, None)

        assert said_on(ticket) == ["Once."]


class TestFiles:
    def test_come_along_by_the_limits_of_every_file(self, desk, ticket):
        box, _secret = set_up(desk)
        member = desk.people["requester"]
        sent = letter_of(member, "See it.", to=reply_to(ticket, member))
        sent.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="画面.png")
        sent.add_attachment(b"MZ", maintype="application", subtype="exe", filename="run.exe")

        take(box, sent)

        with tenant_scope(desk.tenant):
            assert [a.name for a in Attachment.objects.all()] == ["画面.png"]
        (said,) = said_on(ticket)
        assert "run.exe" in said

    def test_of_a_waiting_letter_are_no_orphans(self, desk):
        box, _secret = set_up(desk)
        sent = letter_of(desk.people["requester"])
        sent.add_attachment(b"x", maintype="text", subtype="csv", filename="rows.csv")
        letter = take(box, sent)

        with tenant_scope(desk.tenant):
            assert attachments.remove_orphans(desk.tenant.pk, before=4e9) == 0
            lead = desk.people["bridge_se"]
            letters.discard_letter(letter=letter, actor=lead, now=timezone.now())
            assert attachments.remove_orphans(desk.tenant.pk, before=4e9) == 1


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
        told = {"address": DESK, "host": "", "port": "993", "security": "tls", "folder": "INBOX"}

        assert agent.post("/tickets/mailboxes/new/ACME/", told).status_code == 403
        assert b"hook_" in lead.post("/tickets/mailboxes/new/ACME/", told).content
        assert lead.post("/tickets/mailboxes/new/ACME/", told).status_code == 422
        with tenant_scope(desk.tenant):
            box = Mailbox.objects.get()
        assert lead.post(f"/tickets/mailboxes/{box.public_id}/switch/").status_code == 302

    def test_a_password_is_not_sent_in_the_clear(self, desk):
        with pytest.raises(Invalid):
            set_up(desk, host="mail.example.com", security="plain", user="x", password="y")


class TestAProvider:
    def post(self, box, secret, message, path: str = "mail"):
        raw = message if isinstance(message, bytes) else message.as_bytes()
        return Client(raise_request_exception=False).post(
            f"/hooks/{path}/{box.public_id}/", raw, content_type="message/rfc822",
            headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip

    def test_posts_letters_once(self, desk):
        box, secret = set_up(desk)
        sent = letter_of(desk.people["requester"])

        answers = [self.post(box, secret, sent) for _ in range(2)]

        assert [(a.status_code, a.json()) for a in answers] == [(202, {"state": "draft"})] * 2
        assert states(box) == [("draft", "")]

    def test_proves_itself_at_its_own_door(self, desk, settings):
        box, secret = set_up(desk)
        source = connect(desk)
        sent = letter_of(desk.people["requester"])

        assert self.post(box, "hook_other", sent).status_code == 401
        assert self.post(source.row, source.secret, sent).status_code == 401
        assert self.post(box, secret, b"{}", "alerts").status_code == 401
        settings.MAIL_MOST_BYTES = 10
        assert self.post(box, secret, sent).status_code == 413
        assert states(box) == []

"""Mailboxes are opened before they are set up, and changed with proof given anew."""

import pytest
from django.utils import timezone

from tenants.errors import NotPermitted
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.portal.desk import browser_of
from tests.tickets import mail_servers
from tests.tickets.letters.boxes import HOST, fetched, letters, plan, refused, set_up
from tests.tickets.letters.post import DESK
from tickets.domain.mailbox import MailSecrets, folder_name
from tickets.letter_forms import MailboxForm
from tickets.models import Mailbox
from tickets.services import mailboxes

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one, pytest.mark.xdist_group("mail")]


class TestSettingUp:
    @pytest.mark.parametrize(
        ("told", "field"),
        [
            ({"user": ""}, "user"),
            ({"secrets": MailSecrets()}, "password"),
            ({"secrets": MailSecrets(password="wrong")}, "password"),
            ({"folder": "No such"}, "folder"),
            ({"user": "desk\r\nA1 LOGOUT"}, "user"),
            ({"ca": "no certificate"}, "ca"),
            ({"ca": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}, "ca"),
            ({"sign_in": "client"}, "token_url"),
            ({"sign_in": "refresh", "token_url": "http://x.example/", "client_id": "c",
              "secrets": MailSecrets(refresh_token="r")}, "token_url"),
            ({"host": "10.0.0.1"}, "host"),
            ({"host": "a" * 70 + ".example"}, "host"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_said_at_its_field(self, desk, imap, authority, told, field):
        given = {"security": "starttls", "port": imap, "ca": authority.pem} | told

        assert refused(desk, **given)[1] == field

    def test_the_page_says_it_and_shows_no_password(self, desk, imap):
        lead = browser_of(desk.people["bridge_se"])
        told = {"address": DESK, "host": HOST, "port": imap, "security": "starttls",
                "sign_in": "password", "user": mail_servers.USER, "folder": "INBOX",
                "password": mail_servers.PASSWORD}  # fmt: skip

        answer = lead.post("/tickets/mailboxes/new/ACME/", told)

        assert answer.status_code == 422
        body = answer.content.decode()
        assert "Nobody whom this portal trusts has signed" in body
        assert mail_servers.PASSWORD not in body

    def test_the_port_is_that_of_the_encryption(self, desk):
        for security, port in [("tls", 993), ("starttls", 143)]:
            form = MailboxForm({"address": DESK, "security": security, "sign_in": "password",
                                "folder": "INBOX"})  # fmt: skip
            assert form.is_valid(), form.errors
            assert form.command()["plan"].port == port

    def test_a_folder_and_a_password_may_be_japanese(self, desk, authority):
        with mail_servers.serving(authority.for_server(HOST), password="合言葉") as port:
            with mail_servers.signed_in(port, "合言葉") as box:
                assert box.create('"&ZeVnLIqe-"')[0] == "OK"
            box = set_up(
                desk, security="starttls", port=port, ca=authority.pem, folder="日本語",
                secrets=MailSecrets(password="合言葉"),
            )  # fmt: skip
            assert fetched(box).problem == ""

    def test_a_folder_is_written_as_imap_writes_it(self):
        assert (
            folder_name("~peter/mail/台北/日本語") == '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'
        )  # RFC 3501
        assert folder_name('A&B "x" \\') == '"A&-B \\"x\\" \\\\"'


class TestChanging:
    def test_a_new_password_is_given_without_losing_letters(self, desk, imap, authority):
        box = set_up(desk, security="starttls", port=imap, ca=authority.pem)
        fetched(box)
        before = letters(box)
        lead, agent = (browser_of(desk.people[r]) for r in ("bridge_se", "service_desk"))
        url = f"/tickets/mailboxes/{box.public_id}/"
        told = {"host": HOST, "port": imap, "security": "starttls", "sign_in": "password",
                "user": mail_servers.USER, "folder": "INBOX", "ca": authority.pem}  # fmt: skip

        assert mail_servers.PASSWORD not in lead.get(url).content.decode()
        assert agent.get(url).status_code == 403
        assert lead.post(url, told).status_code == 422  # what is kept goes nowhere else
        answer = lead.post(
            url, told | {"password": mail_servers.PASSWORD, "address": "x@y.example"}
        )

        assert answer.status_code == 200, answer.content.decode()
        assert letters(box) == before
        with tenant_scope(desk.tenant):
            row = Mailbox.objects.get()
            assert (row.address, row.public_id) == (DESK, box.public_id)
            assert AuditEvent.objects.filter(verb="mailbox.changed").count() == 1

    def test_without_a_server_the_door_has_a_new_secret(self, desk, imap, authority):
        box = set_up(desk, security="starttls", port=imap, ca=authority.pem)
        lead = browser_of(desk.people["bridge_se"])
        told = {"host": "", "security": "tls", "sign_in": "password", "folder": "INBOX"}

        body = lead.post(f"/tickets/mailboxes/{box.public_id}/", told).content

        assert b"hook_" in body
        with tenant_scope(desk.tenant):
            assert Mailbox.objects.get().sealed == ""

    def test_is_for_leads(self, desk, imap, authority):
        box = set_up(desk, security="starttls", port=imap, ca=authority.pem)
        with tenant_scope(desk.tenant), pytest.raises(NotPermitted):
            mailboxes.change_mailbox(
                mailbox=box, actor=desk.people["service_desk"], plan=plan(host=""),
                secrets=MailSecrets(), now=timezone.now(),
            )  # fmt: skip

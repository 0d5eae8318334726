"""Mailboxes over TLS: a server that is not proved to us gets nothing of us."""

import pytest
from django.db import transaction

from tenants.scoping import tenant_scope
from tests.portal.desk import browser_of
from tests.tickets import mail_doors, mail_servers
from tests.tickets.certificates import Authority
from tests.tickets.letters.boxes import HOST, fetched, letters, refused, set_up
from tickets.models import Mailbox
from tickets.services.imap import Imap

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one, pytest.mark.xdist_group("mail")]


class TestTls:
    def test_letters_come_through_tls(self, desk, imap, authority):
        with mail_doors.encrypted(imap, authority.for_server(HOST)) as port:
            box = set_up(desk, security="tls", port=port, ca=authority.pem)

            assert fetched(box).problem == ""
            assert letters(box) > 0

    def test_letters_come_through_starttls(self, desk, imap, authority):
        box = set_up(desk, security="starttls", port=imap, ca=authority.pem)

        assert fetched(box).problem == ""
        assert letters(box) > 0

    @pytest.mark.parametrize(
        ("name", "days", "trusted", "said"),
        [
            ("other.example", 2, True, "is for another name"),
            (HOST, -1, True, "not valid today"),
            (HOST, 2, False, "Nobody whom this portal trusts has signed"),
        ],
        ids=["another name", "over", "an unknown issuer"],
    )
    def test_a_wrong_certificate_is_refused_in_words(
        self, desk, imap, authority, name, days, trusted, said
    ):
        ca = authority.pem if trusted else ""
        with mail_doors.encrypted(imap, authority.for_server(name, days)) as port:
            message, field = refused(desk, security="tls", port=port, ca=ca)

        assert said in message
        assert field == "host"

    def test_a_wrong_certificate_is_refused_at_starttls_too(self, desk, imap):
        assert "has signed" in refused(desk, security="starttls", port=imap)[0]

    def test_an_authority_of_ones_own_is_the_only_one_that_is_trusted(self, desk, imap, tmp_path):
        stranger = Authority(tmp_path)
        assert "has signed" in refused(desk, security="starttls", port=imap, ca=stranger.pem)[0]

    def test_starttls_that_somebody_took_away_ends_it(self, desk, imap, authority):
        with mail_doors.stripped(imap) as port:
            message, field = refused(desk, security="starttls", port=port, ca=authority.pem)

        assert "offers no STARTTLS" in message
        assert field == "security"

    def test_nothing_of_us_is_said_before_the_server_is_proved(
        self, desk, imap, authority, monkeypatch
    ):
        sent: list[bytes] = []
        monkeypatch.setattr(
            Imap, "send", lambda self, data: (sent.append(data), self.sock.sendall(data))
        )
        with mail_doors.stripped(imap) as port:
            refused(desk, security="starttls", port=port, ca=authority.pem)
        refused(desk, security="starttls", port=imap)

        assert sent, "we did not speak at all"
        assert not any(b"LOGIN" in part or b"AUTHENTICATE" in part for part in sent)

    def test_a_server_without_tls_is_told_apart_from_one_that_is_away(self, desk, imap):
        assert "speaks no TLS" in refused(desk, security="tls", port=imap)[0]
        away = mail_servers.free_port()
        assert "does not answer" in refused(desk, security="tls", port=away)[0]

    def test_one_that_changes_its_certificate_later_is_said_in_the_list(
        self, desk, imap, authority
    ):
        box = set_up(desk, security="starttls", port=imap, ca=authority.pem)
        with tenant_scope(desk.tenant), transaction.atomic():
            Mailbox.objects.update(ca="")

        assert fetched(box).problem == "issuer"
        page = browser_of(desk.people["bridge_se"]).get("/tickets/mail/").content.decode()
        assert "Nobody whom this portal trusts" in page

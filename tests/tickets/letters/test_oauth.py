"""Mailboxes that are opened with an access token, by real servers of both."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from tenants.errors import Invalid
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.portal.desk import browser_of
from tests.tickets import mail_doors
from tests.tickets.letters.boxes import TOKEN, fetched, letters, set_up
from tests.tickets.letters.post import DESK
from tickets.domain.mailbox import MailSecrets
from tickets.models import Mailbox
from tickets.services import mail_proof

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one, pytest.mark.xdist_group("mail")]


@pytest.fixture
def tokens() -> Iterator[mail_doors.TokenServer]:
    with mail_doors.token_server() as server:
        yield server


def given(token: str = TOKEN, **more) -> tuple[int, object]:
    return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600} | more


def by_oauth(desk, imap, authority, tokens, sign_in: str = "client", **secrets) -> Mailbox:
    return set_up(
        desk, security="starttls", port=imap, ca=authority.pem, sign_in=sign_in,
        token_url=tokens.url, client_id="portal", scope="mail.read",
        secrets=MailSecrets(**({"client_secret": "client-canary"} | secrets)),
    )  # fmt: skip


class TestOauth:
    def test_the_application_itself_signs_in(self, desk, imap, authority, tokens):
        tokens.answers = [given()]

        box = by_oauth(desk, imap, authority, tokens)

        assert fetched(box).problem == ""
        assert letters(box) > 0
        assert tokens.asked == [{
            "grant_type": "client_credentials", "client_id": "portal", "scope": "mail.read",
            "client_secret": "client-canary",
        }]  # fmt: skip

    def test_a_token_is_asked_for_again_when_it_ends(self, desk, imap, authority, tokens):
        tokens.answers = [given(), given()]
        box = by_oauth(desk, imap, authority, tokens)
        now = timezone.now()

        fetched(box, now + timedelta(minutes=58))
        assert len(tokens.asked) == 1
        fetched(box, now + timedelta(minutes=60))
        assert len(tokens.asked) == 2

    def test_a_refresh_token_that_is_replaced_is_the_next_one(self, desk, imap, authority, tokens):
        tokens.answers = [given(refresh_token="second-canary"), given()]
        box = by_oauth(desk, imap, authority, tokens, "refresh", refresh_token="first-canary")

        row = fetched(box, timezone.now() + timedelta(hours=2))

        assert row.problem == ""
        asked = [one["refresh_token"] for one in tokens.asked]
        assert asked == ["first-canary", "second-canary"]
        assert {one["grant_type"] for one in tokens.asked} == {"refresh_token"}

    def test_a_token_that_the_mailbox_refuses_is_asked_for_anew(
        self, desk, imap, authority, tokens
    ):
        tokens.answers = [given(), given()]
        box = by_oauth(desk, imap, authority, tokens)
        with tenant_scope(desk.tenant), transaction.atomic():
            Mailbox.objects.update(access_sealed=mail_proof.sealed("withdrawn"))

        assert fetched(box).problem == "sign_in"
        assert fetched(box).problem == ""
        assert len(tokens.asked) == 2

    @pytest.mark.parametrize(
        ("answer", "said", "field"),
        [
            (
                (400, {"error": "invalid_grant"}),
                "takes this refresh token no more",
                "refresh_token",
            ),
            ((401, {"error": "invalid_client"}), "does not know this application", "client_id"),
            ((400, {"error": "invalid_scope"}), "does not give this scope", "scope"),
            ((500, b"<html>canary</html>"), "gave no token", "token_url"),
            ((200, {"access_token": "two\r\nlines"}), "gave no token", "token_url"),
            ((200, ["no", "object"]), "gave no token", "token_url"),
            ((200, b"x" * 100_000), "does not answer", "token_url"),
            ((302, b""), "gave no token", "token_url"),
            (given("another"), "refuses this user", "user"),
        ],
        ids=str,
    )
    def test_no_token_is_said_at_its_field(
        self, desk, imap, authority, tokens, answer, said, field
    ):
        tokens.answers = [answer]
        with pytest.raises(Invalid) as caught:
            by_oauth(desk, imap, authority, tokens, "refresh", refresh_token="r")

        assert said in str(caught.value.message)
        assert "canary" not in str(caught.value.message)
        assert caught.value.field == field

    def test_secrets_and_tokens_stand_nowhere(self, desk, imap, authority, tokens):
        tokens.answers = [given(refresh_token="second-canary")]
        box = by_oauth(desk, imap, authority, tokens, "refresh", refresh_token="first-canary")
        fetched(box)

        with tenant_scope(desk.tenant):
            kept = str([list(Mailbox.objects.values()), list(AuditEvent.objects.values())])
        lead = browser_of(desk.people["bridge_se"])
        shown = [lead.get(url).content.decode() for url in (
            "/tickets/mail/", f"/tickets/mailboxes/{box.public_id}/", "/api/v1/mailboxes/",
            f"/api/v1/mailboxes/{box.public_id}/",
        )]  # fmt: skip
        for text in (kept, *shown):
            assert "canary" not in text
            assert TOKEN not in text
        assert any(DESK in text for text in shown)

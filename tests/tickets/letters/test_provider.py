"""Mail that a provider posts: once, and at its own door only."""

import pytest
from django.test import Client

from tests.tickets.alerting import connect
from tests.tickets.letters.post import letter_of, set_up, states

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]


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

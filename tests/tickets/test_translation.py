"""What was said in the other side's language, and the words both sides agreed on."""

import pytest

from tenants.errors import Invalid, NotPermitted
from tenants.models import AuditEvent
from tests.tickets.factories import after, clock_of, two_clients
from tickets import services
from tickets.domain.lifecycle import RoleNotAllowed
from tickets.models import Comment, GlossaryTerm, Translation

pytestmark = pytest.mark.allow_n_plus_one


@pytest.fixture
def said(client):
    services.comment(
        ticket=client.open(),
        actor=client.requester,
        body="止まっています",
        now=after(),
        language="ja",
    )
    return Comment.objects.get()


def translate(said, actor, body="It is down.", language="en", now=None):
    return services.translate_comment(
        comment=said, actor=actor, language=language, body=body, now=now or after(minutes=2)
    )


class TestTranslate:
    def test_stands_beside_the_words_and_is_no_first_response(self, client, said):
        translate(said, client.bridge_se)

        assert Translation.objects.get().body == "It is down."
        assert clock_of(said.ticket, "acknowledge").stopped_at is None
        assert AuditEvent.objects.get(verb="comment.translated").data["language"] == "en"

    def test_again_adds_a_newer_one(self, client, said):
        translate(said, client.bridge_se)
        translate(said, client.bridge_se, "The shop is down.")

        assert [row.body for row in said.translations.all()] == ["It is down.", "The shop is down."]

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"body": " "}, "body"),
            ({"body": "x" * 5001}, "body"),
            ({"language": "ja"}, "language"),
            ({"language": "fr"}, "language"),
        ],
    )
    def test_refuses_what_is_no_translation(self, client, said, given, field):
        with pytest.raises(Invalid) as refusal:
            translate(said, client.bridge_se, **given)
        assert refusal.value.field == field

    @pytest.mark.parametrize("desk", ["requester", "service_owner", "service_desk"])
    def test_is_the_bridge_ses_to_write(self, client, said, desk):
        with pytest.raises(RoleNotAllowed):
            translate(said, client.people[desk])


class TestGlossary:
    def add(self, client, **given):
        words = {"ja": "在庫引当", "en": "stock allocation", **given}
        return services.save_term(actor=client.bridge_se, now=after(), **words)

    def test_keeps_a_term_and_what_it_was_before(self, client):
        term = self.add(client)
        services.save_term(
            actor=client.bridge_se, now=after(), term=term, ja="在庫引当", vi="phân bổ tồn kho"
        )

        term = GlossaryTerm.objects.get()
        assert (term.en, term.vi) == ("", "phân bổ tồn kho")
        event = AuditEvent.objects.get(verb="glossary.changed")
        assert event.data["before"]["en"] == "stock allocation"

    def test_needs_two_languages_and_stands_once(self, client):
        self.add(client)
        for words in ({}, {"en": " "}):
            with pytest.raises(Invalid):
                self.add(client, **words)

        assert GlossaryTerm.objects.count() == 1

    def test_of_another_client_is_out_of_reach(self, client):
        with two_clients(client) as globex:
            term = self.add(globex)
            with pytest.raises(NotPermitted):
                services.remove_term(term=term, actor=client.bridge_se, now=after())
            with pytest.raises(NotPermitted):
                services.save_term(actor=globex.requester, now=after(), ja="a", en="b")

            services.remove_term(term=term, actor=globex.bridge_se, now=after())
            assert not GlossaryTerm.objects.exists()

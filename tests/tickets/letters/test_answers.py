"""What a letter becomes: what proves itself is said on its ticket, once, with its files; else it waits."""

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from tenants.models import Job
from tenants.scoping import tenant_scope
from tenants.services import jobs
from tests.factories import MembershipFactory
from tests.portal.desk import desk_of
from tests.tickets.letters.post import DESK, letter_of, reply_to, said_on, set_up, take
from tests.tickets.races import at_once
from tickets import services
from tickets.models import Attachment, Obligation
from tickets.services import attachments, letters

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]


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

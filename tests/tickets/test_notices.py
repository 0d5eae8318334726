"""Who is told of what: once, in their own words and zone, and never across a wall or a lane."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import transaction

from contracts.domain.scope import Facts
from tenants.models import Job
from tenants.scoping import tenant_scope
from tenants.services import audit, jobs
from tests.tickets.estimates import Money
from tests.tickets.factories import Client, after, two_clients
from tests.tickets.races import at_once
from tickets import services
from tickets.models import NoticePreference, Notification
from tickets.services.guard import story
from tickets.services.sweep import sweep_misses, sweep_warnings

pytestmark = pytest.mark.allow_n_plus_one


def run(kind: str) -> int:
    """Do the waiting jobs of a kind as a worker would, due or not; return how many."""
    Job.objects.filter(kind=kind, state="waiting").update(due_at=datetime(2020, 1, 1, tzinfo=UTC))
    done = Job.objects.filter(kind=kind, state="waiting").order_by("pk")
    return sum(jobs.run(pk) for pk in list(done.values_list("pk", flat=True)))


def told(client: Client) -> dict[str, set[str]]:
    """Return the sentences that each desk was told, and forget them."""
    run("notices.tell")
    found: dict[str, set[str]] = {}
    for row in Notification.objects.filter(tenant=client.tenant).select_related("recipient"):
        found.setdefault(row.recipient.role, set()).add(row.code)
    Notification.objects.filter(tenant=client.tenant).delete()
    return found


def letters() -> list:
    run("notices.tell")
    run("notices.mail")
    return mail.outbox


def choose(member, **channels: str) -> None:
    NoticePreference.objects.update_or_create(user=member.user, defaults={"channels": channels})


class TestWhoIsTold:
    def test_the_owner_of_a_new_ticket(self, client):
        client.open()

        assert told(client) == {"operations_engineer": {"ticket.yours"}}

    def test_the_requester_of_what_was_registered_for_them(self, client):
        client.open(actor=client.bridge_se)

        assert told(client)["requester"] == {"ticket.opened_for_you"}

    def test_nobody_of_their_own_act(self, client):
        ticket = client.open()
        told(client)

        services.assign(
            ticket=ticket, actor=client.bridge_se, owner=client.bridge_se, now=after(minutes=1)
        )
        services.comment(ticket=ticket, actor=client.bridge_se, body="Mine.", now=after(minutes=2))

        assert told(client) == {"requester": {"comment.public"}}

    def test_an_account_manager_where_no_clause_decides(self, client):
        client.open(facts=Facts(activity="monitoring"))

        assert told(client)["account_manager"] == {"verdict.to_rule"}

    def test_whom_a_handoff_waits_for_and_who_gave_it(self, client):
        _ticket, handoff = client.offered(after(hours=1))
        assert told(client)["maintenance_engineer"] == {"handoff.offered"}

        services.dispute_handoff(
            handoff=handoff,
            actor=client.maintenance_engineer,
            reason="No logs.",
            now=after(hours=2),
        )

        assert told(client) == {
            "operations_engineer": {"handoff.disputed"},
            "bridge_se": {"handoff.disputed"},
        }

    def test_the_default_owner_of_what_nobody_answered(self, client):
        _ticket, handoff = client.offered(after(hours=1))
        told(client)

        services.default_handoff(handoff=handoff, now=after(hours=9))

        assert told(client) == {
            "bridge_se": {"handoff.yours"},
            "operations_engineer": {"handoff.defaulted"},
        }

    def test_a_resolution_once_although_it_writes_a_message_too(self, client):
        ticket = client.working()
        told(client)

        client.resolve(ticket, after(hours=1))

        assert told(client) == {"requester": {"ticket.resolved"}}

    def test_the_client_of_what_we_wait_for_but_not_of_an_agreed_window(self, client):
        ticket = client.working()
        told(client)
        people = {"ticket": ticket, "actor": client.operations_engineer}

        services.pause_ticket(**people, cause="agreed_window", now=after(minutes=1))
        assert told(client) == {}
        services.resume_ticket(**people, now=after(minutes=2))
        services.pause_ticket(**people, cause="client_access", now=after(minutes=3))
        assert told(client) == {"requester": {"ticket.paused"}}

    def test_of_a_dispute_and_its_ruling(self, client):
        ticket = client.improvement(facts=Facts(activity="adaptive"))
        told(client)
        dispute = services.open_dispute(
            ticket=ticket, actor=client.requester, reason="It is a defect.", now=after(hours=1)
        )
        assert told(client) == {"account_manager": {"dispute.opened"}}

        services.answer_dispute(
            dispute=dispute,
            actor=client.account_manager,
            ruling="uphold",
            reason="Clause S6.",
            now=after(hours=2),
        )
        assert told(client) == {"requester": {"dispute.ruled"}, "service_owner": {"dispute.ruled"}}

        services.agree_to_ruling(dispute=dispute, actor=client.service_owner, now=after(hours=3))
        assert "dispute.agreed" in told(client)["account_manager"]

    def test_who_was_mentioned_unless_a_client_in_a_lane_of_the_vendors(self, client):
        ticket = client.open()
        services.comment(
            ticket=ticket, actor=client.bridge_se, body="@both", now=after(), lane="internal"
        )
        told(client)
        for member in (client.requester, client.service_desk):
            audit.record(
                actor=client.bridge_se,
                verb="comment.mentioned",
                subject=ticket,
                at=after(),
                member=member.pk,
                comment=ticket.comments.get().pk,
            )

        assert told(client) == {"service_desk": {"comment.mentioned"}}

    def test_watchers_and_who_is_called_in_a_message_once(self, client):
        ticket = client.open()
        name = client.maintenance_engineer.user.name
        services.watch_ticket(ticket=ticket, actor=client.service_owner, now=after())
        told(client)

        services.comment(
            ticket=ticket, actor=client.bridge_se, body=f"@{name} please look", now=after(minutes=1)
        )

        assert told(client) == {
            "requester": {"comment.public"},
            "service_owner": {"comment.public"},
            "operations_engineer": {"comment.public"},
            "maintenance_engineer": {"comment.mentioned"},
        }

    def test_no_watching_client_of_an_internal_note(self, client):
        ticket = client.open()
        services.watch_ticket(ticket=ticket, actor=client.service_owner, now=after())
        told(client)
        services.comment(
            ticket=ticket, actor=client.bridge_se, body="Costly.", now=after(), lane="internal"
        )

        assert told(client) == {"operations_engineer": {"comment.internal"}}

    def test_no_requester_of_a_ticket_that_they_do_not_see(self, client):
        client.tenant.requesters_see_all = False
        client.tenant.save()
        ticket = client.open(requester=client.requester)
        told(client)
        Other = type(client.requester)
        other = Other.objects.create(
            tenant=client.tenant, user=client.service_desk.user, role="requester"
        )
        audit.record(
            actor=client.bridge_se,
            verb="comment.mentioned",
            subject=ticket,
            at=after(),
            member=other.pk,
        )

        assert told(client) == {}

    def test_nobody_of_the_past_in_an_imported_log(self, client):
        with story():
            client.open()

        assert told(client) == {}


class TestTwoClients:
    def test_are_told_apart(self, client):
        with two_clients(client) as globex:
            client.open()
            globex.open()
            run("notices.tell")

            for row in Notification.objects.select_related("recipient", "ticket"):
                assert row.recipient.tenant_id == row.ticket.tenant_id == row.tenant_id
            with tenant_scope(globex.tenant):
                assert Notification.objects.get().recipient == globex.operations_engineer

    def test_nobody_is_mailed_of_another_client(self, client):
        with two_clients(client) as globex:
            globex.open(title="GLOBEX canary")
            letters()

        assert [letter.to for letter in mail.outbox] == [[globex.operations_engineer.user.email]]


class TestOnce:
    def test_however_often_the_job_runs(self, client):
        client.open()
        run("notices.tell")
        Job.objects.filter(kind="notices.tell").update(state="waiting")

        assert run("notices.tell") == 1
        assert Notification.objects.count() == 1
        assert Job.objects.filter(kind="notices.mail").count() == 1

    def test_an_e_mail_whose_job_runs_again(self, client):
        client.open()
        assert len(letters()) == 1
        Job.objects.filter(kind="notices.mail").update(state="waiting")

        assert run("notices.mail") == 1
        assert len(mail.outbox) == 1

    def test_nothing_for_who_has_left_the_team_meanwhile(self, client):
        client.open()
        run("notices.tell")
        client.operations_engineer.is_active = False
        client.operations_engineer.save()
        run("notices.mail")

        assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_workers_tell_and_mail_once(self):
        client = Client()
        with tenant_scope(client.tenant), transaction.atomic():
            client.open()
        for kind in ("notices.tell", "notices.mail"):
            pk = Job.objects.get(kind=kind).pk
            done = at_once([lambda pk=pk: jobs.run(pk) for _ in range(4)], client.tenant)
            assert sorted(done) == [False, False, False, True]

        with tenant_scope(client.tenant), transaction.atomic():
            assert Notification.objects.count() == 1
        assert len(mail.outbox) == 1

    def test_two_sweeps_warn_once(self):
        client = Client()
        with tenant_scope(client.tenant), transaction.atomic():
            client.open()
        sweep = transaction.atomic(sweep_warnings)
        at_once([lambda: sweep(after(minutes=13)) for _ in range(3)], client.tenant)

        with tenant_scope(client.tenant), transaction.atomic():
            found = Notification.objects.filter(code="clock.nearly", facts__kind="acknowledge")
            assert sorted(found.values_list("recipient__role", flat=True)) == [
                "bridge_se",
                "operations_engineer",
            ]


def steps(client: Client) -> list[tuple[str, str]]:
    """Return which clock told people what, in order."""
    rows = Notification.objects.filter(tenant=client.tenant, code__startswith="clock.")
    return list(dict.fromkeys((row.facts["kind"], row.code) for row in rows.order_by("pk")))


class TestClocks:
    def test_tell_at_half_and_four_fifths_of_their_time_and_when_it_is_missed(self, client):
        """Acknowledge within 15 minutes round the clock; update says nothing at half its hour."""
        client.open()

        assert sweep_warnings(after(minutes=7)) == 0
        assert sweep_warnings(after(minutes=7, seconds=30)) == 1
        assert sweep_warnings(after(minutes=11)) == 0
        assert sweep_warnings(after(minutes=12)) == 1
        assert sweep_warnings(after(minutes=14)) == 0
        sweep_misses(after(minutes=16))
        run("notices.tell")

        assert steps(client) == [
            ("acknowledge", "clock.half"),
            ("acknowledge", "clock.nearly"),
            ("acknowledge", "clock.missed"),
        ]

    def test_who_hears_more_the_nearer_the_deadline_comes(self, client):
        client.open()
        sweep_warnings(after(minutes=8))
        sweep_warnings(after(minutes=13))
        sweep_misses(after(minutes=16))
        run("notices.tell")

        rows = Notification.objects.filter(facts__kind="acknowledge")
        roles = {
            code: set(rows.filter(code=code).values_list("recipient__role", flat=True))
            for code in ("clock.half", "clock.nearly", "clock.missed")
        }
        assert roles == {
            "clock.half": {"operations_engineer"},
            "clock.nearly": {"operations_engineer", "bridge_se"},
            "clock.missed": {"operations_engineer", "bridge_se", "account_manager"},
        }

    def test_a_pause_moves_the_steps_and_its_time_does_not_count(self, client):
        """Restore within four hours, of which one passes before a pause of ten."""
        ticket = client.working()
        people = {"ticket": ticket, "actor": client.operations_engineer}
        services.comment(**people, body="On it.", now=after())
        services.pause_ticket(**people, cause="client_access", now=after(hours=1))
        assert sweep_warnings(after(hours=10)) == 0
        services.resume_ticket(**people, now=after(hours=11))

        sweep_warnings(after(hours=11, minutes=59))
        assert ("restore", "clock.half") not in steps(client)
        sweep_warnings(after(hours=12))
        assert ("restore", "clock.half") in steps(client)
        assert ("restore", "clock.nearly") not in steps(client)
        sweep_warnings(after(hours=13, minutes=12))
        assert ("restore", "clock.nearly") in steps(client)

    def test_a_new_target_moves_them_and_tells_only_the_last_step_that_is_over(self, client):
        """P3: restore within eight hours. At seven it is a P1, of which seven of four are over."""
        ticket = client.working(impact=2, urgency=2)
        assert ticket.priority == "P3"
        sweep_warnings(after(hours=3))
        told_before = steps(client)
        services.confirm_facts(
            ticket=ticket,
            actor=client.bridge_se,
            changes={"impact": 1, "urgency": 2},
            now=after(hours=3, minutes=30),
        )
        sweep_warnings(after(hours=3, minutes=31))

        assert ("restore", "clock.half") not in told_before
        assert [code for kind, code in steps(client) if kind == "restore"] == []
        sweep_warnings(after(hours=4))
        assert [code for kind, code in steps(client) if kind == "restore"] == ["clock.half"]

    def test_count_in_their_own_service_hours(self, client):
        """Resolve within 18 hours of 09:00-18:00: half is used at ten the next morning."""
        client.improvement()
        sweep_warnings(after(hours=1))
        night = after(hours=23, minutes=59)

        sweep_warnings(night)
        assert ("resolve", "clock.half") not in steps(client)
        sweep_warnings(after(days=1))
        assert ("resolve", "clock.half") in steps(client)

    def test_say_nothing_once_stopped(self, client):
        ticket = client.open()
        services.comment(
            ticket=ticket, actor=client.bridge_se, body="We look.", now=after(minutes=1)
        )
        sweep_warnings(after(minutes=14))

        assert ("acknowledge", "clock.nearly") not in steps(client)

    def test_what_was_missed_while_nobody_swept_is_told_as_a_miss_only(self, client):
        client.open()
        sweep_warnings(after(minutes=20))
        sweep_misses(after(minutes=20))
        run("notices.tell")

        assert [code for kind, code in steps(client) if kind == "acknowledge"] == ["clock.missed"]


class TestChoices:
    def test_off_means_no_row_and_portal_no_e_mail(self, client):
        choose(client.operations_engineer, assignment="off")
        client.open()
        assert told(client) == {}
        choose(client.operations_engineer, assignment="portal")
        client.open()

        assert letters() == []
        assert Notification.objects.get().mail_at is None

    def test_daily_news_of_one_client_come_in_one_e_mail(self, client):
        choose(client.operations_engineer, assignment="daily")
        client.open(title="The first")
        client.open(title="The second")
        run("notices.tell")

        job = Job.objects.get(kind="notices.mail_day")
        row = Notification.objects.first()
        assert job.due_at == row.mail_at + timedelta(minutes=1)
        assert Notification.objects.exclude(mail_at=row.mail_at).count() == 0
        Notification.objects.update(mail_at=after())
        run("notices.mail_day")

        (letter,) = mail.outbox
        assert letter.subject == "ACME: 2 pieces of news"
        assert "The first" in letter.body
        assert "The second" in letter.body
        Job.objects.filter(kind="notices.mail_day").update(state="waiting")
        run("notices.mail_day")
        assert len(mail.outbox) == 1


class TestLetters:
    def test_say_what_where_and_that_they_are_automatic(self, client, settings):
        settings.PORTAL_URL = "https://portal.example.com"
        ticket = client.open(actor=client.bridge_se)

        letter = next(m for m in letters() if m.to == [client.operations_engineer.user.email])

        assert letter.subject == "ACME-1 A new ticket is yours: The cart does not open"
        assert f"https://portal.example.com/tickets/{ticket.key}/" in letter.body
        sent = letter.message()
        assert sent["Auto-Submitted"] == "auto-generated"
        assert sent["References"] == sent["In-Reply-To"] == "<ticket-acme-1@portal.example.com>"
        row = Notification.objects.get(recipient=client.operations_engineer)
        assert sent["Message-ID"] == f"<notice-{row.public_id}@portal.example.com>"
        html = letter.alternatives[0].content
        assert "<img" not in html
        assert "http:" not in html

    @pytest.mark.parametrize(
        ("language", "zone", "headline", "when"),
        [
            ("en", "Europe/London", "A new ticket is yours", "15 Apr 2026 02:00 (Europe/London)"),
            (
                "ja",
                "Asia/Tokyo",
                "新しいチケットの担当になりました",
                "2026/04/15 10:00 (Asia/Tokyo)",
            ),
            (
                "vi",
                "Asia/Ho_Chi_Minh",
                "Bạn phụ trách một phiếu mới",
                "15 thg 4, 2026 08:00 (Asia/Ho_Chi_Minh)",
            ),
        ],
    )
    def test_speak_the_language_and_zone_of_their_reader(
        self, client, language, zone, headline, when
    ):
        user = client.operations_engineer.user
        user.language, user.timezone = language, zone
        user.save()
        client.open()

        (letter,) = letters()
        assert headline in letter.subject
        assert headline in letter.body
        assert when in letter.body
        assert f'<html lang="{language}">' in letter.alternatives[0].content
        assert letter.message()["Content-Language"] == language

    def test_bear_a_title_that_would_write_headers(self, client):
        client.open(title="Down\r\nBcc: all@example.com\n\nHello \u202eevil <b>")

        (letter,) = letters()
        raw = letter.message().as_string()
        assert "\nBcc:" not in raw
        assert letter.recipients() == [client.operations_engineer.user.email]
        assert (
            letter.subject
            == "ACME-1 A new ticket is yours: Down Bcc: all@example.com Hello evil <b>"
        )
        assert "<b>" not in letter.alternatives[0].content

    def test_quote_public_words_to_a_client_and_internal_ones_to_the_vendor_only(self, client):
        ticket = client.open()
        people = {"ticket": ticket, "actor": client.bridge_se}
        services.comment(**people, body="We look into it.", now=after(minutes=1))
        services.comment(**people, body="They broke it.", now=after(minutes=2), lane="internal")

        by_person = {letter.to[0]: [] for letter in letters()}
        for letter in mail.outbox:
            by_person[letter.to[0]].append(letter.body + letter.alternatives[0].content)
        to_client = "".join(by_person[client.requester.user.email])
        to_vendor = "".join(by_person[client.operations_engineer.user.email])
        assert "We look into it." in to_client
        assert "They broke it." not in to_client
        assert "They broke it." in to_vendor

    def test_a_client_is_not_quoted_a_note_even_where_a_row_says_so(self, client):
        """The row is forged: a public sentence that names an internal note."""
        ticket = client.open()
        services.comment(
            ticket=ticket, actor=client.bridge_se, body="Secret.", now=after(), lane="internal"
        )
        letters()
        mail.outbox.clear()
        row = Notification.objects.filter(code="comment.internal").first()
        Notification.objects.filter(pk=row.pk).update(
            recipient=client.requester, code="comment.public", mailed_at=None
        )
        Job.objects.create(
            kind="notices.mail",
            tenant=client.tenant,
            key="forged",
            due_at=after(),
            payload={"recipient_id": client.requester.pk, "notice_key": row.key},
        )
        run("notices.mail")

        (letter,) = mail.outbox
        assert "Secret" not in str(letter.message())


class TestEstimates:
    @pytest.fixture
    def money(self, db):
        money = Money()
        with tenant_scope(money.tenant):
            yield money

    def test_wait_for_who_may_approve_and_never_for_their_writer(self, money):
        money.submitted()
        managers = {
            "bridge_se": {"estimate.to_approve"},
            "account_manager": {"estimate.to_approve"},
        }

        found = told(money)
        assert {
            role: codes for role, codes in found.items() if "estimate.to_approve" in codes
        } == managers
        assert "estimate.to_approve" not in found["maintenance_engineer"]

    def test_go_back_to_their_writer_and_on_to_the_service_owner(self, money):
        estimate = money.submitted()
        told(money)
        estimate = money.approve(estimate)
        assert told(money) == {"maintenance_engineer": {"estimate.approved"}}
        money.send(estimate)
        assert told(money)["service_owner"] == {"estimate.to_accept"}
        money.accept(estimate)
        assert told(money) == {
            "maintenance_engineer": {"estimate.accepted"},
            "account_manager": {"estimate.accepted"},
        }

    def test_say_no_amount_in_an_e_mail(self, money):
        money.sent()
        sent = [str(letter.message()) for letter in letters()]

        assert any("An estimate waits for your answer" in text for text in sent)
        assert not [text for text in sent if "80,000" in text or "80000" in text]

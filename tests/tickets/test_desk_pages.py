"""The desk's pages: messages with files and translations, links, watchers, history, the glossary."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tenants.scoping import tenant_scope
from tests.factories import TERMS
from tests.portal.desk import NOON, browser_of, desk_of
from tickets import services
from tickets.models import (
    Attachment,
    Comment,
    GlossaryTerm,
    Link,
    Ticket,
    TimeEntry,
    Translation,
    Watcher,
)

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]


@pytest.fixture(autouse=True)
def _folder(tmp_path, settings):
    settings.ATTACHMENTS_DIR = tmp_path


@pytest.fixture
def desk(acme):
    return desk_of(acme)


@pytest.fixture
def other(globex):
    return desk_of(globex)


def page(who, ticket):
    return browser_of(who).get(reverse("tickets:page", args=[ticket.key])).content.decode()


def send(who, ticket, **data):
    url = reverse("tickets:comment", args=[ticket.key])
    told = {"body": "See the log.", "lane": "public", "language": "en", **data}
    return browser_of(who).post(url, told)


def log(name="trace.log", content=b"one\n"):
    return SimpleUploadedFile(name, content)


def rows(model, desk):
    with tenant_scope(desk.tenant):
        return list(model.objects.order_by("pk"))


class TestFiles:
    def test_come_with_a_message_and_are_only_ever_downloaded(self, desk):
        ticket = desk.open()
        send(desk.people["bridge_se"], ticket, files=[log("画面.html.txt", b"<script>x</script>")])

        (row,) = rows(Attachment, desk)
        url = reverse("tickets:attachment", args=[row.public_id])
        assert url in page(desk.people["requester"], ticket)
        answer = browser_of(desk.people["requester"]).get(url)
        assert b"".join(answer.streaming_content) == b"<script>x</script>"
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]

    def test_of_our_lane_and_of_another_client_are_not_found(self, desk, other):
        ticket = desk.open()
        send(desk.people["bridge_se"], ticket, lane="internal", files=[log()])
        (row,) = rows(Attachment, desk)
        url = reverse("tickets:attachment", args=[row.public_id])

        assert browser_of(desk.people["bridge_se"]).get(url).status_code == 200
        for who in (desk.people["requester"], other.people["bridge_se"]):
            assert browser_of(who).get(url).status_code == 404
        assert row.name not in page(desk.people["requester"], ticket)

    def test_are_kept_while_the_rest_is_put_right(self, desk):
        ticket = desk.open()
        answer = send(desk.people["bridge_se"], ticket, lane="nowhere", files=[log(), log("a.exe")])
        text = answer.content.decode()
        assert answer.status_code == 422
        assert "a.exe is of a type that is not accepted" in text
        assert "trace.log" in text
        assert "See the log." in text
        note = text.split('name="kept_files" value="')[1].split('"')[0]

        stranger = send(desk.people["service_desk"], ticket, kept_files=[note])
        assert stranger.status_code == 422
        assert send(desk.people["bridge_se"], ticket, kept_files=[note]).status_code == 302

        (row,) = rows(Attachment, desk)
        assert (row.name, row.size) == ("trace.log", 4)

    def test_too_large_are_named_with_the_limit(self, desk, settings):
        settings.ATTACHMENTS_MOST_BYTES = 3_000_000
        answer = send(desk.people["bridge_se"], desk.open(), files=[log(content=b"x" * 3_500_000)])

        assert "trace.log is larger than 3 MB" in answer.content.decode()
        assert rows(Attachment, desk) == []


class TestTranslation:
    def test_stands_beside_the_message_for_everybody(self, desk):
        ticket = desk.open()
        send(desk.people["bridge_se"], ticket, body="止まっています", language="ja")
        (said,) = rows(Comment, desk)
        url = reverse("tickets:translate", args=[said.public_id])
        assert url in page(desk.people["bridge_se"], ticket)
        assert url not in page(desk.people["requester"], ticket)

        form = {"language": "en", "body": "It is down."}
        assert browser_of(desk.people["bridge_se"]).post(url, form).status_code == 302
        assert browser_of(desk.people["requester"]).post(url, form).status_code == 403

        text = page(desk.people["requester"], ticket)
        assert "止まっています" in text
        assert "It is down." in text
        assert len(rows(Translation, desk)) == 1

    def test_shows_the_glossary_beside_the_form(self, desk, other):
        ticket = desk.open()
        send(desk.people["bridge_se"], ticket)
        for each, word in ((desk, "在庫引当"), (other, "他社の語")):
            url = reverse("tickets:glossary", args=[each.tenant.code])
            browser_of(each.people["bridge_se"]).post(url, {"ja": word, "en": "stock allocation"})
        (said,) = rows(Comment, desk)

        url = reverse("tickets:translate", args=[said.public_id])
        text = browser_of(desk.people["bridge_se"]).get(url).content.decode()

        assert "在庫引当" in text
        assert "他社の語" not in text


class TestGlossary:
    def test_is_kept_by_the_vendors_people(self, desk, other):
        url = reverse("tickets:glossary", args=[desk.tenant.code])
        ours = browser_of(desk.people["service_desk"])
        assert ours.post(url, {"en": "stock"}).status_code == 422
        assert ours.post(url, {"en": "stock", "vi": "tồn kho"}).status_code == 302
        (term,) = rows(GlossaryTerm, desk)
        one = reverse("tickets:term", args=[term.public_id])
        assert ours.post(one, {"en": "stock", "vi": "hàng tồn"}).status_code == 302
        assert "hàng tồn" in ours.get(url).content.decode()

        for who in (desk.people["requester"], other.people["bridge_se"]):
            for address in (url, one):
                assert browser_of(who).get(address).status_code == 404

        ours.post(reverse("tickets:remove_term", args=[term.public_id]))
        assert rows(GlossaryTerm, desk) == []


class TestLinksAndWatchers:
    def test_are_made_and_taken_back_on_the_page(self, desk):
        one, two = desk.open("First"), desk.open("Second")
        browser = browser_of(desk.people["bridge_se"])
        url = reverse("tickets:link", args=[one.key])
        assert browser.post(url, {"kind": "blocks", "other": "NONE-1"}).status_code == 422
        browser.post(url, {"kind": "blocks", "other": two.key.lower()})

        assert "is blocked by" in page(desk.people["requester"], two)
        (link,) = rows(Link, desk)
        browser.post(reverse("tickets:unlink", args=[link.public_id]))
        assert rows(Link, desk) == []

    def test_another_clients_number_is_no_ticket(self, desk, other):
        one, foreign = desk.open(), other.open()
        url = reverse("tickets:link", args=[one.key])
        browser = browser_of(desk.people["bridge_se"])

        answer = browser.post(url, {"kind": "relates", "other": foreign.key})

        assert "There is no ticket with this number" in answer.content.decode()

    def test_a_duplicate_says_where_it_went(self, desk):
        one, two = desk.open("First"), desk.open("Second")
        browser = browser_of(desk.people["bridge_se"])
        browser.post(reverse("tickets:merge", args=[two.key]), {"other": one.key})

        text = page(desk.people["requester"], two)
        assert f"Merged into {one.key}" in text
        assert "Cancelled" in text

    def test_one_watches_and_stops(self, desk):
        ticket, who = desk.open(), desk.people["service_owner"]
        url = reverse("tickets:watch", args=[ticket.key])
        browser_of(who).post(url)
        assert [row.member_id for row in rows(Watcher, desk)] == [who.pk]
        assert "Stop watching" in page(who, ticket)
        browser_of(who).post(url, {"stop": "1"})
        assert rows(Watcher, desk) == []


class TestHistory:
    def read(self, who, ticket):
        url = reverse("tickets:history", args=[ticket.key])
        return browser_of(who).get(url)

    def test_says_what_was_and_what_is(self, desk, other):
        ticket, lead = desk.open(), desk.people["bridge_se"]
        with tenant_scope(desk.tenant):
            services.assign(ticket=ticket, actor=lead, owner=lead, now=desk.after(5), team="Tokyo")

        text = self.read(lead, ticket).content.decode()
        assert "Named another accountable person" in text
        assert f"{desk.tenant.code} operations_engineer" in text
        assert self.read(other.people["bridge_se"], ticket).status_code == 404

    def test_keeps_our_lanes_and_our_time_from_the_client(self, desk):
        ticket, lead = desk.open(), desk.people["bridge_se"]
        send(lead, ticket, lane="internal", body="Hush.")
        with tenant_scope(desk.tenant):
            services.log_time(
                ticket=ticket, actor=lead, starts_at=NOON, ends_at=desk.after(9), now=desk.after(9)
            )

        assert "Recorded time" in self.read(lead, ticket).content.decode()
        text = self.read(desk.people["requester"], ticket).content.decode()
        assert "Request received" in text
        assert "Recorded time" not in text
        assert "Wrote a message" not in text


class TestOnBehalf:
    def form(self, desk, **given):
        return {
            "contract": desk.contract.public_id,
            "type": "incident",
            "title": "Told by telephone",
            "place": "ec-site/production",
            "impact": "1",
            "urgency": "1",
            "requester": desk.people["requester"].public_id,
            "channel": "phone",
            "received_at": "2026-04-08T12:00",
            **given,
        }

    def test_asks_why_it_is_late_and_keeps_what_was_typed(self, desk):
        browser = browser_of(desk.people["bridge_se"])
        answer = browser.post(reverse("tickets:new"), self.form(desk))
        assert answer.status_code == 422
        assert "say why it is written down only now" in answer.content.decode()
        assert "Told by telephone" in answer.content.decode()

        reason = {"received_reason": "Night call."}
        assert browser.post(reverse("tickets:new"), self.form(desk, **reason)).status_code == 302
        (ticket,) = rows(Ticket, desk)
        assert ticket.received_reason == "Night call."
        assert "Night call." in page(desk.people["requester"], ticket)

    def test_follows_a_ticket_with_its_words(self, desk):
        before = desk.open("The cart again")
        browser = browser_of(desk.people["requester"])
        text = browser.get(reverse("tickets:new"), {"follows": before.key}).content.decode()
        assert "The cart again" in text

        told = {"type": "incident", "title": "Again", "place": "ec-site/production"}
        told |= {"impact": "1", "urgency": "1", "follows": before.key}
        assert browser.post(reverse("tickets:new"), told).status_code == 302

        (link,) = rows(Link, desk)
        assert link.other_id == before.pk


def test_a_disputed_ticket_has_one_primary_step(desk):
    ticket = desk.open()
    with tenant_scope(desk.tenant):
        services.open_dispute(
            ticket=ticket, actor=desk.people["requester"], reason="Not ours.", now=desk.after(1)
        )

    assert page(desk.people["account_manager"], ticket).count("btn-primary") == 1
    assert page(desk.people["bridge_se"], ticket).count("btn-primary") == 1


def test_a_person_called_by_name_watches(desk):
    name = desk.people["service_owner"].user.name
    send(desk.people["bridge_se"], desk.open(), body=f"@{name} please decide.")

    assert [row.member_id for row in rows(Watcher, desk)] == [desk.people["service_owner"].pk]


class TestTimer:
    def test_runs_in_the_head_of_the_page_until_it_is_stopped(self, desk):
        ticket, who = desk.open(), desk.people["bridge_se"]
        browser = browser_of(who)
        assert browser.post(reverse("tickets:timer_start", args=[ticket.key])).status_code == 302
        assert ticket.key in browser.get(reverse("tickets:timer")).content.decode()
        again = browser.post(reverse("tickets:timer_start", args=[ticket.key]))
        assert again.status_code == 409

        assert browser.post(reverse("tickets:timer_stop")).status_code == 302
        assert ticket.key not in browser.get(reverse("tickets:timer")).content.decode()

    def test_that_was_forgotten_asks_when_the_work_ended(self, desk):
        ticket, who = desk.open(), desk.people["bridge_se"]
        with tenant_scope(desk.tenant):
            services.start_timer(ticket=ticket, actor=who, now=NOON)
        browser, url = browser_of(who), reverse("tickets:timer_stop")

        assert "The work ended at" in browser.post(url).content.decode()
        told = {"ended_at": "2026-04-08T04:00", "note": "Night."}
        assert browser.post(url, told).status_code == 302

        (entry,) = rows(TimeEntry, desk)
        assert (entry.minutes, entry.note) == (60, "Night.")

    def test_corrected_time_is_struck_and_not_summed(self, desk):
        ticket, lead = desk.open(), desk.people["bridge_se"]
        with tenant_scope(desk.tenant):
            services.log_time(
                ticket=ticket,
                actor=lead,
                starts_at=NOON,
                ends_at=desk.after(61),
                now=desk.after(61),
            )
            entry = TimeEntry.objects.select_related("person").get()
            services.correct_time(entry=entry, actor=lead, reason="Twice.", now=desk.after(62))

        text = page(lead, ticket)
        assert "Corrected" in text
        assert '<span class="num">0 min</span>' in text


class TestCorrectingTime:
    def logged(self, desk, role="operations_engineer", minutes=61, **told):
        ticket = desk.open()
        with tenant_scope(desk.tenant):
            services.log_time(
                ticket=ticket, actor=desk.people[role], starts_at=NOON,
                ends_at=desk.after(minutes), now=desk.after(minutes), **told,
            )  # fmt: skip
        return ticket

    def address(self, ticket, number=1):
        return reverse("tickets:correct_time", args=[ticket.key, number])

    def test_begins_with_what_was_written_and_leaves_it_readable(self, desk):
        ticket = self.logged(desk, note="Restarted")
        mine = desk.people["operations_engineer"]
        url = self.address(ticket)
        assert f'href="{url}"' in page(mine, ticket)
        assert 'value="Restarted"' in browser_of(mine).get(url).content.decode()

        told = {"starts_at": "2026-04-08T03:00", "ends_at": "2026-04-08T03:30", "note": "Restarted"}
        assert browser_of(mine).post(url, {**told, "reason": "Lunch was in it"}).status_code == 302

        wrong, right = rows(TimeEntry, desk)
        assert (wrong.minutes, right.minutes, right.replaces_id) == (61, 30, wrong.pk)
        text = page(mine, ticket)
        assert "Lunch was in it" in text
        assert f'href="{url}"' not in text
        assert f'href="{self.address(ticket, 2)}"' in text

    def test_of_no_work_at_all_needs_no_time(self, desk):
        ticket = self.logged(desk)
        lead = browser_of(desk.people["bridge_se"])

        answer = lead.post(self.address(ticket), {"none": "on", "reason": "Another ticket"})

        assert answer.status_code == 302
        assert '<span class="num">0 min</span>' in page(desk.people["bridge_se"], ticket)

    def test_keeps_what_was_typed_and_says_what_is_wrong(self, desk):
        ticket = self.logged(desk)
        told = {"starts_at": "2026-04-08T05:00", "ends_at": "2026-04-08T04:00", "reason": "Typo"}

        answer = browser_of(desk.people["bridge_se"]).post(self.address(ticket), told)

        assert answer.status_code == 422
        assert "at least one minute after the start" in answer.content.decode()
        assert 'value="Typo"' in answer.content.decode()
        assert len(rows(TimeEntry, desk)) == 1

    def test_is_for_the_person_and_for_leads(self, desk, other):
        ticket = self.logged(desk)
        url = self.address(ticket)

        for role in ("maintenance_engineer", "service_owner", "requester"):
            assert browser_of(desk.people[role]).get(url).status_code in {403, 404}
        for role in ("maintenance_engineer", "service_owner"):
            assert url not in page(desk.people[role], ticket)
        assert browser_of(other.people["bridge_se"]).get(url).status_code == 404
        assert browser_of(desk.people["bridge_se"]).get(self.address(ticket, 2)).status_code == 404


class TestRoundedMinutes:
    def test_stand_beside_the_recorded_ones_with_the_triage_that_is_left(self, acme):
        """17 minutes in two entries of a day are 30 of a quarter's rounding up, beside 10 of triage."""
        rounding = {"unit": "15m", "minimum": "15m", "per": "ticket_day", "mode": "up"}
        cost = {**TERMS["cost"], "rounding": rounding, "triage": "30m"}
        desk = desk_of(acme, terms={**TERMS, "cost": cost})
        ticket = desk.open()
        with tenant_scope(desk.tenant):
            for start, end, triage in ((0, 10, True), (20, 28, False), (40, 49, False)):
                services.log_time(
                    ticket=ticket, actor=desk.people["bridge_se"], starts_at=desk.after(start),
                    ends_at=desk.after(end), now=desk.after(60), triage=triage,
                )  # fmt: skip

        for role in ("bridge_se", "service_owner"):
            text = page(desk.people[role], ticket)
            assert "As the month counts it: 40 min · triage 10 min used, 20 min left" in text
        assert "As the month counts it" not in page(desk.people["requester"], ticket)

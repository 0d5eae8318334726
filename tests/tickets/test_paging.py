"""A P1 calls the right person, then the deputies, once each, until somebody has it."""

import http.server
import json
import threading
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.db import transaction

from tenants import outbound, signing
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent, Job
from tenants.scoping import tenant_scope
from tenants.services import jobs
from tests.factories import MembershipFactory
from tests.portal.desk import NOON, browser_of, desk_of
from tests.tickets.races import at_once
from tickets import services
from tickets.models import Absence, Call, Page, Roster
from tickets.services import paging, rosters
from tickets.services.rosters import RosterPlan

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def desk(acme):
    desk = desk_of(acme)
    for name in ("An", "Binh", "Chi"):
        desk.people[name] = MembershipFactory(
            tenant=acme, role="operations_engineer", user__name=name,
            user__email=f"{name.lower()}@vendor.example",
        )  # fmt: skip
    return desk


def seats(desk, *names: str, country: str = ""):
    return tuple((desk.people[name], country) for name in names)


def write(desk, *, by: str = "bridge_se", now: datetime = NOON, **told):
    given = {
        "tier": "L2", "timezone": "Asia/Tokyo", "turns": "day", "hands_over": time(9),
        "starts_on": date(2026, 4, 8), "seats": seats(desk, "An", "Binh", "Chi"),
    }  # fmt: skip
    with tenant_scope(desk.tenant):
        return rosters.write_roster(
            tenant=desk.tenant, actor=desk.people[by], plan=RosterPlan(**(given | told)), now=now
        )


def opened(desk, **told):
    with time_machine.travel(NOON, tick=False):
        return desk.open(**told)


def work(at: datetime, kinds: tuple[str, ...] = ("notices.tell", "paging.")) -> None:
    """Let everything happen that is due at an instant, as the worker does."""
    with time_machine.travel(at, tick=False):
        for _round in range(4):
            due = Job.objects.filter(due_at__lte=at, state="waiting").order_by("due_at", "pk")
            for pk, kind in due.values_list("pk", "kind"):
                if kind.startswith(kinds):
                    jobs.run(pk)


def called(desk) -> list[str]:
    with tenant_scope(desk.tenant), transaction.atomic():
        rows = Call.objects.select_related("member__user").order_by("number")
        return [row.member.user.name for row in rows]


def mailed() -> list[str]:
    calls = (m for m in mail.outbox if "call-" in m.extra_headers["Message-ID"])
    return [m.to[0].partition("@")[0] for m in calls]


class TestCalling:
    def test_goes_to_the_one_on_call_then_to_the_deputies(self, desk):
        write(desk)
        opened(desk)

        for minutes in (0, 9, 10, 20, 30):
            work(desk.after(minutes))

        assert called(desk) == ["An", "Binh", "Chi", "An"]
        assert mailed() == ["an", "binh", "chi", "an"]
        assert "ACME-1" in mail.outbox[0].subject
        with tenant_scope(desk.tenant):
            events = AuditEvent.objects.filter(verb="page.called")
            assert [e.data["number"] for e in events.order_by("pk")] == [1, 2, 3, 4]

    @pytest.mark.parametrize("step", ["start_work", "comment", "take_page"])
    def test_ends_when_somebody_has_it(self, desk, step):
        write(desk)
        ticket = opened(desk)
        work(NOON)
        with tenant_scope(desk.tenant):
            agent, at = desk.people["An"], desk.after(5)
            if step == "take_page":
                paging.take_page(ticket=ticket, actor=agent, now=at)
            elif step == "comment":
                services.comment(ticket=ticket, actor=agent, body="On it.", now=at)
            else:
                services.start_work(ticket=ticket, actor=agent, now=at)

        work(desk.after(30))

        assert called(desk) == ["An"]
        with tenant_scope(desk.tenant):
            page = Page.objects.get()
            assert (page.taken_by, page.in_vain) == (desk.people["An"], False)

    def test_does_not_end_by_what_a_client_says(self, desk):
        write(desk)
        ticket = opened(desk)
        with tenant_scope(desk.tenant):
            client = desk.people["requester"]
            services.comment(ticket=ticket, actor=client, body="Hello?", now=desk.after(1))
            with pytest.raises(NotPermitted):
                paging.take_page(ticket=ticket, actor=client, now=desk.after(1))

        for minutes in (0, 10):
            work(desk.after(minutes))

        assert called(desk) == ["An", "Binh"]

    def test_in_vain_it_ends_after_three_rounds_and_says_so(self, desk):
        write(desk, seats=seats(desk, "An", "Binh"))
        ticket = opened(desk)

        for minutes in range(0, 100, 10):
            work(desk.after(minutes))

        assert called(desk) == ["An", "Binh"] * 3
        with tenant_scope(desk.tenant):
            assert Page.objects.get().in_vain
            assert AuditEvent.objects.filter(verb="page.in_vain").count() == 1
            with pytest.raises(Refused):
                paging.take_page(ticket=ticket, actor=desk.people["An"], now=desk.after(99))

    def test_asks_the_roster_at_each_call(self, desk):
        write(desk, hands_over=time(12, 5), starts_on=date(2026, 4, 7))
        opened(desk)

        work(NOON)
        work(desk.after(10))  # An's turn ended at 12:05; Binh's deputy is called second

        assert called(desk) == ["An", "Chi"]

    def test_leaves_out_who_is_away(self, desk):
        write(desk)
        with tenant_scope(desk.tenant):
            rosters.note_absence(
                actor=desk.people["An"], member=desk.people["An"], starts_at=NOON,
                ends_at=desk.after(60), now=NOON,
            )  # fmt: skip
        opened(desk)

        work(NOON)

        assert called(desk) == ["Binh"]

    def test_keeps_the_holidays_of_each_ones_country(self, desk):
        on = datetime(2026, 4, 29, 12, tzinfo=TOKYO)  # Showa day
        people = (*seats(desk, "An", country="JP"), *seats(desk, "Binh", country="VN"))
        write(desk, starts_on=date(2026, 4, 29), seats=people)
        with tenant_scope(desk.tenant):
            roster = Roster.objects.get()
            assert rosters.oncall.who(rosters.rule_of(roster, on), on) == (desk.people["Binh"].pk,)

    @pytest.mark.parametrize("change", ["closed", "calmer"])
    def test_ends_when_it_is_no_p1_any_more(self, desk, change):
        write(desk)
        ticket = opened(desk)
        work(NOON)
        with tenant_scope(desk.tenant):
            lead = desk.people["bridge_se"]
            if change == "closed":
                services.cancel_ticket(ticket=ticket, actor=lead, reason="x", now=desk.after(3))
            else:
                services.confirm_facts(
                    ticket=ticket,
                    actor=lead,
                    changes={"impact": 3, "urgency": 3},
                    now=desk.after(3),
                )

        work(desk.after(10))

        assert called(desk) == ["An"]

    def test_begins_when_it_becomes_a_p1(self, desk):
        write(desk)
        ticket = opened(desk, impact=3, urgency=3)
        work(NOON)
        assert called(desk) == []
        with tenant_scope(desk.tenant):
            services.confirm_facts(
                ticket=ticket, actor=desk.people["bridge_se"],
                changes={"impact": 1, "urgency": 1}, now=desk.after(5),
            )  # fmt: skip

        work(desk.after(5))

        assert called(desk) == ["An"]

    def test_calls_nobody_without_a_roster_and_falls_back_to_another_tier(self, desk):
        opened(desk)
        work(NOON)
        assert called(desk) == []

        write(desk, tier="PMO")
        opened(desk)
        work(NOON)
        assert called(desk) == ["An"]

    def test_is_by_client(self, desk, globex):
        theirs = desk_of(globex)
        write(desk)
        opened(theirs)

        work(NOON)

        assert called(desk) == called(theirs) == []


@pytest.mark.django_db(transaction=True)
class TestOnce:
    def test_five_workers_at_once_call_once(self, desk):
        write(desk)
        opened(desk)
        work(NOON, ("notices.tell",))
        with time_machine.travel(NOON, tick=False):
            pk = Job.objects.get(kind="paging.call").pk
            at_once([lambda: jobs.run(pk)] * 5, None)
            ways = Job.objects.filter(kind="paging.mail").values_list("pk", flat=True)
            at_once([lambda: [jobs.run(way) for way in ways]] * 3, None)

        assert called(desk) == ["An"]
        assert mailed() == ["an"]

    def test_the_same_call_again_is_none(self, desk, acme):
        write(desk)
        opened(desk)
        work(NOON, ("notices.tell",))
        with tenant_scope(acme), transaction.atomic():
            page = Page.objects.get()
            assert paging.call(page.pk, 0, NOON) is not None
            assert paging.call(page.pk, 0, NOON) is None


class TestTheWebhook:
    @pytest.fixture
    def receiver(self, settings):
        got, answers = [], []

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((dict(self.headers), body))
                self.send_response(answers.pop(0) if answers else 204)
                self.send_header("Location", "http://127.0.0.1/elsewhere")
                self.end_headers()

            def log_message(self, *args):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]
        yield f"http://127.0.0.1:{server.server_port}/page", got, answers
        server.shutdown()

    def test_is_signed_and_names_the_person(self, desk, receiver):
        url, got, _answers = receiver
        _roster, secret = write(desk, hook_url=url)
        opened(desk)

        work(NOON)
        work(desk.after(1))

        ((headers, body),) = got
        told = headers[signing.SIGNATURE]
        stamp = headers[signing.TIMESTAMP]
        assert signing.is_signed(secret, stamp, told, body, NOON.timestamp())
        said = json.loads(body)
        assert (said["person"]["email"], said["ticket"]["key"]) == ("an@vendor.example", "ACME-1")

    @pytest.mark.parametrize("status", [500, 302])
    def test_is_tried_again_where_nobody_takes_it(self, desk, receiver, status):
        url, got, answers = receiver
        write(desk, hook_url=url)
        answers.append(status)
        opened(desk)

        work(NOON)
        work(desk.after(2))

        first, second = (json.loads(body)["id"] for _headers, body in got)
        assert first == second
        assert mailed() == ["an"]

    @pytest.mark.parametrize(
        "url",
        [
            "http://pager.example.com/", "https://pager.example.com:8443/", "gopher://x/",
            "https://user@pager.example.com/", "https:///x", "https://pager.example.com/ä",
            "https://pager.example.com:99999/",
        ],
    )  # fmt: skip
    def test_is_an_address_of_the_open_internet(self, desk, url):
        with pytest.raises(Invalid):
            write(desk, hook_url=url)

    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "169.254.169.254", "100.64.0.1",
            "64:ff9b::7f00:1", "10.0.0.1", "192.168.1.1", "fd00::1", "fe80::1%eth0", "224.0.0.1",
        ],
    )  # fmt: skip
    def test_is_not_sent_inside(self, address, monkeypatch):
        found = [(None, None, None, "", (address, 443))]
        monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *a, **k: found)
        monkeypatch.setattr(outbound.socket, "create_connection", pytest.fail)

        with pytest.raises(outbound.NotReachable):
            outbound.post("https://pager.example.com/", b"{}", {})

    def test_is_not_sent_where_one_of_several_addresses_is_inside(self, monkeypatch):
        found = [(None, None, None, "", (ip, 443)) for ip in ("93.184.215.14", "10.0.0.1")]
        monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *a, **k: found)

        with pytest.raises(outbound.NotReachable):
            outbound.post("https://pager.example.com/", b"{}", {})


class TestWriting:
    def test_is_for_leads(self, desk):
        with pytest.raises(NotPermitted):
            write(desk, by="operations_engineer")

    def test_names_people_of_the_team_once(self, desk, globex):
        stranger = MembershipFactory(tenant=globex, role="operations_engineer")
        for wrong in (
            (),
            seats(desk, "An", "An"),
            seats(desk, "requester"),
            ((stranger, ""),),
        ):
            with pytest.raises(Invalid):
                write(desk, seats=wrong)

    def test_again_replaces_it_and_keeps_the_secret_of_the_same_address(self, desk, settings):
        settings.OUTBOUND_PRIVATE_HOSTS = ["pager.local"]
        _first, secret = write(desk, hook_url="https://pager.local/a")
        roster, again = write(desk, hook_url="https://pager.local/a", seats=seats(desk, "Chi"))
        _third, other = write(desk, hook_url="https://pager.local/b")

        assert secret
        assert not again
        assert other not in ("", secret)
        with tenant_scope(desk.tenant):
            assert Roster.objects.count() == 1
            assert roster.hook_sealed
            assert secret not in roster.hook_sealed

    def test_one_takes_a_turn_oneself_and_a_lead_gives_it(self, desk):
        roster, _secret = write(desk)
        span = {"starts_at": NOON, "ends_at": NOON + timedelta(hours=8), "now": NOON}
        with tenant_scope(desk.tenant):
            an, chi, lead = (desk.people[n] for n in ("An", "Chi", "bridge_se"))
            rosters.swap_turn(roster=roster, actor=chi, member=chi, **span)
            with pytest.raises(NotPermitted):
                rosters.swap_turn(roster=roster, actor=chi, member=an, **span)
            row = rosters.swap_turn(roster=roster, actor=lead, member=an, **span)
            with pytest.raises(NotPermitted):
                rosters.take_back(row=row, actor=chi, now=NOON)
            rosters.take_back(row=row, actor=an, now=NOON)

            order = rosters.oncall.who(rosters.rule_of(roster, NOON), NOON)
            assert order[0] == chi.pk
            with pytest.raises(Invalid):
                rosters.swap_turn(
                    roster=roster, actor=chi, member=chi, starts_at=NOON, ends_at=NOON, now=NOON
                )
            assert not Absence.objects.exists()


class TestThePages:
    def test_the_list_is_the_vendors_and_own_clients(self, desk, globex):
        theirs = desk_of(globex)
        write(desk)
        with tenant_scope(globex):
            rosters.write_roster(
                tenant=globex, actor=theirs.people["bridge_se"], now=NOON,
                plan=RosterPlan("L2", "Asia/Tokyo", "day", time(9), date(2026, 4, 8),
                                seats=((theirs.people["operations_engineer"], ""),)),
            )  # fmt: skip
        with time_machine.travel(NOON, tick=False):
            body = browser_of(desk.people["An"]).get("/tickets/on-call/").content.decode()
            client = browser_of(desk.people["service_owner"]).get("/tickets/on-call/")

        assert "Binh" in body
        assert "GLOBEX" not in body
        assert client.status_code == 403

    def test_many_rosters_are_read_at_once(self, desk):
        for tier in ("L1", "L2"):
            write(desk, tier=tier)
        with time_machine.travel(NOON, tick=False):  # the browser fails a page that asks row by row
            body = browser_of(desk.people["An"]).get("/tickets/on-call/").content.decode()

        assert "Binh" in body

    def test_write_swap_and_be_away(self, desk):
        with time_machine.travel(NOON, tick=False):
            lead = browser_of(desk.people["bridge_se"])
            url = "/tickets/on-call/write/ACME/L2/"
            told = {"seats": "an@vendor.example JP\nbinh@vendor.example VN", "turns": "week",
                    "weekday": "0", "hands_over": "09:00", "timezone": "Asia/Tokyo",
                    "starts_on": "2026-04-06", "step_minutes": "10", "hook_url": ""}  # fmt: skip
            assert lead.get(url).status_code == 200
            assert lead.post(url, told | {"seats": "nobody@x.example"}).status_code == 422
            assert lead.post(url, told | {"hook_url": "https://10.0.0.1:80/"}).status_code == 422
            assert lead.post(url, told).status_code == 302
            assert browser_of(desk.people["An"]).post(url, told).status_code == 403
            with tenant_scope(desk.tenant):
                roster = Roster.objects.get()
                an, binh = (desk.people[name].public_id for name in ("An", "Binh"))
            span = {"starts_at": "2026-04-08T12:00", "ends_at": "2026-04-08T20:00"}
            swap = {f"swap-{name}": value for name, value in (span | {"member": binh}).items()}
            away = {f"absence-{name}": value for name, value in (span | {"member": an}).items()}
            me = browser_of(desk.people["Binh"])
            path = f"/tickets/on-call/rosters/{roster.public_id}/swap/"
            assert me.post(path, swap).status_code == 302
            assert me.post(path, {}).status_code == 422
            assert me.post("/tickets/on-call/absences/", away).status_code == 403
            assert lead.post("/tickets/on-call/absences/", away).status_code == 302
            page = lead.get("/tickets/on-call/").content.decode()
            assert "is away" in page
            with tenant_scope(desk.tenant):
                row = Absence.objects.get()
            removed = f"/tickets/on-call/absences/{row.public_id}/remove/"
            assert lead.post(removed).status_code == 302

    def test_a_ticket_says_who_was_called_and_is_taken(self, desk):
        write(desk)
        opened(desk)
        work(NOON)
        with time_machine.travel(desk.after(1), tick=False):
            browser = browser_of(desk.people["An"])
            assert "calls-title" in browser.get("/tickets/ACME-1/").content.decode()
            client = browser_of(desk.people["service_owner"])
            assert "calls-title" not in client.get("/tickets/ACME-1/").content.decode()
            assert browser.post("/tickets/ACME-1/have-it/").status_code == 302
            assert browser.post("/tickets/ACME-1/have-it/").status_code == 409

        work(desk.after(30))

        assert called(desk) == ["An"]

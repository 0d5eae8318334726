"""Routine tasks: planned ahead, done with evidence, missed at their end; each client by itself."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.portal.desk import NOON, browser_of, desk_of
from tests.tickets.races import at_once
from tickets.models import RoutineProof, RoutineRun
from tickets.services import routines
from tickets.services.routines import Answers, Plan

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]  # a page is watched by itself
PLAN = Plan(
    kind="backup", title="Nightly backup", system="ec-site", every="day", closed_day="keep",
    opens=time(1), closes=time(9),
    checklist=({"text": "It exists", "evidence": "none"}, {"text": "GB", "evidence": "number"}),
)  # fmt: skip
TODAY = date(2026, 4, 8)
DONE = Answers({0, 1}, {1: "12.5"})


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex)


@pytest.fixture
def agree(acme_desk):
    """Return a function that agrees a routine at acme, at noon in Tokyo."""

    def agree(desk=acme_desk, by="bridge_se", **changes):
        with tenant_scope(desk.tenant):
            return routines.create_routine(
                contract=desk.contract, actor=desk.people[by], plan=replace(PLAN, **changes),
                starts_on=TODAY, now=NOON,
            )  # fmt: skip

    return agree


def first_run(task) -> RoutineRun:
    with tenant_scope(task.tenant_id), transaction.atomic():
        return task.runs.order_by("due_on").first()


class TestAgreeing:
    def test_plans_two_weeks_ahead_and_nothing_that_is_over(self, agree, acme):
        task = agree()

        with tenant_scope(acme):
            days = list(task.runs.values_list("due_on", flat=True))
            assert AuditEvent.objects.filter(verb="routine.created").count() == 1
        assert days[0] == date(2026, 4, 9)  # today's ended at 09:00, before noon
        assert days[-1] == date(2026, 4, 21)
        assert len(days) == 13

    def test_follows_the_closed_days_of_the_contract(self, agree, acme):
        task = agree(closed_day="skip")

        with tenant_scope(acme):
            assert {run.due_on.weekday() for run in task.runs.all()} == {0, 1, 2, 3, 4}

    def test_planning_twice_plans_once(self, agree, acme):
        task = agree()

        with tenant_scope(acme):
            version = task.contract.versions.get()
            assert routines.plan_runs(task, version, NOON) == 0
            assert routines.plan_runs(task, version, NOON + timedelta(days=1)) == 1

    @pytest.mark.parametrize("role", ["requester", "service_owner", "operations_engineer"])
    def test_is_for_those_who_speak_for_the_vendor(self, agree, role):
        with pytest.raises(NotPermitted):
            agree(by=role)

    def test_names_what_makes_no_sense(self, agree):
        with pytest.raises(Invalid, match="system"):
            agree(system="printer")
        with pytest.raises(Invalid, match="day of the week"):
            agree(every="week")

    def test_a_change_replaces_what_has_not_begun(self, agree, acme_desk, acme):
        task = agree()
        with tenant_scope(acme):
            routines.change_routine(
                task=task, actor=acme_desk.people["bridge_se"], now=NOON,
                plan=replace(PLAN, every="week", weekdays=(4,)),
            )  # fmt: skip
            days = [run.due_on.weekday() for run in task.runs.all()]

        assert days == [4, 4]

    def test_the_end_takes_back_what_has_not_begun(self, agree, acme_desk, acme):
        task = agree()
        with tenant_scope(acme):
            leader = acme_desk.people["account_manager"]
            routines.end_routine(task=task, actor=leader, reason="Moved to the cloud.", now=NOON)

            assert not task.runs.exists()
            with pytest.raises(Refused):
                routines.end_routine(task=task, actor=leader, reason="Again.", now=NOON)


class TestDoing:
    @pytest.fixture
    def run(self, agree):
        return first_run(agree())

    def at(self, run, minutes: int) -> datetime:
        return run.opens_at + timedelta(minutes=minutes)

    def complete(self, run, desk, at, answers=DONE, by="operations_engineer"):
        with tenant_scope(run.tenant_id):
            return routines.complete_run(run=run, actor=desk.people[by], answers=answers, now=at)

    def test_keeps_who_when_and_the_evidence(self, run, acme_desk):
        done = self.complete(run, acme_desk, self.at(run, 30))

        assert (done.state, done.done_by) == ("done", acme_desk.people["operations_engineer"])
        assert [line["value"] for line in done.answers] == ["", "12.5"]

    @pytest.mark.parametrize(
        ("answers", "named"),
        [(Answers(set()), "It exists, GB"), (Answers({0, 1}), "GB"),
         (Answers({0, 1}, {1: "many"}), "a number"), (Answers({0, 1}, {1: "１２"}), "a number")],
    )  # fmt: skip
    def test_without_its_evidence_is_refused_by_name(self, run, acme_desk, answers, named):
        with pytest.raises(Invalid, match=named):
            self.complete(run, acme_desk, self.at(run, 30), answers)

    def test_too_late_is_late_for_ever(self, run, acme_desk):
        done = self.complete(run, acme_desk, run.closes_at)

        assert (done.state, done.missed_at) == ("late", run.closes_at)

    def test_too_early_or_twice_is_refused(self, run, acme_desk):
        with pytest.raises(Refused, match="before its time"):
            self.complete(run, acme_desk, self.at(run, -1))
        self.complete(run, acme_desk, self.at(run, 1))
        with pytest.raises(Refused, match="done already"):
            self.complete(run, acme_desk, self.at(run, 2))

    @pytest.mark.parametrize("role", ["requester", "service_owner"])
    def test_is_the_vendors(self, run, acme_desk, role):
        with pytest.raises(NotPermitted):
            self.complete(run, acme_desk, self.at(run, 1), by=role)

    def test_nobody_did_it_is_recorded_at_its_end_once(self, run, acme):
        with tenant_scope(acme):
            assert routines.sweep_runs(run.closes_at - timedelta(seconds=1)) == 0
            assert routines.sweep_runs(run.closes_at + timedelta(hours=3)) == 1
            assert routines.sweep_runs(run.closes_at + timedelta(hours=4)) == 0
            run.refresh_from_db()
            assert (run.state, run.missed_at) == ("missed", run.closes_at)
            assert AuditEvent.objects.filter(verb="routine_run.missed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_do_a_run_once(agree, acme_desk, acme):
    run = first_run(agree())

    def by(role: str):
        actor = acme_desk.people[role]
        return lambda: routines.complete_run(run=run, actor=actor, answers=DONE, now=run.opens_at)

    told = at_once([by("operations_engineer"), by("bridge_se")], acme)

    assert sorted(type(answer).__name__ for answer in told) == ["Refused", "RoutineRun"]


class TestPages:
    @pytest.fixture
    def run(self, agree):
        return first_run(agree())

    @pytest.fixture
    def at_six(self, run):
        with time_machine.travel(run.opens_at + timedelta(hours=2), tick=False):
            yield

    def test_today_shows_my_clients_and_no_other(self, agree, run, globex_desk, acme_desk, at_six):
        agree(desk=globex_desk, title="Theirs")
        browser = browser_of(acme_desk.people["operations_engineer"])

        page = browser.get("/tickets/routines/").content.decode()

        assert "Nightly backup" in page
        assert "Theirs" not in page

    def test_a_run_is_done_on_its_page_with_a_file(
        self, agree, acme_desk, at_six, settings, tmp_path
    ):
        settings.ATTACHMENTS_DIR = tmp_path
        run = first_run(agree(title="Jobs", checklist=({"text": "Log", "evidence": "file"},)))
        browser = browser_of(acme_desk.people["operations_engineer"])
        address = f"/tickets/routines/runs/{run.public_id}/"
        file = SimpleUploadedFile("jobs.txt", b"all ended")

        lacking = browser.post(address, {"tick_0": "on", "note": "I looked."})
        answer = browser.post(address, {"tick_0": "on", "proof_0": file})

        assert lacking.status_code == 422
        assert "I looked." in lacking.content.decode()
        assert answer.status_code == 302
        with tenant_scope(acme_desk.tenant):
            proof = RoutineProof.objects.get()
        client = browser_of(acme_desk.people["service_owner"])
        told = client.get(f"/tickets/routines/proofs/{proof.public_id}/")
        assert b"".join(told.streaming_content) == b"all ended"
        assert told.headers["Content-Disposition"] == 'attachment; filename="jobs.txt"'

    def test_the_client_reads_and_does_nothing(self, run, acme_desk, at_six):
        browser = browser_of(acme_desk.people["service_owner"])
        address = f"/tickets/routines/runs/{run.public_id}/"

        assert "Not done yet." in browser.get(address).content.decode()
        assert browser.post(address, {"tick_0": "on"}).status_code == 403

    def test_a_routine_is_agreed_changed_and_ended_in_the_browser(self, acme_desk):
        browser = browser_of(acme_desk.people["bridge_se"])
        contract = acme_desk.contract.public_id
        form = {
            "title": "Logs", "kind": "log_rotation", "system": "ec-site", "every": "week",
            "weekdays": ["0"], "closed_day": "after", "opens": "09:00", "closes": "18:00",
            "checklist": "Archived\nFree space #", "starts_on": "2026-04-08",
        }  # fmt: skip
        with time_machine.travel(NOON, tick=False):
            template = browser.get(f"/tickets/routines/new/{contract}/?kind=backup")
            lacking = browser.post(f"/tickets/routines/new/{contract}/", form | {"title": ""})
            made = browser.post(f"/tickets/routines/new/{contract}/", form)
            page = browser.get(made.url)
            changed = browser.post(f"{made.url}change/", form | {"title": "Old logs"})
            ended = browser.post(f"{made.url}end/", {"reason": "Moved."})

        assert "Its size in GB #" in template.content.decode()
        assert lacking.status_code == 422
        assert "Free space #" in lacking.content.decode()
        assert (made.status_code, changed.status_code, ended.status_code) == (302, 302, 302)
        assert "13 Apr 2026" in page.content.decode()

    def test_another_clients_routine_never_was(self, agree, globex_desk, acme_desk):
        theirs = agree(desk=globex_desk)
        browser = browser_of(acme_desk.people["bridge_se"])

        for address in (
            f"/tickets/routines/{theirs.public_id}/",
            f"/tickets/routines/{theirs.public_id}/change/",
            f"/tickets/routines/runs/{first_run(theirs).public_id}/",
            f"/tickets/routines/new/{globex_desk.contract.public_id}/",
        ):
            assert browser.get(address).status_code == 404, address

    def test_today_asks_few_questions(self, agree, acme_desk, django_assert_max_num_queries):
        for n in range(3):
            agree(title=f"Routine {n}")
        browser = browser_of(acme_desk.people["bridge_se"])
        browser.get("/tickets/routines/")

        with django_assert_max_num_queries(16):
            browser.get("/tickets/routines/")


def test_the_job_plans_and_sweeps_one_tenant(agree, acme, globex_desk):
    from tenants.models import Job

    task = agree()
    theirs = agree(desk=globex_desk)
    with tenant_scope(acme), time_machine.travel(NOON + timedelta(days=2), tick=False):
        routines.look_after(Job(tenant_id=acme.pk))
        assert task.runs.filter(missed_at__isnull=False).count() == 2
        assert task.runs.latest("due_on").due_on == date(2026, 4, 23)
        assert timezone.now() == NOON + timedelta(days=2)
    with tenant_scope(globex_desk.tenant):
        assert not theirs.runs.exclude(missed_at=None).exists()
    assert NOON.tzinfo is UTC

"""A draft held against the tickets of past months: asked for, done as a job, told on the console."""

from copy import deepcopy
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from contracts import terms_yaml
from contracts.domain.scope import Facts
from contracts.models import ContractVersion
from contracts.rules import rules_of
from contracts.services import add_version, buy_hours
from tenants.errors import Invalid, NotPermitted
from tenants.models import AuditEvent, Job, Tenant
from tenants.services import jobs
from tenants.tasks import run_job
from tenants.walls import tenant_models
from tests.tickets.factories import TERMS, Client, after, two_clients
from tickets import services
from tickets.models import Replay, TimeEntry
from tickets.services import past
from tickets.services.overrides import override_verdict
from tickets.services.replays import KIND, Months, ask_replay, replay_terms

pytestmark = pytest.mark.allow_n_plus_one

APRIL, MAY, JUNE = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)
NOW = datetime(2026, 5, 20, 1, tzinfo=UTC)
QUESTION = Facts(activity="service_desk")


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch) -> None:
    monkeypatch.setattr(run_job, "apply_async", lambda **options: None)


def amended(**changes) -> dict:
    """Return the document with changed clauses, by id."""
    document = deepcopy(TERMS)
    for clause in document["scope"]["clauses"]:
        clause.update(changes.get(clause["id"], {}))
    return document


def draft(client: Client, **changes) -> ContractVersion:
    return add_version(
        contract=client.contract,
        effective_on=JUNE,
        document=amended(**changes),
        actor=client.account_manager,
        now=NOW,
    )


def ask(client: Client, version: ContractVersion, **given) -> Replay:
    told = {"from_on": APRIL, "until_on": MAY, "actor": client.bridge_se, "now": NOW}
    return ask_replay(**{"contract": client.contract, "version": version, **told, **given})


def done(asked: Replay) -> Replay:
    """Let a worker do the job, and return the replay with its result."""
    job = Job.objects.get(kind=KIND, tenant_id=asked.tenant_id, key=asked.job_key)
    assert jobs.run(job.pk)
    asked.refresh_from_db()
    return asked


def a_month(client: Client) -> None:
    """Let there be each outcome, pending and undecided, a handoff, used-up quotas, and work."""
    outage, handoff = client.offered(after(minutes=30))
    services.accept_handoff(handoff=handoff, actor=client.maintenance_engineer, now=after(hours=1))
    services.confirm_facts(
        ticket=outage,
        actor=client.maintenance_engineer,
        changes={"activity": "corrective", "cause": "third_party"},
        now=after(hours=2),
    )
    log(client, outage, 0, 4)
    for number in range(4):
        log(client, client.improvement(after(minutes=number)), number, number + 2)
    client.improvement(after(minutes=4), facts=Facts(activity="perfective"))
    client.open(after(minutes=5), facts=Facts(answers={0: False, 1: False}))
    client.open(after(minutes=5), system="office")
    client.open(after(minutes=6), facts=Facts(activity="monitoring"))
    log(client, client.open(after(minutes=6), facts=QUESTION), 1, 22)


def log(client: Client, ticket, start: float, end: float) -> None:
    services.log_time(
        ticket=ticket,
        actor=client.operations_engineer,
        starts_at=after(hours=start),
        ends_at=after(hours=end),
        now=NOW,
    )


class TestTheVersionInForce:
    def test_changes_nothing_over_its_own_tickets(self, client):
        a_month(client)

        found = done(ask(client, client.contract.versions.get())).result

        assert (found["tickets"], found["stages"]) == (10, 11)
        names = {each["outcome"]: each["before"]["stages"] for each in found["outcomes"]}
        assert names.keys() == {
            "included", "pool", "estimate", "not_provided", "undecided", "pending"
        }  # fmt: skip
        assert (found["changes"], found["gaps"], found["transitions"]) == ([], [], [])
        assert all(each["before"] == each["after"] for each in found["outcomes"])
        assert found["money"]["change"] == 0
        assert found["money"]["before"] == found["money"]["after"]

    def test_leaves_alone_what_a_person_decided(self, client):
        """The goodwill of an override reaches back to the minutes of before: 21 h from the pool."""
        ticket = client.open(facts=QUESTION)
        log(client, ticket, 0, 21)
        override_verdict(
            ticket=ticket,
            actor=client.account_manager,
            outcome="included",
            reason="The manual was wrong.",
            now=NOW,
        )

        found = done(ask(client, client.contract.versions.get())).result
        under_draft = done(ask(client, draft(client, S3={"then": "estimate"}))).result

        assert (found["ruled"], found["rulings"], found["changes"]) == (1, [], [])
        assert (found["money"]["before"]["total"], found["money"]["change"]) == (800_000, 0)
        assert under_draft["changes"] == []
        assert [each["after"]["outcome"] for each in under_draft["rulings"]] == ["estimate"]

    def test_knows_the_hours_that_were_bought(self, client):
        with two_clients(client) as globex:
            for one, price in ((client, 10_000), (globex, 1)):
                buy_hours(
                    contract=one.contract, actor=one.account_manager, pool="support", minutes=60,
                    price=price, bought_on=APRIL, expires_on=None, reference="PO-17", now=NOW,
                )  # fmt: skip
            log(client, client.open(facts=QUESTION), 0, 21)
            rules = rules_of(client.contract.versions.get())

            found = replay_terms(client.contract, rules, Months(APRIL, MAY))

        before = found["money"]["before"]
        assert (before["bought"], before["total"], found["money"]["change"]) == (10_000, 810_000, 0)

    def test_recorded_minutes_are_all_there(self, client):
        a_month(client)

        found = replay_terms(
            client.contract, rules_of(client.contract.versions.get()), Months(APRIL, MAY)
        )

        minutes = sum(TimeEntry.objects.values_list("minutes", flat=True))
        for side in ("before", "after"):
            assert sum(each[side]["minutes"] for each in found["outcomes"]) == minutes


class TestADraft:
    def test_changes_the_tickets_under_the_changed_clause_and_no_other(self, client):
        a_month(client)
        question = client.open(after(hours=2), facts=QUESTION)

        found = done(ask(client, draft(client, S3={"then": "included"}))).result

        assert [each["ticket"] for each in found["changes"]] == ["ACME-10", question.key]
        first = found["changes"][0]
        assert (first["before"]["outcome"], first["before"]["clause"]) == ("pool", "S3")
        assert (first["after"]["outcome"], first["after"]["clause"]) == ("included", "S3")
        assert first["minutes"] == 21 * 60
        assert found["transitions"] == [{"before": "pool", "after": "included", "stages": 2}]

    def test_says_the_change_in_yen(self, client):
        """21 h of a question on 20 h: an overage of 1 h for 12,000 that the draft gives up."""
        log(client, client.open(facts=QUESTION), 0, 21)

        money = done(ask(client, draft(client, S3={"then": "included"}))).result["money"]

        assert (money["before"]["total"], money["after"]["total"]) == (812_000, 800_000)
        assert (money["change"], money["currency"]) == (-12_000, "JPY")

    def test_with_another_quota_takes_improvements_in_the_order_of_receipt(self, client):
        for minute in (3, 1, 2):  # the first to be written down was the last to be received
            client.improvement(after(minutes=minute))

        result = done(ask(client, draft(client, S5={"quota": {"per": "month", "count": 1}}))).result

        after_clauses = {each["ticket"]: each["after"]["clause"] for each in result["changes"]}
        assert after_clauses == {"ACME-1": "S6"}  # ACME-2 keeps S5, ACME-3 had none before

    def test_asks_what_the_recorded_facts_do_not_say(self, client):
        client.open(facts=QUESTION)
        asking = {"when": {"activity": ["service_desk"], "cause": ["client_change"]}}

        (change,) = done(ask(client, draft(client, S3=asking))).result["changes"]

        assert (change["after"]["outcome"], change["after"]["question"]) == ("pending", "cause")

    def test_with_a_hole_names_the_new_gap(self, client):
        ticket = client.open(facts=QUESTION)

        found = done(ask(client, draft(client, S3={"when": {"priority": ["P4"]}}))).result

        (gap,) = found["gaps"]
        assert (gap["activity"], gap["system"], gap["tickets"]) == (
            "service_desk", "shop", [ticket.key],
        )  # fmt: skip

    def test_reaches_no_other_month_and_no_other_contract(self, client):
        client.open(datetime(2026, 4, 30, 14, 59, tzinfo=UTC), facts=QUESTION)
        client.open(datetime(2026, 4, 30, 15, tzinfo=UTC), facts=QUESTION)

        found = done(ask(client, draft(client, S3={"then": "included"}))).result

        assert [each["ticket"] for each in found["changes"]] == ["ACME-1"]

    def test_of_one_client_reads_no_ticket_of_another(self, client):
        with two_clients(client) as globex:
            client.open(facts=QUESTION)
            globex.open(facts=QUESTION)
            version = draft(client, S3={"then": "included"})

            found = replay_terms(client.contract, rules_of(version), Months(APRIL, MAY))

        assert [each["ticket"] for each in found["changes"]] == ["ACME-1"]


class TestTheJob:
    def test_writes_nothing_but_its_result(self, client):
        a_month(client)
        asked = ask(client, draft(client, S3={"then": "included"}))
        before = rows()

        done(asked)

        changed = {name for name, row in rows().items() if row != before[name]}
        assert changed == {"tickets.Replay"}

    def test_is_done_with_its_progress_told(self, client, monkeypatch):
        told = []
        monkeypatch.setattr(jobs, "show_progress", lambda job, percent: told.append(percent))
        monkeypatch.setattr(past, "CHUNK", 2)
        for number in range(4):
            client.open(after(minutes=number))

        asked = done(ask(client, client.contract.versions.get()))

        assert told == [45, 90]
        assert asked.is_finished
        assert Job.objects.get(key=asked.job_key).progress == 100

    def test_reads_every_ticket_once_whatever_the_size_of_a_chunk(self, client, monkeypatch):
        for number in range(5):
            client.open(after(minutes=number // 2))
        monkeypatch.setattr(past, "CHUNK", 2)

        result = done(ask(client, client.contract.versions.get())).result

        assert (result["tickets"], result["changes"]) == (5, [])

    def test_takes_as_many_queries_for_five_tickets_as_for_one(self, client):
        rules = rules_of(client.contract.versions.get())

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                replay_terms(client.contract, rules, Months(APRIL, MAY))
            return len(captured)

        client.open()
        alone = queries()
        for number in range(4):
            log(client, client.open(after(minutes=number)), 1, 2)

        assert queries() == alone

    def test_cannot_write_while_it_reads(self, client):
        with (
            pytest.raises(DatabaseError, match="read-only transaction"),
            transaction.atomic(),
            past.read_only(),
        ):
            client.contract.save()

        client.contract.save()  # the transaction itself may write again

    def test_result_is_written_once(self, client):
        asked = done(ask(client, client.contract.versions.get()))

        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            asked.save()


def rows() -> dict[str, list]:
    """Return every row of every tenant's table, by model."""
    return {m._meta.label: list(m.objects.order_by("pk").values()) for m in tenant_models()}


class TestAskReplay:
    @pytest.mark.parametrize("role", ["account_manager", "bridge_se"])
    def test_is_for_who_answers_for_the_contract(self, client, role):
        asked = ask(client, client.contract.versions.get(), actor=client.people[role])

        assert (asked.asked_by, asked.result, asked.is_finished) == (
            client.people[role], None, False,
        )  # fmt: skip
        assert AuditEvent.objects.get(verb="replay.asked").actor == client.people[role]

    @pytest.mark.parametrize(
        "role", ["requester", "service_owner", "service_desk", "maintenance_engineer"]
    )
    def test_is_refused_to_the_others(self, client, role):
        with pytest.raises(NotPermitted):
            ask(client, client.contract.versions.get(), actor=client.people[role])

        assert not Replay.objects.exists()

    def test_is_refused_to_people_of_another_client(self, client):
        with two_clients(client) as globex, pytest.raises(NotPermitted):
            ask(client, client.contract.versions.get(), actor=globex.account_manager)

    def test_widens_the_days_to_whole_months(self, client):
        version = client.contract.versions.get()

        asked = ask(client, version, from_on=date(2026, 3, 9), until_on=date(2026, 4, 20))
        to_the_end = ask(client, version, from_on=date(2026, 4, 30), until_on=date(2030, 1, 1))

        assert (asked.from_on, asked.until_on) == (APRIL, MAY)
        assert (to_the_end.from_on, to_the_end.until_on) == (APRIL, JUNE)

    def test_refuses_a_range_without_a_month(self, client):
        with pytest.raises(Invalid, match="No month"):
            ask(client, client.contract.versions.get(), until_on=date(2026, 3, 9))

    def test_refuses_a_version_of_another_contract(self, client):
        with two_clients(client) as globex:
            theirs = globex.contract.versions.get()
        with pytest.raises(Invalid, match="another contract"):
            ask(client, theirs)

    def test_refuses_another_currency(self, client):
        version = draft(client)
        version.terms = {**version.terms, "currency": "USD"}
        version.sha256 = "0" * 64
        version.save()

        with pytest.raises(Invalid, match="currency"):
            ask(client, version)


class TestTheConsole:
    def run(self, *args: str) -> str:
        out = StringIO()
        call_command("replay_terms", *args, stdout=out)
        return out.getvalue()

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "draft.yaml"
        path.write_text(terms_yaml.dump(amended(S3={"then": "included"})), encoding="utf-8")
        return path

    def test_replays_a_file_and_stores_nothing(self, client, file):
        a_month(client)
        before = rows()

        said = self.run(
            str(file), "--tenant", "ACME", "--contract", client.contract.number,
            "--from", "2026-04-01", "--until", "2026-05-01",
        )  # fmt: skip

        assert rows() == before
        lines = said.splitlines()
        assert lines[0].startswith("10 tickets received from 2026-04-01 until before 2026-05-01")
        assert "1 verdicts change:" in lines
        assert "    ACME-10/1: pool S3 (support) -> included S3, 21:00 h" in lines
        assert lines[-1] == "Change: -12,000 JPY"

    def test_replays_a_version_by_its_number(self, client):
        client.open(facts=QUESTION)
        draft(client, S3={"then": "estimate"})

        said = self.run(
            "--contract-version", "2", "--tenant", "ACME", "--number", client.contract.number
        )

        assert "  pool -> estimate: 1" in said.splitlines()

    def test_does_not_find_another_clients_contract(self, client, file):
        Tenant.objects.create(code="GLOBEX", name="Globex")

        with pytest.raises(CommandError, match=r"GLOBEX has no contract"):
            self.outside(str(file), "--tenant", "GLOBEX", "--number", client.contract.number)

    def outside(self, *args: str) -> str:
        """Run as the console does, in no scope."""
        from tenants import scoping

        token = scoping._active.set(None)
        try:
            return self.run(*args)
        finally:
            scoping._active.reset(token)

    def test_names_every_error_of_the_file(self, client, tmp_path):
        path = tmp_path / "draft.yaml"
        document = amended(S3={"when": {"system": ["ec"]}}) | {"currency": "GBP"}
        path.write_text(terms_yaml.dump(document), encoding="utf-8")

        with pytest.raises(CommandError, match=r"2 errors"):
            self.run(str(path), "--tenant", "ACME", "--number", client.contract.number)

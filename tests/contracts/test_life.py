"""The life of a contract: draft, in force, renewed, ended; and who is told before its end."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from contracts import checking, services
from contracts.checking import TermsNotClean
from contracts.domain.terms import TermsInvalid
from contracts.models import Contract, ContractReminder, ContractRenewal, ContractVersion
from contracts.rules import rules_of
from contracts.services import reminders
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent, Job
from tenants.scoping import tenant_scope
from tenants.services import jobs
from tests.contracts.test_contract_files import clean
from tests.contracts.test_services import another_session_may_close
from tests.factories import (
    ContractFactory,
    ContractVersionFactory,
    MembershipFactory,
    PeriodFactory,
)

STARTS, ENDS = date(2026, 4, 1), date(2027, 4, 1)
SIGNED = datetime(2026, 3, 20, 3, tzinfo=UTC)
JUNE = datetime(2026, 6, 20, 3, tzinfo=UTC)


def tokyo(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 9)


def written(tenant, actor, number="C-1", ends_on=ENDS) -> Contract:
    return services.create_contract(
        tenant=tenant, number=number, title="EC site", starts_on=STARTS, ends_on=ends_on,
        document=clean(), actor=actor, now=SIGNED,
    )  # fmt: skip


@pytest.fixture
def contract(acme_scope, account_manager) -> Contract:
    contract = written(acme_scope, account_manager)
    services.activate_version(
        version=contract.versions.get(),
        actor=account_manager,
        now=SIGNED,
        accept_gaps=checking.seal_of(contract.versions.get()),
    )
    contract.refresh_from_db()
    return contract


@pytest.fixture
def amend(contract, account_manager):
    """Return a function that writes an amendment and puts it in force."""

    def to(effective_on: date, now: datetime = JUNE, **changes) -> ContractVersion:
        version = services.add_version(
            contract=contract, effective_on=effective_on, document=clean(**changes),
            actor=account_manager, now=now,
        )  # fmt: skip
        services.activate_version(
            version=version, actor=account_manager, now=now, accept_gaps=checking.seal_of(version)
        )
        return version

    return to


def close(contract: Contract, month: date) -> None:
    period = services.period_of(contract, month)
    services.close_period(period=period, actor=None, now=period.closes_at)


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


class TestAmendments:
    def test_start_in_the_middle_of_a_month_that_is_open(self, contract, amend):
        close(contract, STARTS)

        amend(date(2026, 5, 16), cost__monthly_fee=900_000)

        fees = [
            rules_of(services.version_in_force(contract, day)).terms.cost.monthly_fee
            for day in (date(2026, 5, 15), date(2026, 5, 16))
        ]
        assert fees == [800_000, 900_000]

    def test_never_in_a_closed_month(self, contract, amend):
        close(contract, STARTS)

        with pytest.raises(Refused, match="months before 1 May 2026 are closed"):
            amend(date(2026, 4, 30))

    @pytest.mark.parametrize("day", [STARTS - timedelta(days=1), ENDS, ENDS + timedelta(days=9)])
    def test_never_outside_the_term(self, contract, amend, day):
        with pytest.raises(Refused, match="day of the contract's term"):
            amend(day)

    def test_two_never_start_on_one_day(self, contract, amend):
        amend(date(2026, 7, 1))

        with pytest.raises(Refused, match="from this day"):
            amend(date(2026, 7, 1))
        with pytest.raises(IntegrityError), transaction.atomic():
            ContractVersionFactory(contract=contract, number=9, effective_on=date(2026, 7, 1))

    def test_keep_the_currency(self, contract, amend):
        with pytest.raises(Refused, match="currency"):
            amend(date(2026, 7, 1), currency="USD")

    def test_of_an_ended_contract_are_refused(self, contract, amend):
        Contract.objects.update(status="ended")

        with pytest.raises(Refused, match="has ended"):
            amend(date(2026, 7, 1))


class TestDrafts:
    def test_are_replaced_under_their_number(self, acme_scope, account_manager):
        draft = written(acme_scope, account_manager).versions.get()

        services.replace_draft(
            version=draft, document=clean(cost__monthly_fee=1), actor=account_manager, now=JUNE,
            effective_on=date(2026, 4, 2),
        )  # fmt: skip

        again = ContractVersion.objects.get()
        assert (again.number, again.effective_on) == (1, date(2026, 4, 2))
        assert rules_of(again).terms.cost.monthly_fee == 1
        assert again.sha256 != draft.sha256
        assert verbs()[-1] == "contract.draft_replaced"

    def test_with_errors_change_nothing(self, acme_scope, account_manager):
        draft = written(acme_scope, account_manager).versions.get()

        with pytest.raises(TermsInvalid), transaction.atomic():
            services.replace_draft(
                version=draft, document=clean(currency="YEN"), actor=account_manager, now=JUNE
            )

        assert ContractVersion.objects.get().sha256 == draft.sha256

    def test_once_in_force_never_again(self, contract, account_manager):
        version = contract.versions.get()

        with pytest.raises(Refused, match="in force already"):
            services.replace_draft(
                version=version, document=clean(), actor=account_manager, now=JUNE
            )
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            ContractVersion.objects.update(effective_on=JUNE.date())


class TestRenewContract:
    UNTIL = date(2028, 4, 1)

    def renew(self, contract, actor, **given) -> Contract:
        given = {"until": self.UNTIL, "now": tokyo(date(2027, 3, 1)), **given}
        return services.renew_contract(contract=contract, actor=actor, **given)

    def test_gives_a_new_term_and_leaves_a_trace(self, contract, account_manager):
        self.renew(contract, account_manager)

        contract.refresh_from_db()
        renewal = ContractRenewal.objects.get()
        assert contract.ends_on == self.UNTIL
        assert (renewal.renewed_on, renewal.until, renewal.by) == (
            ENDS,
            self.UNTIL,
            account_manager,
        )
        assert verbs()[-1] == "contract.renewed"

    def test_with_new_terms_from_the_renewal_day(self, contract, account_manager):
        seal = checking.seal_of(contract.versions.get())
        terms = clean(cost__monthly_fee=850_000)

        self.renew(contract, account_manager, document=terms, accept_gaps=seal)

        version = services.version_in_force(contract, ENDS)
        assert version.effective_on == ENDS
        assert rules_of(version).terms.cost.monthly_fee == 850_000
        assert services.version_in_force(contract, ENDS - timedelta(days=1)).number == 1

    def test_with_terms_that_are_not_clean_is_no_renewal(self, contract, account_manager):
        document = clean(time__targets=[])

        with pytest.raises(TermsNotClean), transaction.atomic():
            self.renew(contract, account_manager, document=document)

        contract.refresh_from_db()
        assert (contract.ends_on, contract.versions.count()) == (ENDS, 1)
        assert not ContractRenewal.objects.exists()

    def test_may_be_open_ended(self, contract, account_manager):
        self.renew(contract, account_manager, until=None)

        contract.refresh_from_db()
        assert contract.ends_on is None
        with pytest.raises(Refused, match="no end"):
            self.renew(contract, account_manager)

    def test_only_until_the_last_day_of_the_contracts_own_zone(self, contract, account_manager):
        last_minute = datetime(2027, 3, 31, 14, 59, tzinfo=UTC)

        with pytest.raises(Refused, match="is over"):
            self.renew(contract, account_manager, now=last_minute + timedelta(minutes=1))
        self.renew(contract, account_manager, now=last_minute)

    @pytest.mark.parametrize("until", [ENDS, STARTS])
    def test_is_longer_than_the_term_before(self, contract, account_manager, until):
        with pytest.raises(Invalid, match="ends after 2027-04-01"):
            self.renew(contract, account_manager, until=until)

    def test_is_for_the_clients_account_manager(self, contract, bridge_se, globex):
        stranger = MembershipFactory.build(tenant=globex, account_manager=True)

        for actor in (bridge_se, stranger):
            with pytest.raises(NotPermitted):
                self.renew(contract, actor)

    def test_of_a_draft_is_refused(self, acme_scope, account_manager):
        with pytest.raises(Refused, match="not in force"):
            self.renew(written(acme_scope, account_manager), account_manager)


class TestEndContract:
    def end(self, contract, actor, on: date, now: datetime = JUNE, reason="Moved in-house."):
        return services.end_contract(contract=contract, actor=actor, on=on, reason=reason, now=now)

    def test_on_a_day_to_come_keeps_it_in_force_until_then(self, contract, account_manager):
        ended = self.end(contract, account_manager, date(2026, 9, 1))

        assert (ended.status, ended.ends_on) == ("active", date(2026, 9, 1))
        event = AuditEvent.objects.get(verb="contract.end_agreed")
        assert event.data == {
            "before": "2027-04-01", "ends_on": "2026-09-01", "reason": "Moved in-house.",
        }  # fmt: skip

    def test_on_a_day_that_is_over_ends_it_at_once(self, contract, account_manager):
        assert self.end(contract, account_manager, date(2026, 6, 15)).status == "ended"
        assert verbs()[-2:] == ["contract.end_agreed", "contract.ended"]

    def test_of_an_open_ended_contract(self, acme_scope, account_manager):
        open_ended = written(acme_scope, account_manager, ends_on=None)
        version = open_ended.versions.get()
        services.activate_version(
            version=version,
            actor=account_manager,
            now=SIGNED,
            accept_gaps=checking.seal_of(version),
        )

        ended = self.end(open_ended, account_manager, date(2026, 9, 1))

        assert ended.ends_on == date(2026, 9, 1)

    @pytest.mark.parametrize(
        ("on", "reason", "said"),
        [
            (date(2026, 9, 1), " ", "Say why"),
            (STARTS, "x", "at least one day"),
            (date(2026, 4, 30), "x", "months before 1 May 2026 are closed"),
            (date(2027, 4, 2), "x", "renew it instead"),
        ],
    )
    def test_says_what_is_wrong(self, contract, account_manager, on, reason, said):
        close(contract, STARTS)

        with pytest.raises(Invalid, match=said):
            self.end(contract, account_manager, on, reason=reason)

    def test_is_for_an_account_manager(self, contract, bridge_se):
        with pytest.raises(NotPermitted):
            self.end(contract, bridge_se, date(2026, 9, 1))

    def test_twice_is_refused_once_it_is_over(self, contract, account_manager):
        self.end(contract, account_manager, date(2026, 6, 15))

        with pytest.raises(Refused, match="not in force"):
            self.end(contract, account_manager, date(2026, 6, 10))


def told() -> list[tuple[date, int]]:
    return list(ContractReminder.objects.order_by("pk").values_list("ends_on", "days"))


class TestLookAfter:
    def test_reminds_at_each_step_once(self, contract):
        day = ENDS - timedelta(days=100)
        while day < ENDS:
            reminders.look_after(tokyo(day))
            reminders.look_after(tokyo(day, hour=10))
            day += timedelta(days=1)

        assert told() == [(ENDS, 90), (ENDS, 60), (ENDS, 30), (ENDS, 7)]

    def test_a_day_begins_at_midnight_of_the_contracts_zone(self, contract):
        midnight = datetime(2026, 12, 31, 15, tzinfo=UTC)  # 90 days before

        reminders.look_after(midnight - timedelta(seconds=1))
        assert told() == []
        reminders.look_after(midnight)
        assert told() == [(ENDS, 90)]

    def test_steps_that_nobody_saw_are_not_told_late(self, contract):
        reminders.look_after(tokyo(ENDS - timedelta(days=20)))

        assert told() == [(ENDS, 30)]

    def test_ends_what_is_over_and_says_so_once(self, contract):
        for _ in range(2):
            reminders.look_after(tokyo(ENDS))

        contract.refresh_from_db()
        assert contract.status == "ended"
        assert verbs().count("contract.ended") == 1
        assert told() == []

    def test_a_renewed_contract_is_reminded_of_its_new_end(self, contract, account_manager):
        reminders.look_after(tokyo(ENDS - timedelta(days=7)))
        services.renew_contract(
            contract=contract, actor=account_manager, until=date(2028, 4, 1),
            now=tokyo(ENDS - timedelta(days=5)),
        )  # fmt: skip

        reminders.look_after(tokyo(ENDS))
        reminders.look_after(tokyo(date(2028, 4, 1) - timedelta(days=90)))

        contract.refresh_from_db()
        assert contract.status == "active"
        assert told() == [(ENDS, 7), (date(2028, 4, 1), 90)]

    def test_drafts_and_open_ended_contracts_are_left_alone(self, acme_scope, account_manager):
        written(acme_scope, account_manager, number="A draft")
        ContractFactory(tenant=acme_scope)

        reminders.look_after(tokyo(ENDS))

        assert told() == []
        assert "contract.ended" not in verbs()

    def test_only_the_clients_in_scope(self, acme, globex):
        theirs = ContractFactory(tenant=globex, ends_on=ENDS)
        ContractFactory(tenant=acme, ends_on=ENDS)

        with tenant_scope(acme):
            reminders.look_after(tokyo(ENDS))

        with tenant_scope(globex):
            theirs.refresh_from_db()
        assert theirs.status == "active"

    def test_one_step_is_told_once_whoever_tells_it(self, contract):
        reminders.look_after(tokyo(ENDS - timedelta(days=7)))

        with pytest.raises(IntegrityError), transaction.atomic():
            ContractReminder.objects.create(
                tenant=contract.tenant, contract=contract, ends_on=ENDS, days=7, at=JUNE
            )

    def test_a_reminder_is_never_changed(self, contract):
        reminders.look_after(tokyo(ENDS - timedelta(days=7)))

        with pytest.raises(DatabaseError), transaction.atomic():
            ContractReminder.objects.update(days=90)


class TestDueFor:
    def test_lists_the_last_word_on_each_contract_the_nearest_end_first(
        self, contract, account_manager, bridge_se
    ):
        sooner = ContractFactory(
            tenant=contract.tenant, number="C-2", ends_on=ENDS - timedelta(days=20)
        )
        for days in (90, 60, 25):
            reminders.look_after(tokyo(ENDS - timedelta(days=days)))

        rows = ContractReminder.objects.due_for([account_manager, bridge_se])

        assert [(row.contract, row.days) for row in rows] == [(sooner, 7), (contract, 30)]
        assert not ContractReminder.objects.due_for([bridge_se])

    def test_forgets_an_end_that_no_longer_stands(self, contract, account_manager):
        reminders.look_after(tokyo(ENDS - timedelta(days=25)))
        Contract.objects.update(ends_on=date(2028, 4, 1))

        assert not ContractReminder.objects.due_for([account_manager])

    def test_another_clients_ends_are_not_seen(self, acme, globex, account_manager):
        ContractFactory(tenant=globex, ends_on=ENDS)
        theirs = MembershipFactory(tenant=globex, account_manager=True)
        with tenant_scope(globex):
            reminders.look_after(tokyo(ENDS - timedelta(days=25)))

        with tenant_scope(acme, globex):
            assert not ContractReminder.objects.due_for([account_manager])
            assert ContractReminder.objects.due_for([account_manager, theirs]).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_month_stays_open_while_a_version_of_it_is_put_in_force(acme):
    with tenant_scope(acme), transaction.atomic():
        manager = MembershipFactory(tenant=acme, account_manager=True)
        contract = written(acme, manager)
        april = PeriodFactory(contract=contract)
    with tenant_scope(acme), transaction.atomic():
        services.activate_version(
            version=contract.versions.get(),
            actor=manager,
            now=JUNE,
            accept_gaps=checking.seal_of(contract.versions.get()),
        )

        assert not another_session_may_close(april)


@pytest.mark.django_db(transaction=True)
def test_the_recurring_job_comes_back_within_the_hour(acme):
    with transaction.atomic():
        jobs.start_recurring(acme.pk)
    job = Job.objects.get(kind="contracts.life")
    ContractFactory(tenant=acme, starts_on=date(2020, 4, 1), ends_on=date(2021, 4, 1))

    assert jobs.run(job.pk) is True

    job.refresh_from_db()
    assert (job.state, job.due_at - job.finished_at) == ("waiting", timedelta(hours=1))
    with tenant_scope(acme), transaction.atomic():
        assert Contract.objects.get().status == "ended"

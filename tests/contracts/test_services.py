"""Contracts and their months: written down, put in force, opened, closed once."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from contracts import checking, services
from contracts.domain.terms import TermsInvalid
from contracts.models import Contract, ContractVersion, Period
from contracts.rules import rules_of
from contracts.services.periods import lock_shared
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.factories import TERMS, ContractVersionFactory, PeriodFactory

NOW = datetime(2026, 6, 20, 3, tzinfo=UTC)
JUNE = date(2026, 6, 1)


@pytest.fixture
def contract(acme_scope, account_manager) -> Contract:
    contract = services.create_contract(
        tenant=acme_scope, number="C-1", title="EC site", starts_on=date(2026, 4, 1),
        document=TERMS, actor=account_manager, now=NOW,
    )  # fmt: skip
    services.activate_version(
        version=contract.versions.get(),
        actor=account_manager,
        now=NOW,
        accept_gaps=checking.seal_of(contract.versions.get()),
    )
    return contract


def amended(**scope) -> dict:
    document = deepcopy(TERMS)
    document["cost"]["monthly_fee"] = 900000
    return document


class TestCreateContract:
    def test_is_a_draft_until_it_is_activated(self, acme_scope, account_manager):
        contract = services.create_contract(
            tenant=acme_scope, number="C-1", title="EC site", starts_on=date(2026, 4, 1),
            document=TERMS, actor=account_manager, now=NOW,
        )  # fmt: skip

        assert contract.status == "draft"
        assert services.version_in_force(contract, JUNE) is None

    def test_errors_of_the_terms_come_all_at_once_and_nothing_is_written(
        self, acme_scope, account_manager
    ):
        document = deepcopy(TERMS)
        document["currency"], document["timezone"] = "YEN", "Tokyo"

        with pytest.raises(TermsInvalid) as refusal, transaction.atomic():
            services.create_contract(
                tenant=acme_scope, number="C-1", title="EC", starts_on=JUNE, document=document,
                actor=account_manager, now=NOW,
            )  # fmt: skip

        assert len(refusal.value.errors) == 2
        assert not Contract.objects.exists()


class TestActivateVersion:
    def test_only_by_an_account_manager(self, contract, account_manager, bridge_se):
        version = services.add_version(
            contract=contract, effective_on=JUNE, document=amended(), actor=bridge_se, now=NOW
        )

        with pytest.raises(NotPermitted):
            services.activate_version(
                version=version, actor=bridge_se, now=NOW, accept_gaps=checking.seal_of(version)
            )

    def test_freezes_the_text_for_everybody(self, contract):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            ContractVersion.objects.update(terms={})

    def test_two_versions_never_start_on_one_day(self, contract, account_manager):
        version = services.add_version(
            contract=contract, effective_on=contract.starts_on, document=amended(),
            actor=account_manager, now=NOW,
        )  # fmt: skip

        with pytest.raises(Refused):
            services.activate_version(
                version=version,
                actor=account_manager,
                now=NOW,
                accept_gaps=checking.seal_of(version),
            )

    def test_the_day_decides_which_version_is_in_force(self, contract, account_manager):
        version = services.add_version(
            contract=contract, effective_on=date(2026, 6, 15), document=amended(),
            actor=account_manager, now=NOW,
        )  # fmt: skip
        services.activate_version(
            version=version, actor=account_manager, now=NOW, accept_gaps=checking.seal_of(version)
        )

        fees = [
            rules_of(services.version_in_force(contract, day)).terms.cost.monthly_fee
            for day in (date(2026, 6, 14), date(2026, 6, 15))
        ]

        assert fees == [800000, 900000]

    def test_leaves_a_trace(self, contract, account_manager):
        event = AuditEvent.objects.get(verb="contract.activated")

        assert (event.actor, event.subject_id) == (account_manager, contract.pk)

    def test_freezes_the_holidays_it_names(self, acme_scope, account_manager):
        document = deepcopy(TERMS)
        document["hours"]["office"]["holidays"] = "JP"

        contract = services.create_contract(
            tenant=acme_scope, number="C-2", title="EC", starts_on=JUNE, document=document,
            actor=account_manager, now=NOW,
        )  # fmt: skip

        assert "2026-05-06" in contract.versions.get().holidays["JP"]  # a substitute holiday


class TestPeriods:
    def test_a_month_is_the_contracts_own(self, contract):
        period = services.period_of(contract, JUNE)

        assert period.starts_at == datetime(2026, 5, 31, 15, tzinfo=UTC)
        assert period.ends_at == datetime(2026, 6, 30, 15, tzinfo=UTC)

    def test_the_last_instant_of_a_month_belongs_to_it_and_the_next_one_does_not(self, contract):
        june = services.period_of(contract, JUNE)

        assert services.period_at(contract, june.ends_at - timedelta(microseconds=1)) == june
        assert services.period_at(contract, june.ends_at).month == date(2026, 7, 1)

    def test_closes_three_business_days_after_its_end(self, contract):
        period = services.period_of(contract, JUNE)

        assert period.closes_at == datetime(2026, 7, 3, 9, tzinfo=UTC)

    def test_is_written_down_once(self, contract):
        assert services.period_of(contract, JUNE) == services.period_of(contract, JUNE)
        assert Period.objects.count() == 1

    def test_before_the_contract_there_is_none(self, contract):
        with pytest.raises(Invalid):
            services.period_of(contract, date(2026, 3, 1))

    def test_another_clients_months_are_not_seen(self, acme, globex):
        ours, theirs = (
            PeriodFactory(contract=ContractVersionFactory(contract__tenant=tenant).contract)
            for tenant in (acme, globex)
        )

        with tenant_scope(acme):
            assert list(Period.objects.all()) == [ours]
            assert not Period.objects.filter(pk=theirs.pk).exists()


class TestClosePeriod:
    AFTER = datetime(2026, 7, 3, 9, tzinfo=UTC)

    @pytest.fixture
    def june(self, contract) -> Period:
        return services.period_of(contract, JUNE)

    def test_not_before_the_grace_is_over(self, june, account_manager):
        with pytest.raises(Refused, match="late entries"):
            services.close_period(
                period=june, actor=account_manager, now=self.AFTER - timedelta(seconds=1)
            )

    def test_again_changes_nothing(self, june, account_manager):
        first = services.close_period(period=june, actor=account_manager, now=self.AFTER)
        second = services.close_period(
            period=june, actor=account_manager, now=self.AFTER + timedelta(days=1)
        )

        assert first.closed_at == second.closed_at == self.AFTER
        assert AuditEvent.objects.filter(verb="period.closed").count() == 1

    def test_not_while_an_earlier_month_is_open(self, contract, june, account_manager):
        services.period_of(contract, date(2026, 5, 1))

        with pytest.raises(Refused, match="earlier month"):
            services.close_period(period=june, actor=account_manager, now=self.AFTER)

    def test_work_of_a_closed_month_counts_in_the_first_open_one(self, june, account_manager):
        services.close_period(period=june, actor=account_manager, now=self.AFTER)

        period, adjusts = services.period_for_work(
            june.contract, june.starts_at + timedelta(days=3), self.AFTER
        )

        assert (period.month, adjusts) == (date(2026, 7, 1), june)


@pytest.mark.django_db(transaction=True)
def test_a_closer_waits_for_a_writer_that_holds_the_month(acme):
    with tenant_scope(acme):
        contract = ContractVersionFactory(contract__tenant=acme).contract
        with transaction.atomic():
            june = services.period_of(contract, JUNE)
        with transaction.atomic():
            lock_shared(june)

            assert not another_session_may_close(june)


def another_session_may_close(period: Period) -> bool:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_lock(%s, %s)", [0x0A0C, period.pk % 2_147_483_647]
            )
            return cursor.fetchone()[0]
    finally:
        other.close()

"""Hours that a client buys for a pool: written down once, never in a month that is closed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from contracts import checking, services
from contracts.models import BoughtHours, Contract
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.contracts.test_contract_files import run
from tests.contracts.test_life import (
    ENDS,
    JUNE,
    SIGNED,
    STARTS,
    close,
    contract,
    tokyo,
    written,
)
from tests.contracts.test_services import another_session_may_close
from tests.factories import MembershipFactory

__all__ = ["contract", "run"]  # fixtures

DAY = date(2026, 6, 10)


def buy(contract: Contract, actor, **given) -> BoughtHours:
    told = {
        "pool": "support", "minutes": 600, "price": 90_000, "bought_on": DAY, "expires_on": None,
        "reference": "PO-17", "now": JUNE,
    }  # fmt: skip
    return services.buy_hours(contract=contract, actor=actor, **{**told, **given})


@pytest.fixture
def signed(acme, account_manager) -> Contract:
    """A contract in force; no scope is left open."""
    with tenant_scope(acme):
        return in_force(acme, account_manager)


def in_force(tenant, manager) -> Contract:
    made = written(tenant, manager)
    services.activate_version(
        version=made.versions.get(),
        actor=manager,
        now=SIGNED,
        accept_gaps=checking.seal_of(made.versions.get()),
    )
    return made


class TestBuyHours:
    def test_writes_them_down_and_leaves_a_trace(self, contract, account_manager):
        buy(contract, account_manager, reference=" PO-17 ", expires_on=date(2026, 12, 1))

        bought = BoughtHours.objects.get()
        assert (bought.minutes, bought.price, bought.currency) == (600, 90_000, "JPY")
        assert (bought.by, bought.written_at, bought.reference) == (account_manager, JUNE, "PO-17")
        event = AuditEvent.objects.get(verb="contract.hours_bought")
        assert event.data == {
            "pool": "support", "minutes": 600, "price": 90_000, "currency": "JPY",
            "bought_on": "2026-06-10", "expires_on": "2026-12-01", "reference": "PO-17",
        }  # fmt: skip

    def test_for_nothing_is_allowed(self, contract, account_manager):
        assert buy(contract, account_manager, price=0).price == 0

    @pytest.mark.parametrize(
        ("given", "field", "said"),
        [
            ({"minutes": 0}, "minutes", "between one minute and 10000 hours"),
            ({"minutes": 10_000 * 60 + 1}, "minutes", "between one minute and 10000 hours"),
            ({"price": -1}, "price", "between 0 and"),
            ({"price": 10**30}, "price", "between 0 and"),
            ({"expires_on": DAY}, "expires_on", "one day at least"),
            ({"reference": "  "}, "reference", "client's order"),
            ({"reference": "x" * 201}, "reference", "200 characters at most"),
            ({"pool": "gold"}, "pool", "no pool gold on that day; it has: support"),
            ({"bought_on": STARTS - timedelta(days=1)}, "bought_on", "contract's term"),
            ({"bought_on": ENDS, "now": tokyo(ENDS)}, "bought_on", "contract's term"),
            ({"bought_on": JUNE.date() + timedelta(days=1)}, "bought_on", "still to come"),
        ],
    )
    def test_says_what_is_wrong(self, contract, account_manager, given, field, said):
        with pytest.raises(Invalid, match=said) as refusal:
            buy(contract, account_manager, **given)

        assert refusal.value.field == field
        assert not BoughtHours.objects.exists()

    def test_never_in_a_closed_month(self, contract, account_manager):
        close(contract, STARTS)

        with pytest.raises(Invalid, match="months before 1 May 2026 are closed"):
            buy(contract, account_manager, bought_on=date(2026, 4, 30))
        assert buy(contract, account_manager, bought_on=date(2026, 5, 1))

    def test_never_before_a_closed_month_that_nobody_wrote_down(self, contract, account_manager):
        close(contract, date(2026, 5, 1))

        with pytest.raises(Invalid, match="months before 1 Jun 2026 are closed"):
            buy(contract, account_manager, bought_on=date(2026, 4, 30))

    def test_today_is_the_day_of_the_contracts_own_zone(self, contract, account_manager):
        midnight = datetime(2026, 6, 9, 15, tzinfo=UTC)

        with pytest.raises(Invalid, match="still to come"):
            buy(contract, account_manager, now=midnight - timedelta(seconds=1))
        assert buy(contract, account_manager, now=midnight)

    def test_is_for_the_clients_account_manager(self, contract, bridge_se, globex):
        stranger = MembershipFactory.build(tenant=globex, account_manager=True)

        for actor in (bridge_se, stranger):
            with pytest.raises(NotPermitted):
                buy(contract, actor)

    def test_for_a_draft_is_refused(self, acme_scope, account_manager):
        with pytest.raises(Refused, match="not in force"):
            buy(written(acme_scope, account_manager), account_manager)

    def test_before_the_end_of_a_contract_that_ended_since(self, contract, account_manager):
        services.end_contract(
            contract=contract, actor=account_manager, on=date(2026, 6, 15), reason="x", now=JUNE
        )

        assert buy(contract, account_manager)
        with pytest.raises(Invalid, match="contract's term"):
            buy(contract, account_manager, bought_on=date(2026, 6, 15))

    def test_another_client_sees_none_of_them(self, signed, account_manager, acme, globex):
        with tenant_scope(acme):
            buy(signed, account_manager)

        with tenant_scope(globex):
            assert not BoughtHours.objects.exists()
        with tenant_scope(acme, globex):
            assert BoughtHours.objects.get().tenant == acme


class TestBoughtHours:
    @pytest.mark.parametrize(
        ("change", "truth"),
        [
            ({"minutes": 0}, "bought_hours_are_some"),
            ({"price": -1}, "price"),
            ({"expires_on": DAY}, "bought_hours_last_a_day"),
            ({"reference": ""}, "bought_hours_name_their_order"),
        ],
    )
    def test_are_what_they_say_whoever_writes_them(self, contract, account_manager, change, truth):
        row = {
            "tenant": contract.tenant, "contract": contract, "pool": "support", "minutes": 1,
            "price": 0, "currency": "JPY", "bought_on": DAY, "reference": "x",
            "written_at": SIGNED, "by": account_manager,
        }  # fmt: skip

        with pytest.raises(IntegrityError, match=truth), transaction.atomic():
            BoughtHours.objects.create(**{**row, **change})

    def test_are_never_changed(self, contract, account_manager):
        buy(contract, account_manager)

        with pytest.raises(DatabaseError), transaction.atomic():
            BoughtHours.objects.update(price=1)


class TestTheConsole:
    def buy(self, run, actor, **changes) -> tuple[int, str]:
        told = {
            "tenant": "ACME", "number": "C-1", "pool": "support", "hours": "1.5", "price": "9000",
            "on": "2026-06-10", "reference": "PO-17", "as": actor.user.email, **changes,
        }  # fmt: skip
        pairs = (part for key, value in told.items() for part in (f"--{key}", value))
        return run("buy_hours", *pairs)

    def test_buys_hours(self, run, signed, acme, account_manager):
        code, said = self.buy(run, account_manager, expires="2026-12-01")

        assert (code, said) == (
            0, "90 minutes of support for 9000 JPY, from 2026-06-10 until 2026-12-01.\n",
        )  # fmt: skip
        with tenant_scope(acme):
            assert BoughtHours.objects.get().by == account_manager

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"tenant": "NOBODY"}, "No client has the code NOBODY"),
            ({"tenant": "GLOBEX"}, "GLOBEX has no contract C-1"),
            ({"as": "x@y.z"}, "is not a member of ACME"),
            ({"hours": "0.001"}, "invalid whole_minutes value"),
            ({"hours": "many"}, "invalid whole_minutes value"),
            ({"hours": "0"}, "between one minute and 10000 hours"),
            ({"pool": "gold"}, "no pool gold"),
        ],
    )
    def test_says_what_is_wrong(self, run, signed, account_manager, acme, globex, changes, said):
        code, printed = self.buy(run, account_manager, **changes)

        assert (code, said in printed) == (1, True)
        with tenant_scope(acme, globex):
            assert not BoughtHours.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_month_stays_open_while_hours_are_bought_in_it(acme):
    with tenant_scope(acme), transaction.atomic():
        manager = MembershipFactory(tenant=acme, account_manager=True)
        contract = in_force(acme, manager)
        may = services.period_of(contract, date(2026, 5, 1))
    with tenant_scope(acme), transaction.atomic():
        buy(contract, manager, bought_on=date(2026, 5, 20))

        assert not another_session_may_close(may)

"""The scope reaches the database, once a transaction, and leaves with it."""

import threading
from contextlib import nullcontext, suppress

import psycopg
import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from contracts.models import Contract
from tenants.scoping import TenantScopeMissing, acting_as, tenant_scope
from tests.factories import ContractFactory, MembershipFactory

NO_SCOPE = "No tenant scope in this transaction"


@pytest.fixture
def numbers(acme, globex):
    """A contract of each, and a function that reads all numbers by raw SQL."""
    for tenant in (acme, globex):
        ContractFactory(tenant=tenant, number=tenant.code)
    return _numbers


def _numbers() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM contracts_contract ORDER BY number")
        return [row[0] for row in cursor.fetchall()]


def _refused() -> bool:
    """Whether the database itself says no: its code is PT001."""
    block = transaction.atomic() if connection.in_atomic_block else nullcontext()
    with pytest.raises(DatabaseError, match=NO_SCOPE) as refusal, block:
        _numbers()
    return refusal.value.__cause__.sqlstate == "PT001"


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


@pytest.mark.django_db
class TestOneTransaction:
    def test_a_raw_cursor_without_a_scope_is_refused(self, numbers):
        assert _refused()

    def test_a_raw_cursor_reads_the_scopes_rows_only(self, numbers, acme, globex):
        with tenant_scope(acme):
            assert numbers() == ["ACME"]
        with tenant_scope(globex):
            assert numbers() == ["GLOBEX"]
        with tenant_scope(acme, globex):
            assert numbers() == ["ACME", "GLOBEX"]
        with tenant_scope():
            assert numbers() == []

    def test_a_narrower_scope_is_told_and_taken_back(self, numbers, acme, globex):
        with tenant_scope(acme, globex):
            assert numbers() == ["ACME", "GLOBEX"]
            with tenant_scope(globex):
                assert numbers() == ["GLOBEX"]
            assert numbers() == ["ACME", "GLOBEX"]
        assert _refused()

    def test_a_scope_opened_in_the_middle_counts_from_there(self, numbers, acme):
        with transaction.atomic():
            assert _backend()
            with tenant_scope(acme):
                assert numbers() == ["ACME"]

    def test_a_scope_that_ended_is_gone_though_the_transaction_goes_on(self, numbers, acme):
        with tenant_scope(acme):
            assert numbers() == ["ACME"]
        assert _refused()

    def test_many_statements_tell_once(self, numbers, acme):
        told = []
        raw, execute = connection.connection, connection.connection.execute

        def count(sql, *args, **kwargs):
            told.append(sql)
            return execute(sql, *args, **kwargs)

        raw.execute = count
        try:
            with tenant_scope(acme):
                for _ in range(5):
                    numbers()
        finally:
            del raw.execute
        assert len(told) == 1

    def test_the_acting_user_is_told_too(self, acme, globex):
        mine = MembershipFactory(tenant=globex)
        MembershipFactory(tenant=globex)

        with acting_as(mine.user_id), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM tenants_membership")
            assert cursor.fetchall() == [(mine.pk,)]


@pytest.mark.django_db
class TestSavepoints:
    def test_a_rollback_takes_the_inner_scope_with_it(self, numbers, acme, globex):
        with tenant_scope(acme, globex):
            assert len(numbers()) == 2
            with suppress(ZeroDivisionError), transaction.atomic(), tenant_scope(acme):
                assert numbers() == ["ACME"]
                raise ZeroDivisionError
            assert numbers() == ["ACME", "GLOBEX"]

    def test_a_rollback_inside_the_inner_scope_keeps_it(self, numbers, acme, globex):
        with tenant_scope(acme, globex):
            assert len(numbers()) == 2
            with tenant_scope(acme):
                with suppress(ZeroDivisionError), transaction.atomic():
                    assert numbers() == ["ACME"]
                    raise ZeroDivisionError
                assert numbers() == ["ACME"]

    def test_a_release_keeps_to_the_scope_of_the_moment(self, numbers, acme, globex):
        with tenant_scope(acme, globex):
            with transaction.atomic(), tenant_scope(globex):
                assert numbers() == ["GLOBEX"]
            assert numbers() == ["ACME", "GLOBEX"]
        assert _refused()

    def test_a_savepoint_rolled_back_by_hand_does_not_widen_the_scope(self, numbers, acme, globex):
        with tenant_scope(acme, globex):
            mark = transaction.savepoint()
            with tenant_scope(acme):
                assert numbers() == ["ACME"]
                transaction.savepoint_rollback(mark)
                assert numbers() == ["ACME"]

    def test_after_an_error_the_scope_is_told_again(self, numbers, acme):
        with tenant_scope(acme):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
            assert numbers() == ["ACME"]

    def test_an_inner_block_without_a_savepoint(self, numbers, acme, globex):
        with tenant_scope(acme, globex):
            with transaction.atomic(savepoint=False), tenant_scope(acme):
                assert numbers() == ["ACME"]
            assert numbers() == ["ACME", "GLOBEX"]


@pytest.mark.django_db(transaction=True)
class TestTheNextBorrower:
    def test_outside_a_transaction_nobody_is_told(self, numbers, acme):
        assert _refused()
        with tenant_scope(acme):
            assert _refused()

    @pytest.mark.parametrize("ending", ["commit", "rollback", "error", "database error"])
    def test_finds_nothing_of_the_last_one(self, ending, numbers, acme):
        before = _backend()
        try:
            with tenant_scope(acme), transaction.atomic():
                assert numbers() == ["ACME"]
                if ending == "rollback":
                    transaction.set_rollback(True)
                elif ending == "error":
                    raise ZeroDivisionError
                elif ending == "database error":
                    connection.cursor().execute("SELECT 1 / 0")
        except (ZeroDivisionError, DatabaseError):
            pass

        with transaction.atomic():
            assert _backend() == before
            assert _refused()
        assert _refused()
        assert _backend() == before

    def test_a_second_transaction_is_told_again(self, numbers, acme, globex):
        for tenant in (acme, globex, acme):
            with tenant_scope(tenant):
                for _ in range(2):
                    with transaction.atomic():
                        assert numbers() == [tenant.code]

    def test_a_poisoned_session_is_overruled(self, numbers, acme, globex):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.tenants', %s, false)", ["{%d}" % globex.pk])

        with transaction.atomic():
            assert _refused()
        with tenant_scope(acme), transaction.atomic():
            assert numbers() == ["ACME"]

    def test_a_server_side_cursor_keeps_the_scope(self, numbers, acme):
        with tenant_scope(acme), transaction.atomic():
            rows = Contract.objects.values_list("number", flat=True).iterator(chunk_size=1)
            assert list(rows) == ["ACME"]

    def test_an_iterator_that_outlives_its_scope_is_no_way_in(self, numbers, acme):
        with transaction.atomic():
            with tenant_scope(acme):
                rows = Contract.objects.iterator()
            with pytest.raises(TenantScopeMissing):
                next(rows)

    def test_what_is_done_on_commit_has_no_transaction_and_no_rows(self, numbers, acme):
        outcome = []
        with tenant_scope(acme), transaction.atomic():
            transaction.on_commit(lambda: outcome.append(_refused()))
        assert outcome == [True]

    def test_a_thread_inherits_no_scope(self, numbers, acme):
        outcome = []

        def work():
            try:
                with transaction.atomic():
                    outcome.append(list(Contract.objects.all()))
            except TenantScopeMissing as error:
                outcome.append(type(error))
            finally:
                connection.close()

        with tenant_scope(acme), transaction.atomic():
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        assert outcome == [TenantScopeMissing]

    def test_a_thread_with_raw_sql_is_refused(self, numbers, acme):
        outcome = []

        def work():
            try:
                with transaction.atomic():
                    outcome.append(_numbers())
            except DatabaseError as error:
                outcome.append(error.__cause__.sqlstate)
            finally:
                connection.close()

        with tenant_scope(acme), transaction.atomic():
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        assert outcome == ["PT001"]

    def test_a_reconnect_is_told_again(self, numbers, acme):
        before = _backend()
        connection.close()

        with tenant_scope(acme), transaction.atomic():
            assert numbers() == ["ACME"]
            assert _backend() != before

    def test_a_lost_connection_is_djangos_error(self, numbers, acme, globex):
        with tenant_scope(acme, globex):
            with transaction.atomic():
                assert len(numbers()) == 2
                _end_session(_backend())
                with tenant_scope(acme), pytest.raises((OperationalError, InterfaceError)):
                    numbers()
                transaction.set_rollback(True)
            connection.close()
            with transaction.atomic():
                assert len(numbers()) == 2


def _end_session(pid: int) -> None:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])

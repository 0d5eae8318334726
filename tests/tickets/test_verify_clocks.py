"""The nightly proof names every clock whose columns do not say what its ledger says."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from tenants.scoping import tenant_scope
from tests.tickets.factories import Client, after
from tickets.models import Obligation
from tickets.services.sweep import sweep_misses

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]


@pytest.fixture
def acme(db) -> Client:
    return worked_at("ACME")


@pytest.fixture
def globex(db) -> Client:
    return worked_at("GLOBEX")


def worked_at(code: str) -> Client:
    """Return a client with a met clock, a missed one that runs, and a void one."""
    client = Client(code)
    with tenant_scope(client.tenant):
        client.resolve(client.working(), after(hours=2))
        client.open()
        sweep_misses(after(days=400))
    return client


def spoil(client: Client, **columns) -> None:
    with tenant_scope(client.tenant), transaction.atomic():
        restore = Obligation.objects.filter(kind="restore").order_by("pk").first()
        Obligation.objects.filter(pk=restore.pk).update(**columns)


def test_finds_nothing_where_all_is_well(acme, capsys):
    call_command("verify_clocks")

    assert "ACME: 9 clocks replayed, 0 differences." in capsys.readouterr().out


@pytest.mark.parametrize(
    "columns",
    [
        {"due_at": after(hours=5)},
        {"stopped_at": after(hours=1)},
        {"used_seconds": 1},
        {"within": "5h"},
        {"decided_at": None},
        {"state": "missed", "missed_at": after(hours=4)},
    ],
)
def test_names_each_difference_and_fails(acme, globex, capsys, columns):
    spoil(acme, **columns)

    with pytest.raises(SystemExit) as left:
        call_command("verify_clocks")

    out = capsys.readouterr().out
    assert left.value.code == 1
    assert all(f"ACME-1 restore 1: {column} is" in out for column in columns)
    assert "GLOBEX: 9 clocks replayed, 0 differences." in out


def test_names_a_miss_that_no_sweep_wrote_down(acme, capsys):
    with tenant_scope(acme.tenant):
        acme.open(at=after(hours=1) - timedelta(days=1))

    with pytest.raises(SystemExit):
        call_command("verify_clocks")

    assert "ACME-3 acknowledge 1: missed_at is None" in capsys.readouterr().out


def test_reads_one_client_where_one_is_named(acme, globex, capsys):
    spoil(acme, used_seconds=1)

    call_command("verify_clocks", tenant="GLOBEX")

    assert "ACME" not in capsys.readouterr().out
    with pytest.raises(CommandError, match="No client has the code NOBODY"):
        call_command("verify_clocks", tenant="NOBODY")

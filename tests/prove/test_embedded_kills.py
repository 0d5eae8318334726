"""
The private PostgreSQL under eight writers and fifty kills: part of `make prove-faults`.

Killed with -9 at random: its first process, a backend, one of its helpers, the process of ours that
watches over it, or all of these at once as a host that loses its power does. The writers speak to a
gunicorn on it. It comes back by itself; only the watcher is started again by hand, as a person would.

PROVE_KILLS (50) may be made smaller; PROVE_SEED repeats the order of a run.
"""

import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from portal.embedded import OWNER, Server
from tests.processes import wait_for
from tests.prove.load import Load
from tests.prove.stored import STORED

pytestmark = pytest.mark.prove

CHECKOUT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("PROVE_KILLS", "50"))
SEED = int(os.environ.get("PROVE_SEED", "0")) or random.randrange(1, 10**6)
WRITERS, PORT, MOST_SECONDS = 8, 8793, 60
KINDS = {"first process": 20, "backend": 12, "helper": 8, "watcher": 5, "everything": 5}
WATCH = """
import sys
from pathlib import Path
from portal.embedded import Server
from portal.pg_guard import guarded
with guarded(Server(Path(sys.argv[1]))):
    sys.stdout.write("up")
    sys.stdout.flush()
    sys.stdin.read()
"""


class World:
    """The server, the process of ours that watches over it, and a web process in front."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.server = folder, Server(folder / "pg")
        self.watcher = self.watch()

    def watch(self) -> subprocess.Popen:
        watcher = subprocess.Popen(
            [sys.executable, "-c", WATCH, str(self.server.root)],
            cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert watcher.stdout.read(2) == b"up"
        return watcher

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
        return kept | {
            "PORTAL_MODE": "production",
            "SECRET_KEY": "of-a-proof",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SECURE_SSL_REDIRECT": "false",
            "API_RATE": "1000000/minute",
            "DATABASE_URL": self.server.dsn(),
            "PORTAL_QUEUE_DIR": str(self.folder / "queue"),
            "LOG_LEVEL": "CRITICAL",
        }

    def manage(self, *arguments: str, module: str = "", **extra: str) -> str:
        how = ["-m", module] if module else ["manage.py"]
        done = subprocess.run(
            [sys.executable, *how, *arguments], cwd=CHECKOUT, check=False,
            env=self.environment() | extra, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def kill(self, kind: str) -> None:
        """Kill one kind of process; what is not there any more was killed by the blow before."""
        first = self.first_process()
        if kind in {"watcher", "everything"}:
            self.watcher.kill()
        if kind in {"first process", "everything"}:
            end(first)
        if kind == "everything":
            for pid in children(first):
                end(pid)
        if kind in {"backend", "helper"}:
            found = [pid for pid in children(first) if (b"portal_app" in title(pid)) is
                     (kind == "backend")]  # fmt: skip
            end(random.choice(found) if found else 0)
        if kind in {"watcher", "everything"}:
            self.watcher.wait()
            self.watcher = self.watch()

    def first_process(self) -> int:
        try:
            return int((self.server.data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError):
            return 0

    def ask(self, question: str) -> list[tuple]:
        with psycopg.connect(self.server.dsn(OWNER)) as connection:
            return connection.execute(question).fetchall()


def end(pid: int) -> None:
    with suppress(ProcessLookupError):
        if b"postgres" in title(pid):  # its number may be somebody else's by now
            os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    try:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def title(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    try:
        yield made
    finally:
        made.watcher.kill()
        made.watcher.wait()
        made.server.stop()
        shutil.rmtree(made.server.home, ignore_errors=True)


@pytest.fixture
def clients(world) -> list[dict]:
    """Four clients, and a web process that answers for them."""
    owner = {"DATABASE_OWNER_URL": world.server.dsn(OWNER)}
    world.manage("migrate", "--verbosity", "0", **owner)
    made = json.loads(
        world.manage("4", module="tests.prove.world", DJANGO_SETTINGS_MODULE="portal.settings")
    )
    for name in ("messages", "control"):
        (world.folder / "queue" / name).mkdir(parents=True)
    command = ["gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{PORT}", "--workers", "2",
               "--threads", "4", "--log-level", "critical"]  # fmt: skip
    with (world.folder / "web.log").open("w") as log:
        web = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=CHECKOUT, env=world.environment(), stderr=log
        )
        try:
            yield made
        finally:
            web.terminate()
            web.wait()


def test_fifty_kills_lose_nothing_and_do_nothing_twice(world, clients, capsys):
    dice, blows = random.Random(SEED), []
    hosts = [("127.0.0.1", PORT)]
    with Load(hosts, clients, writers=WRITERS, pause=0.05) as load:
        wait_for(lambda: len(load.acknowledged) > WRITERS or load.refused, 60)
        for _number in range(KILLS):
            (kind,) = dice.choices(list(KINDS), KINDS.values())
            blows.append((kind, time.monotonic()))
            world.kill(kind)
            if dice.random() < 0.2:  # the next blow may fall into the recovery
                time.sleep(dice.uniform(0, 0.3))
                continue
            at = blows[-1][1]
            wait_for(lambda at=at: load.first_after(at) or load.refused, MOST_SECONDS)
            time.sleep(dice.uniform(0, 0.7))
        wait_for(lambda: load.first_after(blows[-1][1]) or load.refused, MOST_SECONDS)

    recovered = defaultdict(list)
    for kind, at in blows:
        recovered[kind].append(load.first_after(at).ended - at)
    with capsys.disabled():
        print(figures(load, recovered))
    assert not load.refused
    for kind, question in STORED.items():
        assert world.ask(question) == [(word, 1) for word in sorted(load.words(kind))]
    world.manage("verify_audit")
    world.manage("verify_clocks")
    world.watcher.communicate()
    assert not world.server.is_running()


def figures(load: Load, recovered: dict[str, list[float]]) -> str:
    again = sum(write.tries > 1 for write in load.acknowledged)
    lines = [
        f"\nseed {SEED}: {len(load.acknowledged)} writes acknowledged, {again} of them after being"
        f" sent again; failed requests: {dict(load.failed)}"
    ]
    every = [each for times in recovered.values() for each in times]
    for kind, times in [*sorted(recovered.items()), ("all kills", every)]:
        lines.append(
            f"  {kind:14} {len(times):3} x, back after {statistics.median(times):.2f} s"
            f" (median), {max(times):.2f} s at most"
        )
    return "\n".join(lines)

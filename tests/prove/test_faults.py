"""
Four hosts, one PostgreSQL, one Redis, and everything dies once: `make prove-faults`, as root.

Two web hosts (gunicorn) and two worker hosts (Celery, each with a beat) in network namespaces, under a
steady load of writes. In turn a worker host loses its power, a web host its wire, a worker host its wire,
Redis is killed and comes back empty, is flushed, PostgreSQL is restarted and then killed. Reports fall due
all the while. In the end every acknowledged write is there once, every effect of a job happened once, and
reports, clocks and audit verify.
"""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path

import pytest

from portal.pg_roles import OWNER
from tests.processes import required, wait_for
from tests.prove.hosts import HUB, Host, network, possible
from tests.prove.load import Load
from tests.prove.servers import Postgres, Redis
from tests.prove.stored import STORED

pytestmark = pytest.mark.prove

CHECKOUT = Path(__file__).resolve().parents[2]
NUMBERS = {"web1": 11, "web2": 12, "worker1": 21, "worker2": 22}
CLIENTS, WRITERS, PAUSE, STEADY = 4, 4, 2.0, 6
WEB = ["gunicorn", "portal.wsgi", "--workers", "1", "--threads", "4", "--log-level", "error"]
WORKER = ["celery", "-A", "portal", "worker", "--concurrency", "1", "--loglevel", "ERROR"]
BEAT = ["celery", "-A", "portal", "beat", "--loglevel", "ERROR", "--pidfile="]
IN_HAND = """
SELECT l.objid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = 2571 AND l.granted AND a.client_addr = %s::inet
"""


class Farm:
    """The hosts and servers, and what the test knows of each blow: name, instant, time to recover."""

    def __init__(self, folder: Path, hosts: dict[str, Host]) -> None:
        self.folder, self.hosts = folder, hosts
        self.blows: list[tuple[str, float]] = []
        self.postgres, self.redis = Postgres(folder / "pg", HUB), Redis(folder, HUB)
        self.struck_at: datetime | None = None
        for name in ("mail", "attachments"):
            (folder / name).mkdir()

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
        return kept | {
            "PORTAL_MODE": "production",
            "SECRET_KEY": "of-a-proof",
            "ALLOWED_HOSTS": "*",
            "PORTAL_URL": "http://portal.example",
            "SECURE_SSL_REDIRECT": "false",
            "API_RATE": "1000000/minute",  # counted in Redis: its absence must not be felt
            "DATABASE_URL": self.postgres.dsn(),
            "REDIS_URL": self.redis.url,
            "EMAIL_URL": f"filemail:///{self.folder}/mail",
            "PORTAL_ATTACHMENTS_DIR": str(self.folder / "attachments"),
            "PORTAL_QUEUE_DIR": str(self.folder),
            "LOG_LEVEL": "ERROR",
        }

    def start(self, name: str) -> None:
        host, python = self.hosts[name], [sys.executable, "-m"]
        how = {"cwd": CHECKOUT, "env": self.environment()}
        if name.startswith("web"):
            bind = ["--bind", f"{host.address}:8000"]
            host.run(["nice", "-n", "5", *python, *WEB, *bind], self.folder / f"{name}.log", **how)
            return
        schedule = ["--schedule", str(self.folder / f"{name}.schedule")]
        host.run(["nice", "-n", "5", *python, *WORKER], self.folder / f"{name}.log", **how)
        host.run([*python, *BEAT, *schedule], self.folder / f"{name}.beat.log", **how)

    def manage(self, *arguments: str, module: str = "", **extra: str) -> str:
        how = ["-m", module] if module else ["manage.py"]
        done = subprocess.run(
            [sys.executable, *how, *arguments], cwd=CHECKOUT, check=False,
            env=self.environment() | extra, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def blow(self, name: str) -> float:
        self.blows.append((name, time.monotonic()))
        say(name)
        return self.blows[-1][1]

    def in_hand(self, name: str) -> int:
        """Wait until a host is in the middle of a job and return its id; 0 where it never was."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if found := self.postgres.ask(IN_HAND, self.hosts[name].address):
                return found[0][0]
        return 0

    def end(self) -> None:
        self.redis.kill()
        self.postgres.end()


@pytest.fixture
def farm(tmp_path):
    required("Root and `ip`, for network namespaces,", possible())
    with network(NUMBERS) as hosts:
        made = Farm(tmp_path, hosts)
        try:
            yield made
        finally:
            for host in hosts.values():
                host.lose_power()
            made.end()


@pytest.fixture
def clients(farm) -> list[dict]:
    """Clients whose reports fall due one after the other, while the hosts serve them."""
    owner = {"DATABASE_OWNER_URL": farm.postgres.dsn(OWNER)}
    farm.manage("migrate", "--verbosity", "0", **owner)
    made = json.loads(farm.manage(str(CLIENTS), module="tests.prove.world",
                                  DJANGO_SETTINGS_MODULE="portal.settings"))  # fmt: skip
    farm.postgres.ask(
        "UPDATE tenants_job SET due_at = now() + make_interval(secs => 30 * (id %% 7))"
        " WHERE kind = %s", "reports.plan",
    )  # fmt: skip
    for name in NUMBERS:
        farm.start(name)
    return made


def test_whatever_dies_nothing_acknowledged_is_lost_and_nothing_done_twice(farm, clients, capsys):
    webs = [(farm.hosts[name].address, 8000) for name in ("web1", "web2")]
    with capsys.disabled():
        with Load(webs, clients, writers=WRITERS, pause=PAUSE, timeout=5) as load:
            wait_for(lambda: len(load.acknowledged) > 3 * WRITERS or load.refused, 90)
            load.failed.clear()  # the hosts were starting
            began, lost = time.monotonic(), everything_dies(farm, load)
            time.sleep(STEADY)
            lasted = time.monotonic() - began
        wait_for(lambda: idle(farm), 240)
        print(figures(farm, load, lasted, lost))
    assert not load.refused
    for kind, question in STORED.items():
        assert farm.postgres.ask(question) == [(word, 1) for word in sorted(load.words(kind))]
    happened_once(farm)
    for command in ("verify_reports", "verify_clocks", "verify_audit"):
        farm.manage(command)


def everything_dies(farm: Farm, load: Load) -> int:
    """Strike in turn, each time after a while of peace; return the job the dead worker had in hand."""

    def served(at: float) -> None:
        wait_for(lambda: load.first_after(at) or load.refused, 120)
        time.sleep(STEADY)

    lost = farm.in_hand("worker1")
    farm.hosts["worker1"].lose_power()
    at, farm.struck_at = farm.blow("a worker host loses its power"), datetime.now(UTC)
    served(at)
    farm.start("worker1")
    for name in ("web1", "worker2"):
        if name == "worker2":
            farm.in_hand(name)
        at = farm.blow(f"{name} is cut off for 15 s")
        farm.hosts[name].cut()
        time.sleep(15)
        farm.hosts[name].mend()
        served(at)
    at = farm.blow("Redis is away for 8 s, and comes back empty")
    farm.redis.kill()
    time.sleep(8)
    farm.redis.start()
    served(at)
    at = farm.blow("Redis is flushed")
    farm.redis.flush()
    served(at)
    for name, how in (("restarted", signal.SIGINT), ("killed", signal.SIGKILL)):
        at = farm.blow(f"PostgreSQL is {name}, started 2 s later")
        farm.postgres.stop(how)
        time.sleep(2)
        farm.postgres.start()
        served(at)
    return lost


def idle(farm: Farm) -> bool:
    """Whether nothing is due any more but what comes back by itself, and every report is made."""
    waits = "SELECT count(*) FROM tenants_job WHERE state IN ('waiting', 'running') AND key <> 'recurring'"
    due = " AND due_at <= now() + interval '5 minutes'"
    return farm.postgres.ask(waits + due) == [(0,)] and reports(farm) == 2 * CLIENTS


def reports(farm: Farm) -> int:
    return farm.postgres.ask("SELECT count(*) FROM reports_monthlyreport")[0][0]


def happened_once(farm: Farm) -> None:
    ask = farm.postgres.ask
    assert ask("SELECT state, count(*) FROM tenants_job WHERE state = 'dead' GROUP BY 1") == []
    assert ask("SELECT count(*), count(DISTINCT period_id), max(revision) FROM reports_monthlyreport") == [
        (2 * CLIENTS, 2 * CLIENTS, 1)
    ]  # fmt: skip
    told = "FROM tickets_notification WHERE mail_at <= now()"
    assert ask(f"SELECT count(*) {told} AND mailed_at IS NULL") == [(0,)]
    wanted = {f"<notice-{public_id}@portal.example>" for (public_id,) in ask(
        f"SELECT public_id {told}")}  # fmt: skip
    assert wanted <= set(mails(farm))


def mails(farm: Farm) -> list[str]:
    """Return the Message-ID of everything that left, as often as it left."""
    found = []
    for path in (farm.folder / "mail").iterdir():
        for text in path.read_text().split("-" * 79):
            if name := HeaderParser().parsestr(text.lstrip()).get("Message-ID"):
                found.append(name)
    return found


def figures(farm: Farm, load: Load, lasted: float, lost: int) -> str:
    again = sum(write.tries > 1 for write in load.acknowledged)
    sent = mails(farm)
    done = farm.postgres.ask(
        "SELECT count(*), count(*) FILTER (WHERE attempts > 1) FROM tenants_job WHERE state = 'done'"
    )[0]
    lines = [
        f"\n{lasted:.0f} s under load: {len(load.acknowledged)} writes acknowledged, {again} of them"
        f" after being sent again; failed requests: {dict(load.failed) or 'none'}",
        f"{done[0]} jobs done, {done[1]} of them begun more than once; {reports(farm)} reports;"
        f" {len(sent)} mails, {len(sent) - len(set(sent))} of them sent again with their Message-ID",
    ]
    for name, at in farm.blows:
        after = [w for w in load.acknowledged if w.began > at]
        first, slowest = (
            load.first_after(at),
            max(
                (
                    w.ended - w.first
                    for w in load.acknowledged
                    if w.first < at + 20 and w.ended > at
                ),
                default=0,
            ),
        )
        lines.append(f"  {name:43} next write acknowledged after {first.ended - at:5.2f} s;"
                     f" the slowest around it took {slowest:5.2f} s" if after else f"  {name}")  # fmt: skip
    if lost:
        (waited,) = farm.postgres.ask(
            "SELECT extract(epoch FROM finished_at - %s::timestamptz)::float FROM tenants_job WHERE id = %s",
            farm.struck_at, lost,
        )[0]  # fmt: skip
        lines.append(f"  what the dead worker host had in hand was done {waited:.0f} s later")
    return "\n".join(lines)


def say(line: str) -> None:
    sys.__stdout__.write(f"\n{line}")
    sys.__stdout__.flush()

"""
The guide for one host, taken step by step in a Debian of its own that boots: `make prove-deploy`, as root.

A minimal Debian by debootstrap, booted by systemd-nspawn without any network but its own loopback: what the
guide says is run there, in its order; then a process is killed, and the machine is booted again.
PROVE_DEBIAN names a folder that keeps the bare Debian for the next run.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import required, wait_for

pytestmark = pytest.mark.prove

CHECKOUT = Path(__file__).resolve().parents[2]
GUIDE = CHECKOUT / "portal/docs/guides/deploy.md"
WITH = (
    "systemd-sysv,dbus,python3,python3-distutils,python3-venv,ca-certificates,redis-server,postgresql,"
    "nginx-light,curl,openssl"
)
SECRETS = {"PORTAL_OWNER_PASSWORD": "of-the-owner", "PORTAL_APP_PASSWORD": "of-the-app"}
SETTINGS = """
SECRET_KEY=fifty-letters-that-nobody-else-has-and-that-are-only-for-this-proof
ALLOWED_HOSTS=portal.example
DATABASE_URL=postgres://portal_app:of-the-app@127.0.0.1/portal
REDIS_URL=redis://127.0.0.1:6379/0
BEHIND_TLS_PROXY=true
PORTAL_ATTACHMENTS_DIR=/var/lib/portal/attachments
"""
UNITS = ("portal-web", "portal-worker", "portal-beat")
TOOLS = ("debootstrap", "systemd-nspawn", "nsenter")


class Machine:
    """A Debian in a folder: `chroot` before it boots, `run` in it while it is up."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.process: subprocess.Popen | None = None
        self.first = 0

    def chroot(self, command: str) -> None:
        checked(["chroot", str(self.root), "sh", "-ec", command], online=True)

    def boot(self) -> None:
        log = (self.root.parent / "boot.log").open("a")
        command = ["systemd-nspawn", "--directory", str(self.root), "--boot", "--private-network",
                   "--register=no", "--keep-unit", "--quiet", "--console=pipe"]  # fmt: skip
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self.is_up, 90, self.root.parent / "boot.log")

    def is_up(self) -> bool:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = children.read_text().split() if children.exists() else []
        self.first = int(found[0]) if found else 0
        state = self.ask("systemctl is-system-running") if self.first else ""
        return state in {"running", "degraded"}

    def command(self, line: str) -> list[str]:
        return ["nsenter", "--target", str(self.first), "--mount", "--uts", "--ipc", "--net",
                "--pid", "--root", "--", "/bin/sh", "-ec", f"cd /srv/portal; {line}"]  # fmt: skip

    def run(self, line: str, **more: str) -> str:
        return checked(self.command(line), more)

    def ask(self, line: str) -> str:
        done = subprocess.run(
            self.command(line), capture_output=True, text=True, check=False, env=plain()
        )
        return done.stdout.strip()

    def sql(self, question: str, database: str) -> str:
        """Ask PostgreSQL as its superuser; empty where it does not answer."""
        (self.root / "srv/question.sql").write_text(question)
        return self.ask(f"su postgres -c 'psql -At -f /srv/question.sql {database}'")

    def off(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()  # the container is told to shut down
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def plain(online: bool = False) -> dict[str, str]:
    told = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
    }
    if online:
        told |= {k: v for k, v in os.environ.items()
                 if k.lower().endswith("_proxy") or k in {"PIP_CERT", "PIP_INDEX_URL"}}  # fmt: skip
    return told


def checked(command: list[str], more: dict[str, str] | None = None, online: bool = False) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=plain(online) | (more or {})
    )
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A bare Debian with the servers of the guide's one host, and the checkout in /srv/portal."""
    required("Root", os.geteuid() == 0)
    for tool in TOOLS:
        required(tool, shutil.which(tool) is not None)
    folder = Path(f"/var/tmp/portal-deploy-{os.getpid()}")
    kept = Path(os.environ.get("PROVE_DEBIAN") or folder / "bare")
    folder.mkdir()
    made = Machine(folder / "root")
    try:
        if not (kept / "etc/debian_version").exists():
            checked(["debootstrap", "--variant=minbase", f"--include={WITH}", "bookworm", str(kept),
                     "http://deb.debian.org/debian"], online=True)  # fmt: skip
        checked(["cp", "-a", str(kept), str(made.root)])
        (made.root / "srv/portal").mkdir(parents=True)
        archive = subprocess.Popen(["git", "archive", "HEAD"], cwd=CHECKOUT, stdout=subprocess.PIPE)
        subprocess.run(
            ["tar", "-x", "-C", str(made.root / "srv/portal")], stdin=archive.stdout, check=True
        )
        for name in ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"):
            shutil.copy(name, str(made.root) + name)
        (made.root / "etc/hosts").write_text("127.0.0.1 localhost portal.example\n")
        for config in made.root.glob("etc/postgresql/*/main/postgresql.conf"):
            # made while another server of this machine may have had the port
            config.write_text(re.sub(r"(?m)^port = \d+", "port = 5432", config.read_text()))
        yield made
    finally:
        made.off()
        shutil.rmtree(folder, ignore_errors=True)


def test_the_guide_for_one_host_is_what_it_takes(machine):
    guide = GUIDE.read_text()
    say("installing")
    machine.chroot("useradd --system --home-dir /var/lib/portal --create-home portal")
    machine.chroot(
        "cd /srv/portal && python3.11 -m venv /opt/portal"
        " && /opt/portal/bin/pip install -q -r requirements.txt"
    )
    (machine.root / "srv/portal/portal.env").write_text(SETTINGS)
    machine.chroot(
        "cd /srv/portal && install -D -m 0600 portal.env /etc/portal/portal.env && rm portal.env"
    )
    say("booting")
    machine.boot()
    wait_for(lambda: machine.sql("SELECT 1", "postgres") == "1", 60)
    wait_for(lambda: machine.ask("redis-cli ping") == "PONG", 60)
    machine.sql("ALTER ROLE postgres PASSWORD 'of-root'", "postgres")
    said(guide, "-m portal.embedded prepare-roles")
    machine.run(
        "/opt/portal/bin/python -m portal.embedded prepare-roles"
        " postgres://postgres:of-root@127.0.0.1/postgres", **SECRETS,
    )  # fmt: skip
    owner = "DATABASE_OWNER_URL=postgres://portal_owner:of-the-owner@127.0.0.1/portal"
    for step in ("migrate", "compile_catalogues", "collectstatic --noinput",
                 "check --deploy --database default"):  # fmt: skip
        say(step)
        said(guide, f"manage.py {step}")
        machine.run(
            f"set -a; . /etc/portal/portal.env; {owner}; /opt/portal/bin/python manage.py {step}"
        )
    said(guide, "cp portal/deploy/systemd/*.service /etc/systemd/system/")
    said(guide, f"systemctl enable --now {' '.join(UNITS)}")
    machine.run("systemd-analyze verify portal/deploy/systemd/*.service")
    machine.run(
        "cp portal/deploy/systemd/*.service /etc/systemd/system/"
        f" && systemctl daemon-reload && systemctl enable --now {' '.join(UNITS)}"
    )
    in_front(machine)
    serves(machine)
    works_in_the_background(machine)
    say("killing the web process")
    before = machine.ask("systemctl show --value -p MainPID portal-web")
    machine.run(f"kill -9 {before}")
    wait_for(
        lambda: machine.ask("systemctl show --value -p MainPID portal-web") not in {before, "0"}, 30
    )
    serves(machine)
    say("booting again")
    machine.off()
    machine.boot()
    serves(machine)
    works_in_the_background(machine)
    machine.run(f"systemctl stop {' '.join(UNITS)}")
    for unit in UNITS:  # told to stop, each ended by itself
        assert machine.ask(f"systemctl show --value -p Result {unit}") == "success", unit


def said(guide: str, step: str) -> None:
    assert step in guide, f"the guide does not say: {step}"


def in_front(machine: Machine) -> None:
    """nginx with the example of the guide and a certificate of its own."""
    machine.run(
        "mkdir -p /etc/ssl/portal && openssl req -x509 -newkey rsa:2048 -nodes -days 9"
        " -subj /CN=portal.example -keyout /etc/ssl/portal/privkey.pem -out /etc/ssl/portal/fullchain.pem"
    )
    config = (CHECKOUT / "portal/deploy/nginx.conf").read_text()
    if "1.22" in machine.ask("nginx -v 2>&1"):  # Debian 12 knows only the older spelling
        config = config.replace("listen 443 ssl;\n    http2 on;", "listen 443 ssl http2;")
    (machine.root / "etc/nginx/conf.d/portal.conf").write_text(config)
    machine.run("nginx -t && systemctl restart nginx")


def serves(machine: Machine) -> None:
    ask = "curl -sk --resolve portal.example:443:127.0.0.1 https://portal.example"
    wait_for(lambda: machine.ask(f"{ask}/healthz") == "ok", 60)
    wait_for(lambda: '"ready": true' in machine.ask(f"{ask}/readyz"), 30)
    page = machine.run(f"{ask}/sign-in/")
    assert 'name="password"' in page
    style = page.split('<link rel="stylesheet" href="')[1].split('"')[0]
    assert machine.ask(f"{ask}{style} -o /dev/null -w '%{{http_code}}'") == "200"
    for unit in UNITS:
        assert machine.ask(f"systemctl is-active {unit}") == "active", unit
        assert machine.ask(f"systemctl show --value -p User {unit}") == "portal"


def works_in_the_background(machine: Machine) -> None:
    """The beat ticks and a worker leaves its sign of life in the database."""
    fresh = "SELECT count(*) FROM tenants_beat WHERE at > now() - interval '20 s'"
    wait_for(lambda: machine.sql(fresh, "portal") == "1", 60)


def say(line: str) -> None:
    print(f"{time.strftime('%T')} {line}", flush=True)

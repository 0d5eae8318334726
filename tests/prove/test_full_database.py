"""
The disk of PostgreSQL runs full under writers, and is given room again: part of `make prove-faults`, as root.

While it is full, writes are answered with 503 and reading goes on for as long as the server stands; with
room again everything that was acknowledged is there once, and the web process was never restarted.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.pg_folder import Folder
from portal.pg_roles import OWNER
from tests.processes import required, wait_for
from tests.prove.hosts import HUB, network, possible
from tests.prove.load import Load
from tests.prove.servers import Postgres
from tests.prove.stored import STORED

pytestmark = pytest.mark.prove

CHECKOUT = Path(__file__).resolve().parents[2]
ROOM = "300m"
WEB = ["gunicorn", "portal.wsgi", "--bind", f"{HUB}:8000", "--threads", "4", "--log-level", "error"]


@pytest.fixture
def postgres(tmp_path):
    """A PostgreSQL whose data have a small disk of their own."""
    required("Root and `ip`, for network namespaces,", possible())
    home = Folder(tmp_path / "pg").home
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(home)], check=True)
    try:
        with network({}):
            made = Postgres(tmp_path / "pg", HUB)
            try:
                yield made
            finally:
                if made.process.poll() is None:
                    made.stop(signal.SIGQUIT)
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)
        home.rmdir()


def environment(postgres: Postgres, folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    return kept | {
        "PORTAL_MODE": "production",
        "SECRET_KEY": "of-a-proof",
        "ALLOWED_HOSTS": "*",
        "SECURE_SSL_REDIRECT": "false",
        "API_RATE": "1000000/minute",
        "DATABASE_URL": postgres.dsn(),
        "PORTAL_QUEUE_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "CRITICAL",
    }


def test_a_full_disk_loses_nothing_that_was_acknowledged(postgres, tmp_path, capsys):
    env = environment(postgres, tmp_path)
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()

    def python(*arguments: str, **more: str) -> str:
        done = subprocess.run([sys.executable, *arguments], cwd=CHECKOUT, env=env | more, check=True,
                              capture_output=True, text=True)  # fmt: skip
        return done.stdout

    python("manage.py", "migrate", "-v", "0", DATABASE_OWNER_URL=postgres.dsn(OWNER))
    clients = json.loads(python("-m", "tests.prove.world", "2"))
    filler = postgres.folder.home / "everything-else"
    with (tmp_path / "web.log").open("w") as log:
        web = subprocess.Popen([sys.executable, "-m", *WEB], cwd=CHECKOUT, env=env, stderr=log)
    try:
        with Load([(HUB, 8000)], clients, writers=2, pause=0.2) as load:
            wait_for(lambda: len(load.acknowledged) > 8 or load.refused, 60)
            load.failed.clear()
            fill(filler)
            wait_for(lambda: load.failed["503"] or load.failed["500"] or load.refused, 90)
            fell = postgres.process.poll() is not None
            time.sleep(3)
            filler.unlink()
            at = time.monotonic()
            if postgres.process.poll() is not None:
                fell = True
                postgres.start()
            wait_for(lambda: load.first_after(at) or load.refused, 60)
            back = load.first_after(at).ended - at
    finally:
        web.terminate()
        web.wait()
    with capsys.disabled():
        print(f"\n{len(load.acknowledged)} writes acknowledged; failed while full: {dict(load.failed)};"
              f" PostgreSQL {'fell and was started again' if fell else 'stood'};"
              f" back {back:.2f} s after there was room")  # fmt: skip
    assert not load.refused
    assert not load.failed["500"]
    for kind, question in STORED.items():
        assert postgres.ask(question) == [(word, 1) for word in sorted(load.words(kind))]
    python("manage.py", "verify_audit")
    python("manage.py", "verify_clocks")


def fill(path: Path) -> None:
    """Take all the room that is left."""
    try:
        with path.open("wb", buffering=0) as file:
            while file.write(b"\0" * 65_536):
                pass
    except OSError:
        return

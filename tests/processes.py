"""Real processes beside the tests: they get the test database through the environment."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

IN_CI = os.environ.get("CI") == "true"


def required(what: str, there: bool) -> None:
    """Skip where a service is missing on somebody's machine; in CI that is a failure."""
    if not there:
        (pytest.fail if IN_CI else pytest.skip)(f"{what} is not there")


def url_of(config: dict) -> str:
    """Return the URL of a connection of this test run, whose database the tests made."""
    user, password, name = config["USER"], config["PASSWORD"], config["NAME"]
    host, port = config["HOST"], config["PORT"] or 5432
    secret = f":{password}" if password else ""
    if host.startswith("/"):
        return f"postgres://{user}{secret}@:{port}/{name}?host={host}"
    return f"postgres://{user}{secret}@{host}:{port}/{name}"


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a process that works on the test database as the app's role."""
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "TMPDIR"}}
    url = url_of(connections["default"].settings_dict)
    return kept | {"PORTAL_MODE": "test", "DATABASE_URL": url} | extra


@contextmanager
def running(arguments: list[str], log: Path, **extra: str) -> Iterator[subprocess.Popen]:
    """Run `python -m ...` until the block ends; what it printed is in `log`."""
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=settings.BASE_DIR, env=environment(**extra), stdout=out, stderr=out,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(truth: Callable[[], object], seconds: float, log: Path | None = None) -> None:
    """Wait until `truth()` holds; what the process printed is in the failure."""
    deadline = time.monotonic() + seconds
    while not truth():
        if time.monotonic() > deadline:
            printed = log.read_text()[-3000:] if log else ""
            pytest.fail(f"Waited {seconds} s in vain. {printed}")
        time.sleep(0.1)

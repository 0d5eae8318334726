"""An empty database of the tests' own server, and the console that fills it from a backup."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from tests.processes import environment, url_of


@pytest.fixture
def empty():
    """An empty database of the same owner, and how a process is told of it.

    Dropped without FORCE: that would end an autovacuum worker too, which the owner may not.
    """
    owner = connections["owner"].settings_dict
    name = f"{owner['NAME']}_restored"
    with psycopg.connect(url_of(owner | {"NAME": "postgres"}), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}"')
        yield {
            "DATABASE_URL": url_of(connections["default"].settings_dict | {"NAME": name}),
            "DATABASE_OWNER_URL": url_of(owner | {"NAME": name}),
        }
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')


def restore(file: Path, **extra: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "restore", str(file)],
        cwd=settings.BASE_DIR, env=environment(**extra),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

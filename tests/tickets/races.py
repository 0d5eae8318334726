"""Commands that start at the same moment, each on a connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from threading import Barrier
from typing import Any

from django.db import connections

from tenants.models import Tenant
from tenants.scoping import tenant_scope


def at_once(commands: list[Callable[[], Any]], tenant: Tenant | None) -> list[Any]:
    """
    Run all commands at once and return what each returned, or the exception it raised.

    Requests come without a `tenant`: they open their own scope.
    """
    start = Barrier(len(commands))

    def run(command: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=30)
            with tenant_scope(tenant) if tenant else nullcontext():
                return command()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(run, commands))

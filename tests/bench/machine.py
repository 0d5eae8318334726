"""What every bench shares: which machine this is, how a call is timed, how figures are printed."""

import gc
import os
import platform
import statistics
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns, process_time_ns
from typing import Any

Row = dict[str, Any]


def machine() -> str:
    """Return one line about the machine that the figures belong to."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, {model}"


def measured(call: Callable[[], object], inner: int = 1, rounds: int = 41) -> tuple[float, float]:
    """Return median and interquartile spread of one call in microseconds, after a warm-up."""
    call()
    samples = []
    for _ in range(rounds):
        begun = perf_counter_ns()
        for _ in range(inner):
            call()
        samples.append((perf_counter_ns() - begun) / 1000 / inner)
    first, _median, third = statistics.quantiles(samples, n=4)
    return statistics.median(samples), third - first


def row(
    name: str,
    size: int | str,
    rule: Callable[[], object],
    floor: Callable[[], object],
    inner: int = 1,
    rounds: int = 41,
) -> Row:
    """Return the figures of `rule` beside those of `floor`, measured in the same run."""
    median, spread = measured(rule, inner, rounds)
    floor_median, _spread = measured(floor, inner, rounds)
    return {
        "name": name,
        "size": size,
        "median_us": round(median, 1),
        "spread_us": round(spread, 1),
        "floor_us": round(floor_median, 2),
        "ratio": round(median / floor_median, 1),
    }


def beside(
    name: str, size: str, call: Callable[[], object], floor: Callable[[], object], rounds: int
) -> Row:
    """
    Time `call` and `floor` in turns, here and in the database server.

    Where the server's own count cannot be read (another machine), the time on the wall is compared.
    """
    call(), floor()
    taken: list[tuple[float, float]] = []
    floors: list[tuple[float, float]] = []
    gc.collect()
    worked = work_counter()
    for _ in range(rounds):
        for what, into in ((call, taken), (floor, floors)):
            wall, work = perf_counter_ns(), worked()
            what()
            into.append(((perf_counter_ns() - wall) / 1e6, (worked() - work) / 1e6))
    (wall, cpu), (floor_wall, floor_cpu) = (
        tuple(statistics.median(each) for each in zip(*rows, strict=True))
        for rows in (taken, floors)
    )
    return {
        "name": name,
        "size": size,
        "wall_ms": round(wall, 1),
        "cpu_ms": round(cpu, 1),
        "floor_wall_ms": round(floor_wall, 1),
        "floor_cpu_ms": round(floor_cpu, 1),
        "ratio": round(cpu / floor_cpu, 1),
        "wall_ratio": round(wall / floor_wall, 1),
    }


def work_counter() -> Callable[[], int]:
    """Return what counts the nanoseconds that this process and its database server have worked."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    is_here = connection.settings_dict["HOST"] in ("", "127.0.0.1", "localhost") and server.exists()
    if not is_here:
        return perf_counter_ns
    return lambda: process_time_ns() + int(server.read_text().split()[0])


def table(rows: list[Row]) -> str:
    """Return the rows as aligned text; a row may have a figure that others have not."""
    names = list(dict.fromkeys(name for each in rows for name in each))
    cells = [names, *([str(each.get(name, "")) for name in names] for each in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in cells
    )

"""What every bench shares: which machine this is, how a call is timed, how figures are printed."""

import os
import platform
import statistics
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
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


def table(rows: list[Row]) -> str:
    """Return the rows as aligned text; a row may have a figure that others have not."""
    names = list(dict.fromkeys(name for each in rows for name in each))
    cells = [names, *([str(each.get(name, "")) for name in names] for each in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in cells
    )

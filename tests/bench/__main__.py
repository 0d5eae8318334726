"""`make bench`: every figure with its median, spread and ratio to a floor of the same run."""

import importlib
import pkgutil
import sys

from tests import bench
from tests.bench.machine import machine, table


def main(names: list[str]) -> None:
    found = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if m.name[:6] == "bench_")
    print(machine())
    for name in found:
        if names and name.removeprefix("bench_") not in names:
            continue
        print(f"\n{name}")
        print(table(importlib.import_module(f"tests.bench.{name}").run()))


if __name__ == "__main__":
    main(sys.argv[1:])

"""
Cuts the demo's slices out of the full incident log: `python portal/demo/cut_slice.py LOG [FOLDER]`.

LOG is the incident event log, plain or gzipped (data/ATTRIBUTION.md says where it comes from);
FOLDER is data/ beside this file. The cut is the same to the byte each time: the header and whole
rows, unchanged, in the order of the log. A slice is a cluster of locations and holds every incident
whose last row names one of them and that was opened in the window, with all its rows; none is left
out or added by hand. CLUSTERS were picked so that each client shows what the portal is for:
reopenings, waits for the client, several groups and returns, P1 and P2, recurring symptoms,
problems and changes.
"""

import csv
import gzip
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

DATA = Path(__file__).parent / "data"
OPENED_FROM, OPENED_BEFORE = datetime(2016, 2, 29), datetime(2016, 4, 1)  # noqa: DTZ001, the log's own zone
CLUSTERS = {
    "hoshino": frozenset({"Location 36", "Location 179"}),
    "minato": frozenset({"Location 18", "Location 55", "Location 69"}),
    "lotus": frozenset({"Location 15", "Location 34", "Location 187"}),
}


def lines_of(path: Path) -> list[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:  # line ends become \n whatever they were
        return list(file)


def is_in_window(opened_at: str) -> bool:
    opened = datetime.strptime(opened_at, "%d/%m/%Y %H:%M")  # noqa: DTZ007
    return OPENED_FROM <= opened < OPENED_BEFORE


def locations(rows: Iterable[dict[str, str]]) -> dict[str, str]:
    """Return the location of each incident opened in the window: the one on its last row."""
    last: dict[str, tuple[int, str]] = {}
    for row in rows:
        change = int(row["sys_mod_count"])
        if is_in_window(row["opened_at"]) and change >= last.get(row["number"], (0, ""))[0]:
            last[row["number"]] = (change, row["location"])
    return {number: location for number, (_, location) in last.items()}


def cut(lines: list[str]) -> dict[str, str]:
    """Return the text of every slice by name."""
    rows = list(csv.DictReader(lines))
    where = locations(rows)
    slices = {name: [lines[0]] for name in CLUSTERS}
    for line, row in zip(lines[1:], rows, strict=True):
        for name, cluster in CLUSTERS.items():
            if where.get(row["number"]) in cluster:
                slices[name].append(line)
    return {name: "".join(kept) for name, kept in slices.items()}


def main(log: str, folder: str = str(DATA)) -> None:
    for name, text in cut(lines_of(Path(log))).items():
        (Path(folder) / f"{name}.csv").write_bytes(text.encode())


if __name__ == "__main__":
    main(*sys.argv[1:])

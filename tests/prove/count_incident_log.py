"""
Counts what an incident log holds, straight from its CSV.

Run `python tests/prove/count_incident_log.py FILE`, plain or gzipped; it prints JSON.

It shares nothing with the importer and works another way: columns of values are laid out for each
incident, blanks are filled forward, and figures are differences between neighbours in a column.

client_waits       entries into Awaiting User Info, also as the first row
assignments        values of (group, person) other than the one before, not both unknown
reassignments      assignments after an incident's first
group_changes      one known group follows another; unknown groups between them are skipped
returns            group changes to a group that had the incident before
reopenings         an open state follows Resolved or Closed
resolves           entries into Resolved, and into Closed from a state that is not Resolved
closes             entries into Closed
priority_changes   rows whose (impact, urgency, priority) differ from the row before
problem_links      rows where a problem or a change appears, or another one than the last known
incidents_...      incidents with at least one of them; with_problem: on the last row

A person unknown in an unchanged group is the last one there; unknown in a new group, nobody. The
state -100 is skipped, and so is a Resolved that follows Closed. `known` holds figures that the
notes on the whole log give (INCIDENTS.md).
"""

import csv
import gzip
import json
import sys
from collections import Counter, defaultdict
from itertools import pairwise

WAIT = "Awaiting User Info"
DONE = ("Resolved", "Closed")


def incidents_of(path):
    opener = gzip.open if path.endswith(".gz") else open
    columns = defaultdict(lambda: defaultdict(list))
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["sys_mod_count"]))  # stable
    for row in rows:
        for name, value in row.items():
            columns[row["number"]][name].append("" if value == "?" else value)
    return columns


def neighbours(values):
    return list(pairwise(values))


def filled(values):
    known = ""
    return [known := value or known for value in values]


def without_repeats(values):
    return values[:1] + [after for before, after in neighbours(values) if before != after]


def states(values):
    told = [value for value in values if value != "-100"]
    done = [""]
    for value in told:
        if not (value == "Resolved" and done[-1] == "Closed"):
            done.append(value)
    return without_repeats(done[1:])


def holders(groups, people):
    groups = filled(groups)
    held = []
    for group, person in zip(groups, people, strict=True):
        stays = bool(held) and held[-1][0] == group
        held.append((group, person or (held[-1][1] if stays else "")))
    return [pair for pair in without_repeats([("", ""), *held]) if any(pair)]


def linked(problems, changes):
    pairs = list(zip(filled(problems), filled(changes), strict=True))
    return len([pair for pair in without_repeats([("", ""), *pairs]) if any(pair)])


def figures(log):
    total = Counter()
    for column in log.values():
        path = states(column["incident_state"])
        moves = neighbours(["", *path])
        assigned = len(holders(column["assignment_group"], column["assigned_to"]))
        groups = without_repeats([group for group in column["assignment_group"] if group])
        grades = [filled(column[name]) for name in ("impact", "urgency", "priority")]
        reopened = sum(before in DONE and after not in DONE for before, after in moves)
        returned = sum(group in groups[:place] for place, group in enumerate(groups))
        total["incidents"] += 1
        total["rows"] += len(column["number"])
        total["client_waits"] += path.count(WAIT)
        total["incidents_waited"] += WAIT in path
        total["assignments"] += assigned
        total["reassignments"] += assigned - bool(assigned)
        total["group_changes"] += len(neighbours(groups))
        total["incidents_several_groups"] += len(set(groups)) > 1
        total["returns"] += returned
        total["incidents_returned"] += returned > 0
        total["reopenings"] += reopened
        total["incidents_reopened"] += reopened > 0
        total["resolves"] += path.count("Resolved")
        total["resolves"] += sum(a != "Resolved" and b == "Closed" for a, b in moves)
        total["closes"] += path.count("Closed")
        total["priority_changes"] += len(without_repeats(list(zip(*grades, strict=True)))) - 1
        total["problem_links"] += linked(column["problem_id"], column["rfc"])
        total["incidents_with_problem"] += column["problem_id"][-1] != ""
    return total


def known(log):
    moves = Counter()
    patterns = Counter()
    missed = 0
    for column in log.values():
        moves.update(neighbours(without_repeats(column["incident_state"])))
        patterns[tuple(column[name][-1] for name in ("category", "subcategory", "u_symptom"))] += 1
        missed += column["made_sla"][-1] == "false"
    recurring = [count for count in patterns.values() if count >= 5]
    return {
        "new_to_resolved": moves["New", "Resolved"],
        "resolved_to_active": moves["Resolved", "Active"],
        "closed_to_active": moves["Closed", "Active"],
        "new_to_closed": moves["New", "Closed"],
        "active_to_new": moves["Active", "New"],
        "missed_by_their_own_verdict": missed,
        "patterns_of_five_or_more": len(recurring),
        "incidents_in_them": sum(recurring),
    }


def count(path):
    log = incidents_of(path)
    return {**figures(log), "known": known(log)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(count(sys.argv[1]), indent=2) + "\n")

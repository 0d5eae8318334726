"""The house stands as it was drawn: who imports whom, no migration forgotten, plain rules."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
APPS = ("portal", "reports", "tickets", "contracts", "tenants")


def sources(*apps: str) -> list[Path]:
    """Return the Python files of the apps, without what Django wrote."""
    found = [path for app in apps or APPS for path in (ROOT / app).rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def domain_modules() -> list[str]:
    files = [path for path in sources() if "domain" in path.parts]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]


def run(*command: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.django_db(databases=["default", "owner"])
def test_no_migration_is_missing():
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def test_migrations_carry_names():
    names = [path.stem for app in APPS for path in (ROOT / app / "migrations").glob("[0-9]*.py")]

    assert len(names) >= 4
    assert [name for name in names if not re.fullmatch(r"\d{4}_(?!auto_)[a-z0-9_]+", name)] == []


def test_each_app_imports_only_the_apps_below_it():
    done = run(Path(sys.executable).parent / "lint-imports", "--no-cache")

    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_run_without_django():
    modules = domain_modules()
    assert len(modules) >= 15
    asked = (
        "import sys; {}; print(*(m for m in ('django', 'celery', 'psycopg') if m in sys.modules))"
    )
    done = run(sys.executable, "-c", asked.format("; ".join(f"import {name}" for name in modules)))

    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_rules_never_ask_what_time_it_is():
    clock = re.compile(r"\b(?:datetime\.now|datetime\.utcnow|date\.today|time\.time)\b")
    asking = [
        path for path in sources() if "domain" in path.parts and clock.search(path.read_text())
    ]

    assert asking == []


@pytest.mark.parametrize(
    ("what", "homes"),
    [
        (
            r"set_config\(|SET (?:LOCAL |SESSION )?app\.",
            {"tenants/stamping.py", "tenants/audit_chain.py"},
        ),
        (
            r"""(?:using=|using\(|connections\[)["']owner["']|using: str = "owner\"""",
            {"tenants/walls.py"},
        ),
        (r"\bcsrf_exempt\b", {"tickets/views/hooks.py"}),  # doors for machines: no session
        (r"SECURITY DEFINER AS|FORCE ROW LEVEL|DISABLE ROW LEVEL", set()),
        (r"\.raw\(|RawSQL\(|\.extra\(", {"tenants/searching.py"}),
    ],
    ids=["tells the scope", "is the owner", "goes without CSRF", "weakens walls", "raw querysets"],
)
def test_only_its_own_home(what, homes):
    found = {str(path.relative_to(ROOT)) for path in sources() if re.search(what, path.read_text())}

    assert found == homes


def functions(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield lines, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def test_sizes_are_reported(record_property):
    """Nothing is asserted of them: look with `pytest -s` for the noun that wants its own name."""
    files = sorted((len(p.read_text().splitlines()), str(p.relative_to(ROOT))) for p in sources())
    found = sorted(size for path in sources() for size in functions(path))
    long_files = [f"{lines:5} {name}" for lines, name in files[::-1] if lines > 300]
    long_functions = [f"{lines:5} {name}" for lines, name in found[::-1] if lines > 30]
    median, ninth = (found[int(len(found) * share)][0] for share in (0.5, 0.9))
    report = [
        f"{len(files)} files, {len(found)} functions: half have at most {median} lines, "
        f"nine in ten at most {ninth}",
        *("Files of more than 300 lines:", *long_files),
        *("Functions of more than 30 lines:", *long_functions),
    ]
    record_property("sizes", report[0])
    sys.stdout.write("\n".join(["", *report, ""]))
    assert found


def test_the_table_of_what_we_withstand_names_what_is_there():
    text = (ROOT / "portal/docs/withstands.md").read_text()
    named = set(re.findall(r"`((?:\w+/)+\w+(?:\.py)?(?:::\w+)?)`", text))
    assert len(named) > 50
    assert len(re.findall(r"^\| T\d\d \|", text, re.MULTILINE)) == 78

    gone = [name for name in sorted(named) if not is_there(name)]

    assert gone == []


def is_there(name: str) -> bool:
    """Return whether a file below tests/, or of the project, is there and says what is named."""
    path, _, word = name.partition("::")
    found = next((root / path for root in (ROOT / "tests", ROOT) if (root / path).exists()), None)
    return found is not None and (
        not word or re.search(rf"\b(?:class|def) {word}\b", found.read_text()) is not None
    )

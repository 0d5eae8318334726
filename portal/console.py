"""How a console command starts: settings first, then the private database if no server is named."""

import sys
from contextlib import ExitStack

from django.core.exceptions import ImproperlyConfigured

from portal import embedded
from portal.pg_guard import guarded

# These never open a connection, so they need no server.
WITHOUT_DATABASE = {
    "check_terms",
    "terms_schema",
    "compile_catalogues",
    "extract_messages",
    "help",
    "version",
}


def execute(argv: list[str]) -> None:
    """Run one management command; a server that this command started is stopped by it."""
    from django.core.management import execute_from_command_line

    from portal.mode import settle_mode

    settle_mode(argv)
    try:
        from django.conf import settings

        private = settings.EMBEDDED_SERVER
    except ImproperlyConfigured as refusal:
        sys.exit(f"The portal does not start: {refusal}")

    command = argv[1] if len(argv) > 1 else "help"
    with ExitStack() as stack:
        if private is not None and command not in WITHOUT_DATABASE:
            try:
                stack.enter_context(guarded(private))
            except embedded.EmbeddedServerError as refusal:
                sys.exit(str(refusal))
        execute_from_command_line(argv)

import os
import socket
import sys
import time

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from honcho import manager as honcho_manager
from honcho.manager import Manager
from honcho.printer import Printer

from portal import i18n
from portal.demo.seed import seed
from tenants.catalogue import findings

HOST = "127.0.0.1"
honcho_manager.KILL_WAIT = 20  # seconds: a worker finishes the job in its hands


class Command(BaseCommand):
    help = "Run the whole portal with sample data: web, worker and beat, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--once", action="store_true", help="do everything but serve, then leave"
        )

    def handle(self, *args, **options) -> None:
        started = time.monotonic()
        port = options["port"]
        if not options["once"]:
            require_free(port)
        self.prepare()
        self.say(f"Ready after {time.monotonic() - started:.0f} s; the worker makes the reports.")
        manager = processes(port, once=options["once"])
        manager.loop()
        if manager.returncode and options["once"]:
            raise CommandError("The demo did not finish: see the lines above.")

    def prepare(self) -> None:
        for folder in (settings.QUEUE_DIR / "messages", settings.QUEUE_DIR / "control"):
            folder.mkdir(parents=True, exist_ok=True)
        i18n.compile_catalogues()
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("migrate", interactive=False, verbosity=0)
        if holes := findings():
            raise CommandError("The walls between tenants do not stand: " + " ".join(holes))
        seed(self.say)

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def require_free(port: int) -> None:
    """
    Check that the web server will get its port.

    :raises CommandError: if another program has it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken or not allowed ({error.strerror}). "
                f"Choose another: make demo PORT={port + 1}"
            ) from error


def processes(port: int, *, once: bool) -> Manager:
    """Return web, worker and beat under one manager: one dying stops the rest, and so does Ctrl-C."""
    python = sys.executable
    celery = f"{python} -m celery --quiet -A portal"
    env = dict(
        os.environ,
        PYTHONUNBUFFERED="1",
        PYTHONWARNINGS="ignore",  # a demo may run as root; Celery's sermon is for servers
        TMPDIR=str(settings.VAR_DIR / "tmp"),
    )
    (settings.VAR_DIR / "tmp").mkdir(exist_ok=True)
    manager = Manager(Printer(sys.stdout, prefix=False, colour=False))
    schedule = settings.QUEUE_DIR / "beat-schedule"
    # Threads: honcho signals the whole process group, which would take a prefork pool's children
    # away from under a warm shutdown.
    manager.add_process(
        "worker",
        f"{celery} worker --pool threads --concurrency 2 --loglevel ERROR"
        " --without-gossip --without-mingle --without-heartbeat",
        env=env,
    )
    manager.add_process(
        "beat", f"{celery} beat --loglevel ERROR --schedule {schedule} --pidfile=", env=env
    )
    show = f"{python} manage.py demo_reports"
    serve = f"{python} -m gunicorn portal.wsgi --bind {HOST}:{port} --workers 2 --threads 4"
    manager.add_process(
        "web",
        show if once else f"{show} --port {port} && exec {serve} --log-level warning",
        env=env,
        cwd=str(settings.BASE_DIR),
    )
    return manager

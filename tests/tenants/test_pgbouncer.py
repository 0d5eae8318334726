"""
The scope through a real pgbouncer in transaction mode: one server session is lent to everybody in turn.

What it refuses at connect (`options`) it is told to ignore, as the deployment guide says.
"""

import os
import pwd
import random
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import pytest
from django.core.paginator import Paginator
from django.db import DatabaseError, connection, transaction
from django.db.models import CharField
from django.template import Context, Template

from contracts.models import Contract
from tenants.models import Job
from tenants.prepared import Prepared, Slot
from tenants.scoping import tenant_scope
from tenants.services import jobs
from tests.factories import ContractFactory, TenantFactory
from tests.portal.desk import browser_of, desk_of
from tests.processes import required, wait_for

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

NO_SCOPE = "No tenant scope in this transaction"
RULES = """
[databases]
{name} = host={host} port={port} dbname={name} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 50
server_reset_query_always = 0
ignore_startup_parameters = options,extra_float_digits
log_connections = 0
log_disconnections = 0
"""


@pytest.fixture
def pooled(monkeypatch):
    """Put a pgbouncer between this test and its database; `pooled(2)` lends two sessions."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    required("pgbouncer", Path(program).exists())
    folder, started = Path(mkdtemp(prefix="pgbouncer-")), []

    def start(size: int) -> None:
        told = connection.settings_dict
        listen = free_port()
        rules = folder / "pgbouncer.ini"
        rules.write_text(
            RULES.format(
                name=told["NAME"], host=told["HOST"], port=told["PORT"] or 5432, user=told["USER"],
                password=told["PASSWORD"] or "none", listen=listen, size=size,
            )
        )  # fmt: skip
        how = as_nobody(folder)
        log = (folder / "log").open("wb")
        started.append(subprocess.Popen([program, rules], stdout=log, stderr=log, **how))
        connection.close()
        monkeypatch.setitem(told, "HOST", "127.0.0.1")
        monkeypatch.setitem(told, "PORT", listen)
        wait_for(answers, 10, folder / "log")

    yield start
    connection.close()
    for process in started:
        process.kill()
        process.wait()
    shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_nobody(folder: Path) -> dict:
    """pgbouncer does not run as root; `postgres` reaches the private server's socket."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            for path in (folder, *folder.iterdir()):
                os.chown(path, user.pw_uid, user.pw_gid)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise AssertionError("no user for pgbouncer")


def answers() -> bool:
    with suppress(DatabaseError):
        connection.ensure_connection()
        return True
    return False


@pytest.fixture
def three():
    """Three clients with a contract each, by code."""
    made = {code: TenantFactory(code=code) for code in ("ACME", "GLOBEX", "INITECH")}
    for code, tenant in made.items():
        ContractFactory(tenant=tenant, number=code)
    return made


def numbers() -> list[str]:
    return ask("SELECT number FROM contracts_contract ORDER BY number")


def ask(question: str) -> list:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return [row[0] for row in cursor.fetchall()]


def in_threads(count: int, work) -> list:
    def closing(number: int):
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(closing, range(count)))


def test_the_next_borrower_of_the_same_session_finds_nothing_of_the_last(pooled, three):
    pooled(1)

    def borrow(_number: int) -> set[int]:
        sessions = set()
        for code, tenant in three.items():
            with tenant_scope(tenant), transaction.atomic():
                assert numbers() == [code]
                sessions |= set(ask("SELECT pg_backend_pid()"))
            with pytest.raises(DatabaseError, match=NO_SCOPE), transaction.atomic():
                numbers()
            with pytest.raises(DatabaseError, match=NO_SCOPE):
                numbers()
            with tenant_scope(tenant), pytest.raises(DatabaseError, match=NO_SCOPE):
                numbers()  # nobody is told outside of a transaction
        return sessions

    sessions = in_threads(3, borrow)

    assert len(set.union(*sessions)) == 1


@pytest.mark.parametrize("ending", ["commit", "rollback", "error", "database error"])
def test_however_a_transaction_ends_its_scope_ends_with_it(ending, pooled, three):
    pooled(1)
    with (
        suppress(ZeroDivisionError, DatabaseError),
        tenant_scope(three["ACME"]),
        transaction.atomic(),
    ):
        assert numbers() == ["ACME"]
        if ending == "rollback":
            transaction.set_rollback(True)
        elif ending == "error":
            raise ZeroDivisionError
        elif ending == "database error":
            ask("SELECT 1 / 0")

    def other(_number: int) -> bool:
        with pytest.raises(DatabaseError, match=NO_SCOPE), transaction.atomic():
            numbers()
        return True

    assert in_threads(1, other) == [True]


def test_a_session_somebody_poisoned_is_overruled(pooled, three):
    pooled(1)
    ask(f"SELECT set_config('app.tenants', '{{{three['GLOBEX'].pk}}}', false)")

    def other(_number: int) -> list[str]:
        with tenant_scope(three["ACME"]), transaction.atomic():
            return numbers()

    assert in_threads(1, other) == [["ACME"]]
    with pytest.raises(DatabaseError, match=NO_SCOPE), transaction.atomic():
        numbers()


def test_eight_that_mix_their_scopes_on_two_sessions_get_their_own(pooled, three):
    pooled(2)
    codes = sorted(three)

    def work(number: int) -> int:
        dice, wrong = random.Random(number), 0
        for _turn in range(25):
            wanted = sorted(dice.sample(codes, dice.randint(0, 3)))
            scope = tenant_scope(*(three[code] for code in wanted))
            with scope, transaction.atomic():
                wrong += numbers() != wanted
                with suppress(ZeroDivisionError), transaction.atomic():
                    raise ZeroDivisionError  # back to a savepoint: told again
                wrong += [c.number for c in Contract.objects.order_by("number")] != wanted
        return wrong

    assert in_threads(8, work) == [0] * 8


def test_a_server_side_cursor_reads_its_own_rows_to_the_end(pooled, three):
    pooled(1)
    for number in range(30):
        ContractFactory(tenant=three["ACME"], number=f"N-{number}")

    with tenant_scope(three["ACME"]), transaction.atomic():
        rows = Contract.objects.iterator(chunk_size=5)
        first = next(rows)
        assert Contract.objects.count() == 31  # another statement in between
        assert len([first, *rows]) == 31


def test_nothing_is_prepared_that_another_session_would_not_know(pooled, three):
    pooled(2)
    kept = Prepared(lambda: Contract.objects.filter(number=Slot("number", CharField())))

    def repeat(_number: int) -> list:
        for _turn in range(12):  # psycopg prepares at the fifth unless told not to
            with tenant_scope(three["ACME"]), transaction.atomic():
                assert Contract.objects.filter(number="ACME").count() == 1
                assert kept.first(number="ACME").number == "ACME"
        return ask("SELECT count(*) FROM pg_prepared_statements")

    assert in_threads(4, repeat) == [[0]] * 4


def test_a_lazy_template_has_the_rows_of_where_it_is_drawn(pooled, three):
    pooled(1)
    drawn = Template("{% for contract in page %}{{ contract.number }}{% endfor %}")
    with tenant_scope(three["ACME"], three["GLOBEX"]), transaction.atomic():
        page = Paginator(Contract.objects.order_by("number"), 10).page(1)
        with tenant_scope(three["GLOBEX"]):
            assert drawn.render(Context({"page": page})) == "GLOBEX"


def test_pages_and_streams_of_two_clients_at_once_hold_their_own(pooled):
    desks = [desk_of(TenantFactory(code=code)) for code in ("ACME", "GLOBEX")]
    for desk in desks:
        for number in range(5):
            desk.open(f"{desk.tenant.code} has trouble {number}")
    browsers = [browser_of(desk.people["service_owner"]) for desk in desks]
    pooled(2)

    def read(number: int) -> tuple[str, str]:
        browser, others = browsers[number % 2], desks[1 - number % 2].tenant.code
        for address in ("/tickets/", "/tickets/?format=csv"):
            answer = browser.get(address)
            body = b"".join(answer) if answer.streaming else answer.content
            assert answer.status_code == 200, address
            assert body.count(b"has trouble") >= 5
            assert f"{others} has trouble".encode() not in body
        return answer.status_code

    assert in_threads(4, read) == [200] * 4


def test_a_job_is_guarded_through_it_too(pooled, three, monkeypatch):
    runs = []
    monkeypatch.setitem(
        jobs._kinds, "test.look", jobs.Kind(lambda job: runs.append(numbers()), None)
    )
    jobs.enqueue("test.look", tenant_id=three["ACME"].pk, key="k")
    job = Job.objects.get(kind="test.look")
    pooled(2)

    in_threads(4, lambda _number: jobs.run(job.pk))

    assert runs == [["ACME"]]

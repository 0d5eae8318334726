"""The roles and the database of the portal in a PostgreSQL, private or named."""

import psycopg
from psycopg import sql

from portal.pg_errors import EmbeddedServerError

DATABASE, OWNER, APP, ADMIN = "portal", "portal_owner", "portal_app", "postgres"
EXTENSIONS = ["btree_gist", "pg_trgm"]
PREPARED = "Prepared by portal.embedded, 1"  # the comment of a database that has everything


def prepare_once(admin_dsn: str) -> None:
    """Prepare the roles of a server of our own, unless its database says that it has everything."""
    question = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        if connection.execute(question, [DATABASE]).fetchone() != (PREPARED,):
            prepare_roles(admin_dsn)
            _execute(connection, f"COMMENT ON DATABASE {{}} IS '{PREPARED}'", DATABASE)


def prepare_roles(
    admin_dsn: str,
    database: str = DATABASE,
    owner: str = OWNER,
    app: str = APP,
    owner_password: str | None = None,
    app_password: str | None = None,
) -> None:
    """
    Create the two roles, the database and its extensions; what exists is put right.

    `admin_dsn` is a superuser's. template1 gets the extensions too: test databases are copies of
    it. An extension that the server does not have is left out.

    :raises EmbeddedServerError: if no server is named; libpq would pick one, perhaps another's.
    """
    if not admin_dsn.strip():
        raise EmbeddedServerError(
            "name the server: prepare-roles postgres://postgres@HOST/postgres"
        )
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('portal.prepare_roles'))")
        _prepare_role(connection, owner, "CREATEDB", owner_password)
        _prepare_role(connection, app, "NOCREATEDB", app_password)
        _prepare_database(connection, database, owner, app)
        for name in (database, "template1"):
            with psycopg.connect(admin_dsn, dbname=name, autocommit=True) as inside:
                _prepare_inside(inside)


def _prepare_role(
    connection: psycopg.Connection, role: str, createdb: str, password: str | None
) -> None:
    if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount:
        _execute(connection, "CREATE ROLE {}", role)
    attributes = f"LOGIN {createdb} NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    _execute(connection, f"ALTER ROLE {{}} {attributes}", role)
    if password is not None:  # hashed on our side: no log of the server can hold it
        secret = (password.encode(), role.encode(), b"scram-sha-256")
        hashed = connection.pgconn.encrypt_password(*secret).decode()
        _execute(connection, f"ALTER ROLE {{}} PASSWORD '{hashed}'", role)


def _prepare_database(connection: psycopg.Connection, database: str, owner: str, app: str) -> None:
    named = "SELECT FROM pg_database WHERE datname = %s"
    if not connection.execute(named, [database]).rowcount:
        _execute(connection, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", database)
    _execute(connection, "ALTER DATABASE {} OWNER TO {}", database, owner)
    _execute(connection, "GRANT CONNECT ON DATABASE {} TO {}", database, app)


def _prepare_inside(connection: psycopg.Connection) -> None:
    _execute(connection, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    available = "SELECT name FROM pg_available_extensions WHERE name = ANY(%s)"
    for (extension,) in connection.execute(available, [EXTENSIONS]).fetchall():
        _execute(connection, "CREATE EXTENSION IF NOT EXISTS {}", extension)


def _execute(connection: psycopg.Connection, statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

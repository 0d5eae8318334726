"""
Search in titles by an index, Japanese too: every two neighbouring characters are a word of it.

Row security takes the index from every operator that it does not trust. So a search goes through
one narrow function of the owner's that returns ids and asks for the tenants in scope by itself; the
query that it serves is under row security as always. Who searches sees no more than who reads.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from tenants.models.owned import TenantOwned

FUNCTIONS = """
CREATE OR REPLACE FUNCTION app.folded(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT lower(normalize(said, NFKC)) $$;
CREATE OR REPLACE FUNCTION app.grams(said text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT coalesce(array_agg(DISTINCT substr(app.folded(said), place, 2)), '{}')
    FROM generate_series(1, length(app.folded(said)) - 1) AS place
$$;
"""
FIND = """
CREATE OR REPLACE FUNCTION app.find_in_{table}(said text) RETURNS SETOF bigint LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT id FROM public.{table}
        WHERE tenant_id = ANY (app.current_tenants()::bigint[])
        AND app.grams({column}) @> app.grams(said)
        AND position(app.folded(said) IN app.folded({column})) > 0;
END $$;
CREATE INDEX IF NOT EXISTS {table}_grams ON {table} USING gin (app.grams({column}));
"""


def searched() -> Iterator[type[TenantOwned]]:
    return (m for m in apps.get_models() if issubclass(m, TenantOwned) and m.searched_in)


def finder(model: type[TenantOwned]) -> str:
    return f"find_in_{model._meta.db_table}"


def build(existing: set[str]) -> str:
    """Return the SQL that makes the function and the index of each table that is searched."""
    return FUNCTIONS + "".join(
        FIND.format(table=model._meta.db_table, column=model.searched_in)
        for model in searched()
        if model._meta.db_table in existing
    )


def bodies() -> dict[str, str]:
    """Return the body of each function by name, for the sweep of the walls."""
    written = {
        finder(m): FIND.format(table=m._meta.db_table, column=m.searched_in) for m in searched()
    }
    parts = {name: sql.split("AS $$")[1].split("$$;")[0] for name, sql in written.items()}
    folded, grams = (part.split("$$;")[0] for part in FUNCTIONS.split("AS $$")[1:])
    return parts | {"folded": folded, "grams": grams}


def matching(rows: QuerySet, said: str) -> QuerySet:
    """Keep the rows whose searched text holds what is said, in any case and width of letters."""
    name = finder(rows.model)  # of the model: never of a request
    return rows.filter(pk__in=RawSQL(f"SELECT app.{name}(%s)", [said]))  # noqa: S611

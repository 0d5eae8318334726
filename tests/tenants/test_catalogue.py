"""The sweep of the database's own catalogue: quiet when the walls stand, one sentence a hole."""

import pytest
from django.db import connections

from tenants import walls
from tenants.catalogue import findings
from tenants.checks import check_walls

APP = connections["default"].settings_dict["USER"]
OPEN = "USING (true) WITH CHECK (true)"

# What the owner breaks, and the one sentence that must come of it.
HOLES = {
    "a policy removed": (
        "DROP POLICY tenant_rows ON contracts_contract",
        "contracts_contract: the policy tenant_rows is missing or altered.",
    ),
    "the floor removed": (
        "DROP POLICY tenant_floor ON tickets_comment",
        "tickets_comment: the policy tenant_floor is missing or altered.",
    ),
    "a policy altered": (
        f"ALTER POLICY tenant_floor ON contracts_period {OPEN}",
        "contracts_period: the policy tenant_floor is missing or altered.",
    ),
    "a policy's check altered": (
        "ALTER POLICY tenant_rows ON contracts_period WITH CHECK (true)",
        "contracts_period: the policy tenant_rows is missing or altered.",
    ),
    "a policy for another role": (
        "ALTER POLICY tenant_floor ON contracts_period TO CURRENT_USER",
        "contracts_period: the policy tenant_floor is missing or altered.",
    ),
    "a floor for reading only": (
        "DROP POLICY tenant_floor ON contracts_period; CREATE POLICY tenant_floor ON"
        f" contracts_period AS RESTRICTIVE FOR SELECT USING ({walls.IN_SCOPE})",
        "contracts_period: the policy tenant_floor is missing or altered.",
    ),
    "a floor that permits": (
        "DROP POLICY tenant_floor ON contracts_period; CREATE POLICY tenant_floor ON"
        f" contracts_period USING ({walls.IN_SCOPE}) WITH CHECK ({walls.IN_SCOPE})",
        "contracts_period: the policy tenant_floor is missing or altered.",
    ),
    "a careless policy": (
        f"CREATE POLICY careless ON tickets_ticket {OPEN}",
        "tickets_ticket: nobody knows the policy careless.",
    ),
    "row security off": (
        "ALTER TABLE tickets_stage DISABLE ROW LEVEL SECURITY",
        "tickets_stage: row security is off.",
    ),
    "a grant missing": (
        f'REVOKE INSERT ON tenants_auditevent FROM "{APP}"',
        "tenants_auditevent: the grants of the app's role are not the ones it needs.",
    ),
    "a grant too many": (
        f'GRANT UPDATE ON tenants_auditevent TO "{APP}"',
        "tenants_auditevent: the grants of the app's role are not the ones it needs.",
    ),
    "a grant to empty the table": (
        f'GRANT TRUNCATE ON tickets_ticket TO "{APP}"',
        "tickets_ticket: the grants of the app's role are not the ones it needs.",
    ),
    "a grant to everybody": (
        "GRANT DELETE ON tickets_timeentry TO PUBLIC",
        "tickets_timeentry: the grants of the app's role are not the ones it needs.",
    ),
    "a composite key removed": (
        "ALTER TABLE contracts_period DROP CONSTRAINT contracts_period_contract_id_wall",
        "contracts_period: the composite key of contract_id is missing or weak.",
    ),
    "a composite key of one column": (
        "ALTER TABLE contracts_period DROP CONSTRAINT contracts_period_contract_id_wall;"
        " ALTER TABLE contracts_period ADD CONSTRAINT contracts_period_contract_id_wall"
        " FOREIGN KEY (contract_id) REFERENCES contracts_contract (id)",
        "contracts_period: the composite key of contract_id is missing or weak.",
    ),
    "a composite key that waits": (
        "ALTER TABLE contracts_period ALTER CONSTRAINT contracts_period_contract_id_wall"
        " DEFERRABLE INITIALLY DEFERRED",
        "contracts_period: the composite key of contract_id is missing or weak.",
    ),
    "a tenant's key removed": (
        "ALTER TABLE tickets_watcher DROP CONSTRAINT tickets_watcher_tenant_key",
        "tickets_watcher: the key (tenant_id, id) is missing.",
    ),
    "a guard removed": (
        "DROP TRIGGER tenant_stays ON tickets_ticket",
        "tickets_ticket: the guard tenant_stays is missing or off.",
    ),
    "a guard off": (
        "ALTER TABLE tickets_decision DISABLE TRIGGER append_only",
        "tickets_decision: the guard append_only is missing or off.",
    ),
    "the frozen guard removed": (
        "DROP TRIGGER frozen ON contracts_contractversion",
        "contracts_contractversion: the guard frozen is missing or off.",
    ),
    "a function with its owner's rights": (
        "CREATE FUNCTION app.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT count(*) FROM tickets_ticket'",
        "peek: nobody knows this SECURITY DEFINER function.",
    ),
    "a function of the walls altered": (
        "CREATE OR REPLACE FUNCTION app.acting_user() RETURNS bigint LANGUAGE sql STABLE"
        " PARALLEL SAFE AS 'SELECT 1::bigint'",
        "acting_user: the function of the walls is missing or altered.",
    ),
    "a bare table": (
        "CREATE TABLE loot (id bigint)",
        "loot: no model of the registry knows this table.",
    ),
    "a view": (
        "CREATE VIEW every_ticket AS SELECT * FROM tickets_ticket",
        "every_ticket: a view without security_invoker reads with its owner's eyes.",
    ),
    "a stored view": (
        "CREATE MATERIALIZED VIEW every_ticket AS SELECT * FROM tickets_ticket",
        "every_ticket: a view without security_invoker reads with its owner's eyes.",
    ),
    "a table missing": (
        "DROP TABLE reports_reportdocument CASCADE",
        "reports_reportdocument: the table is missing; run migrate.",
    ),
}


# Somebody made these on purpose: the sweep names them, and a person takes them away.
LEFT_TO_PEOPLE = {
    "a bare table",
    "a careless policy",
    "a composite key of one column",
    "a composite key that waits",
    "a function with its owner's rights",
    "a grant to empty the table",
    "a grant to everybody",
    "a grant too many",
    "a guard off",
    "a stored view",
    "a table missing",
    "a view",
}


def break_with(sql: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db(databases=["default", "owner"])
class TestFindings:
    def test_there_are_none(self):
        assert findings() == []
        assert findings(using="owner") == []

    @pytest.mark.parametrize("hole", HOLES)
    def test_one_hole_is_one_sentence(self, hole):
        sql, sentence = HOLES[hole]
        break_with(sql)

        assert findings(using="owner") == [sentence]

    def test_a_view_with_the_readers_eyes_is_no_hole(self):
        break_with(
            "CREATE VIEW every_ticket WITH (security_invoker=true) AS SELECT * FROM tickets_ticket"
        )

        assert findings(using="owner") == []

    @pytest.mark.parametrize("model", walls.tenant_models(), ids=lambda model: model._meta.label)
    def test_no_table_is_forgotten(self, model):
        table = model._meta.db_table
        break_with(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')

        assert findings(using="owner") == [f"{table}: row security is off."]

    @pytest.mark.parametrize("hole", sorted(HOLES.keys() - LEFT_TO_PEOPLE))
    def test_the_next_migrate_mends_the_rest(self, hole):
        break_with(HOLES[hole][0])

        walls.build(using="owner")

        assert findings(using="owner") == []

    def test_building_again_changes_nothing(self):
        walls.build(using="owner")
        walls.build(using="owner")

        assert findings(using="owner") == []


class TestTheDeployCheck:
    @pytest.mark.django_db
    def test_is_quiet_when_the_walls_stand(self):
        assert check_walls(None, databases=["default"]) == []

    @pytest.mark.django_db(databases=["default", "owner"])
    def test_names_each_hole(self, monkeypatch):
        monkeypatch.setattr("tenants.catalogue.findings", lambda: ["one", "two"])

        messages = check_walls(None, databases=["default"])

        assert [(m.msg, m.id, m.is_serious()) for m in messages] == [
            ("one", "tenants.E001", True),
            ("two", "tenants.E001", True),
        ]

    def test_asks_nothing_of_a_database_it_was_not_given(self):
        assert check_walls(None, databases=None) == []

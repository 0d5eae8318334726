import django.db.models.deletion
from django.db import migrations, models

import tenants.models.owned

# Events from before there was a chain are linked in the order they were written. The text is that
# of tenants/audit_chain.py on the day of this migration.
LINK_WHAT_IS_THERE = """
DO $$
DECLARE
    event record;
    last_tenant bigint := 0;
    place bigint := 0;
    link text := '';
BEGIN
    FOR event IN SELECT * FROM tenants_auditevent ORDER BY tenant_id, id LOOP
        IF event.tenant_id <> last_tenant THEN
            last_tenant := event.tenant_id; place := 0; link := '';
        END IF;
        place := place + 1;
        link := encode(sha256(convert_to(link || jsonb_build_array(event.tenant_id, event.id,
            extract(epoch FROM event.at)::text, event.actor_id, event.verb, event.subject_type,
            event.subject_id, event.origin, event.data)::text, 'UTF8')), 'hex');
        INSERT INTO tenants_auditlink (tenant_id, position, event_id, sha256)
            VALUES (event.tenant_id, place, event.id, link);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_accounts")]

    operations = [
        migrations.AddField(
            model_name="auditevent",
            name="origin",
            field=models.CharField(
                blank=True,
                help_text="Where it came from: an address, a job, a console.",
                max_length=80,
            ),
        ),
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "position",
                    models.BigIntegerField(
                        help_text="1, 2, 3 and so on, in the order of the commits."
                    ),
                ),
                (
                    "sha256",
                    models.CharField(
                        help_text="Over the link before and the event.", max_length=64
                    ),
                ),
                (
                    "event",
                    tenants.models.owned.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.auditevent",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "position"), name="audit_link_has_its_place"
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "event"), name="an_event_is_linked_once"
                    ),
                ],
            },
        ),
        migrations.RunSQL(LINK_WHAT_IS_THERE, migrations.RunSQL.noop),
    ]

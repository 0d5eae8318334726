import django.db.models.deletion
from django.db import migrations, models

import tenants.models.owned


class Migration(migrations.Migration):
    dependencies = [("contracts", "0003_bought_hours")]

    operations = [
        migrations.AddField(
            model_name="period",
            name="left",
            field=models.JSONField(
                help_text="What its last report hands to the next month. NULL: none yet.", null=True
            ),
        ),
        migrations.RemoveConstraint(
            model_name="boughthours",
            name="bought_hours_last_a_day",
        ),
        migrations.AddField(
            model_name="boughthours",
            name="reverses",
            field=tenants.models.owned.TenantForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversals",
                to="contracts.boughthours",
            ),
        ),
        migrations.AddField(
            model_name="contractversion",
            name="accepted_gaps",
            field=models.JSONField(
                default=list, help_text="What no clause decides, as it was accepted at activation."
            ),
        ),
        migrations.AddConstraint(
            model_name="boughthours",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("expires_on", None),
                    ("expires_on__gt", models.F("bought_on")),
                    models.Q(("reverses", None), _negated=True),
                    _connector="OR",
                ),
                name="bought_hours_last_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="boughthours",
            constraint=models.UniqueConstraint(
                fields=("tenant", "reverses"), name="bought_hours_are_reversed_once"
            ),
        ),
    ]

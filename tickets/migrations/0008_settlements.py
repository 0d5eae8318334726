import django.db.models.deletion
from django.db import migrations, models

import tenants.models.owned


class Migration(migrations.Migration):
    dependencies = [("contracts", "0004_boundaries"), ("tickets", "0007_operation")]

    operations = [
        migrations.RemoveConstraint(
            model_name="settlement", name="minutes_are_settled_in_the_clients_favour"
        ),
        migrations.RemoveConstraint(model_name="settlement", name="minutes_are_settled_once"),
        migrations.RemoveConstraint(
            model_name="settlement", name="minutes_come_under_an_estimate_once"
        ),
        migrations.AddField(
            model_name="settlement",
            name="authority_key",
            field=models.CharField(blank=True, help_text="Pool or estimate.", max_length=60),
        ),
        migrations.AddField(
            model_name="settlement",
            name="cause",
            field=models.CharField(
                choices=[
                    ("decision", "A new verdict"),
                    ("retro_estimate_late", "The estimate of the emergency was late"),
                    ("nobody_asked", "The month closed, and nobody had asked for an estimate"),
                    ("estimate_accepted", "The estimate was accepted"),
                    ("estimate_refused", "The estimate was declined or expired"),
                ],
                default="decision",
                max_length=20,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="settlement",
            name="clause_id",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="settlement",
            name="limit",
            field=models.BigIntegerField(
                help_text="Minor units, up to which it is billed.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="settlement",
            name="decision",
            field=tenants.models.owned.TenantForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tickets.decision",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(
                fields=("tenant", "entry", "authority"), name="minutes_are_settled_once_as_this"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(("authority__in", ["held", "emergency"]), _negated=True),
                name="a_settlement_answers",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("authority__in", ["pool", "estimate"]), ("authority_key", ""), _connector="XOR"
                ),
                name="a_settlement_names_its_pool_or_estimate",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(("cause", "decision"), ("decision", None), _negated=True),
                name="a_settlement_by_a_verdict_names_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(("authority", "estimate"), ("estimate", None), _negated=True),
                name="minutes_under_an_estimate_name_it",
            ),
        ),
    ]

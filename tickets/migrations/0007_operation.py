import django.db.models.deletion
from django.db import migrations, models

import tenants.models.owned


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0004_boundaries"),
        ("tenants", "0003_accounts"),
        ("tickets", "0006_notifications"),
    ]

    operations = [
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=tenants.models.owned.random_public_id,
                        editable=False,
                        max_length=16,
                        unique=True,
                    ),
                ),
                ("system", models.CharField(max_length=60)),
                (
                    "kind",
                    models.CharField(
                        choices=[("patch", "Patch"), ("version", "Version")], max_length=8
                    ),
                ),
                (
                    "name",
                    models.CharField(help_text="2.4.1, or the number of the patch.", max_length=60),
                ),
                ("summary", models.TextField(blank=True)),
                (
                    "documents",
                    models.JSONField(
                        default=list, help_text="Updated design documents: text each."
                    ),
                ),
                ("released_at", models.DateTimeField()),
                (
                    "written_at",
                    models.DateTimeField(
                        help_text="When it was recorded; never before the release."
                    ),
                ),
                (
                    "by",
                    tenants.models.owned.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.membership",
                    ),
                ),
                (
                    "contract",
                    tenants.models.owned.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
                        to="contracts.contract",
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
                "ordering": ["-released_at", "-pk"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why there is no release.", max_length=200
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    tenants.models.owned.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.membership",
                    ),
                ),
                (
                    "stage",
                    tenants.models.owned.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="tickets.stage",
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
                (
                    "ticket",
                    tenants.models.owned.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="tickets.ticket",
                    ),
                ),
                (
                    "release",
                    tenants.models.owned.TenantForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="tickets.release",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(
                fields=["tenant", "contract", "system", "-released_at"], name="release_by_system"
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                fields=("tenant", "contract", "system", "name"),
                name="release_name_is_unique_in_its_system",
                violation_error_message="This system has a release of that name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("released_at__lte", models.F("written_at"))),
                name="release_is_recorded_once_it_is_out",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="release_has_a_name"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["tenant", "ticket", "id"], name="delivery_by_ticket"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("release", None), models.Q(("reason", ""), _negated=True)),
                    models.Q(models.Q(("release", None), _negated=True), ("reason", "")),
                    _connector="OR",
                ),
                name="a_delivery_names_a_release_or_a_reason_for_none",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("tenant", "stage", "release"), name="a_stage_names_a_release_once"
            ),
        ),
    ]

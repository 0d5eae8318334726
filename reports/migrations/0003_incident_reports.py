import django.db.models.deletion
from django.db import migrations, models

import tenants.models.owned


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0002_life"),
        ("tenants", "0004_audit_chain"),
        ("tickets", "0007_operation"),
    ]

    operations = [
        migrations.CreateModel(
            name="IncidentReport",
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
                ("revision", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("issued", "Issued")], max_length=6
                    ),
                ),
                (
                    "language",
                    models.CharField(help_text="Of the words that people wrote.", max_length=5),
                ),
                (
                    "sections",
                    models.JSONField(help_text="`reports.domain.incident.SECTIONS`: text each."),
                ),
                ("facts", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    tenants.models.owned.TenantForeignKey(
                        help_text="NULL: the portal.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.membership",
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
                        related_name="incident_reports",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["ticket", "revision"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "ticket", "revision"),
                        name="incident_report_revision_is_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["draft", "issued"])),
                        name="incident_report_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "draft"), ("by__isnull", False), _connector="OR"
                        ),
                        name="a_person_issues_an_incident_report",
                    ),
                ],
            },
        ),
    ]

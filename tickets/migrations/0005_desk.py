import django.db.models.deletion
from django.db import migrations, models

import tenants.models.owned

RANDOM_IDS = """
    UPDATE tickets_comment SET public_id = substr(
        translate(encode(sha256(convert_to(gen_random_uuid()::text || gen_random_uuid(), 'UTF8')), 'base64'), '+/', '-_'), 1, 16)
"""  # 96 random bits each


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0004_estimates"),
        ("tenants", "0003_accounts"),
        ("contracts", "0004_boundaries"),
    ]

    operations = [
        migrations.AddField(
            model_name="comment",
            name="public_id",
            field=models.CharField(max_length=16, null=True, editable=False),
        ),
        migrations.RunSQL(RANDOM_IDS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="comment",
            name="public_id",
            field=models.CharField(
                default=tenants.models.owned.random_public_id,
                editable=False,
                max_length=16,
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="received_reason",
            field=models.CharField(
                blank=True, help_text="Why it was written down later than received.", max_length=200
            ),
        ),
        migrations.AddField(
            model_name="timeentry",
            name="replaces",
            field=tenants.models.owned.TenantForeignKey(
                help_text="The wrong one it corrects.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="tickets.timeentry",
            ),
        ),
        migrations.CreateModel(
            name="Attachment",
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
                (
                    "lane",
                    models.CharField(
                        choices=[
                            ("public", "Public"),
                            ("internal", "Internal"),
                            ("handoff", "Handoff"),
                        ],
                        help_text="The comment's.",
                        max_length=8,
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="As it was called, without what misleads.", max_length=150
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="Random: the name of the stored file.", max_length=64
                    ),
                ),
                ("size", models.BigIntegerField(help_text="Bytes.")),
                ("sha256", models.CharField(max_length=64)),
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
                    "comment",
                    tenants.models.owned.TenantForeignKey(
                        help_text="NULL: came with the request.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="tickets.comment",
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
                        related_name="attachments",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["tenant", "ticket", "id"], name="attachment_by_ticket")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "key"), name="a_stored_file_has_one_row"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size__gt", 0)), name="an_attachment_is_not_empty"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
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
                    "entry",
                    tenants.models.owned.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="tickets.timeentry",
                    ),
                ),
                (
                    "period",
                    tenants.models.owned.TenantForeignKey(
                        help_text="It counts in.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.period",
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
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["tenant", "period"], name="correction_by_period")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "entry"), name="an_entry_is_corrected_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="a_correction_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GlossaryTerm",
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
                ("ja", models.CharField(blank=True, max_length=120)),
                ("en", models.CharField(blank=True, max_length=120)),
                ("vi", models.CharField(blank=True, max_length=120)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("changed_at", models.DateTimeField()),
                (
                    "changed_by",
                    tenants.models.owned.TenantForeignKey(
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
            ],
            options={
                "ordering": ["en", "ja", "vi"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "ja", "en", "vi"), name="glossary_term_stands_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("ja", ""), _negated=True),
                                models.Q(("en", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("ja", ""), _negated=True),
                                models.Q(("vi", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("en", ""), _negated=True),
                                models.Q(("vi", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="glossary_term_has_two_languages",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
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
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("relates", "Relates to"),
                            ("blocks", "Blocks"),
                            ("caused_by", "Caused by"),
                            ("duplicate_of", "Duplicate of"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    tenants.models.owned.TenantForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.membership",
                    ),
                ),
                (
                    "other",
                    tenants.models.owned.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links_back",
                        to="tickets.ticket",
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
                        related_name="links",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "ticket", "kind", "other"), name="a_link_stands_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "duplicate_of")),
                        fields=("tenant", "ticket"),
                        name="a_duplicate_is_of_one_ticket",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ticket", models.F("other")), _negated=True),
                        name="a_ticket_is_not_linked_to_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Timer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(null=True)),
                (
                    "person",
                    tenants.models.owned.TenantForeignKey(
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
                        related_name="+",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("stopped_at", None)),
                        fields=("tenant", "person"),
                        name="one_running_timer_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stopped_at", None),
                            ("stopped_at__gte", models.F("started_at")),
                            _connector="OR",
                        ),
                        name="a_timer_stops_after_it_started",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Translation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("language", models.CharField(max_length=5)),
                ("body", models.TextField()),
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
                    "comment",
                    tenants.models.owned.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="translations",
                        to="tickets.comment",
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
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["tenant", "comment", "id"], name="translation_by_comment")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("body", ""), _negated=True),
                        name="a_translation_says_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Watcher",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                (
                    "member",
                    tenants.models.owned.TenantForeignKey(
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
                        related_name="watchers",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "ticket", "member"), name="watcher_once_a_ticket"
                    )
                ],
            },
        ),
    ]

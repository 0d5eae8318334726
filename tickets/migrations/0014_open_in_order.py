from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0013_alerts")]

    operations = [
        migrations.RemoveIndex(model_name="ticket", name="ticket_open_by_due"),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("status__in", ["new", "in_progress", "on_hold"])),
                fields=["tenant", "next_due_at", "key"],
                name="ticket_open_in_order",
            ),
        ),
    ]

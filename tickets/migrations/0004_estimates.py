from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tickets", "0003_disputes_and_emergencies")]

    operations = []

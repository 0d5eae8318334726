from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("contracts", "0003_bought_hours")]

    operations = []

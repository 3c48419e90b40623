from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []  # noqa: RUF012 - as makemigrations writes it

    operations = [  # noqa: RUF012
        migrations.CreateModel(
            name="Job",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("summary", models.CharField(max_length=200)),
                ("ran_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=500)),
                ("words", models.PositiveIntegerField(editable=False, null=True)),
                ("written_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
    ]

"""The notes, and the last results of the background services."""

from django.db import models


class Note(models.Model):
    """A note; the worker sets the number of its words."""

    LONGEST = 500

    text = models.CharField(max_length=LONGEST)
    words = models.PositiveIntegerField(null=True, editable=False)
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.text

    def as_json(self) -> dict[str, object]:
        return {"id": self.pk, "text": self.text, "words": self.words, "written_at": self.written_at}


class Job(models.Model):
    """The last result of one background service."""

    name = models.CharField(max_length=100, primary_key=True)
    summary = models.CharField(max_length=200)
    ran_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name}: {self.summary}"

    @classmethod
    def record(cls, name: str, summary: str) -> None:
        cls.objects.update_or_create(name=name, defaults={"summary": summary})

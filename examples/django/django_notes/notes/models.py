"""A note, and what the background services did last."""

from django.db import models


class Note(models.Model):
    """What somebody wrote; the worker counts its words a moment later."""

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
    """The latest work of one background service."""

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

"""The notes and jobs in Django's admin; the charm's action create-superuser makes an account for it."""

from django.contrib import admin

from notes.models import Job, Note


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):
    list_display = ("text", "words", "written_at")
    search_fields = ("text",)


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    list_display = ("name", "summary", "ran_at")

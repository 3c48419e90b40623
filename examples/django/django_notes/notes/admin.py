"""The notes and jobs in Django's admin; the action create-superuser of the charm creates an account."""

from django.contrib import admin

from notes.models import Job, Note


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):
    list_display = ("text", "words", "written_at")
    search_fields = ("text",)


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    list_display = ("name", "summary", "ran_at")

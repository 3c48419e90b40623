"""The routes of the guest book."""

from django.urls import path

from notes import views

urlpatterns = [
    path("", views.home, name="home"),
    path("notes", views.notes, name="notes"),
    path("notes/<int:number>", views.delete, name="delete"),
    path("health", views.health),
    path("settings", views.settings),
    path("visits", views.visits),
]

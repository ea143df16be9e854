"""The addresses behind a job's public link."""

from django.urls import URLPattern, path

from installer.views.public.acceptance import TESTS
from installer.views.public.actions import ACTIONS
from installer.views.public.edits import job_edits
from installer.views.public.gate import gone
from installer.views.public.page import job_complete, job_page, job_state
from installer.views.public.phone import PHONE
from installer.views.public.photos import PHOTOS
from installer.views.public.pin import job_pin
from installer.views.public.report import job_public_report

urlpatterns: list[URLPattern] = [
    path("j/<str:token>/", job_page, name="job_page"),
    path("j/<str:token>/pin/", job_pin, name="job_pin"),
    path("j/<str:token>/state/", job_state, name="job_state"),
    path("j/<str:token>/edits/", job_edits, name="job_edits"),
    path("j/<str:token>/complete/", job_complete, name="job_complete"),
    path("j/<str:token>/report.pdf", job_public_report, name="job_public_report"),
    *PHOTOS,
    *PHONE,
    *TESTS,
    *ACTIONS,
]
# After all others: whatever else is asked for below a link looks like a link that does not work.
last: list[URLPattern] = [path("j/<str:token>/<path:rest>", gone, name="job_gone")]

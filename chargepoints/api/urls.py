"""What is below `/api/`: the reference, the operations, and a problem for everything else."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path

from chargepoints.api.main import operations
from chargepoints.api.problems import nothing_here
from chargepoints.api.reference import openapi, reference

urlpatterns = [
    path("", reference, name="api_reference"),
    path("v1/openapi.json", openapi, name="api_openapi"),
    path("v1/", include((operations(), "api"))),
    re_path(r"", login_not_required(nothing_here), name="api_nothing"),
]

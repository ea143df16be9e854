"""What the desk's pages of jobs share."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from chargepoints.permissions import Person, rights_on_site
from hub.teams.choices import Right
from installer.models import InstallerJob
from installer.permissions import jobs_seen

SECTION = "jobs"
NEEDS_EDIT = "Your role does not allow this. It needs: change sites and charge points."
Context = dict[str, object]


def job_get(person: Person, pk: int, right: Right = Right.VIEW) -> InstallerJob:
    """The job, archived or not. Raises Http404 for one that is not the person's to see, PermissionDenied else."""
    jobs = jobs_seen(person).select_related("site__team__organisation", "organisation")
    found: InstallerJob = get_object_or_404(jobs, pk=pk)
    if right not in rights_on_site(person, found.site):
        raise PermissionDenied(NEEDS_EDIT)
    return found


def base_of(request: HttpRequest) -> str:
    """The portal's address, as this request reached it."""
    return request.build_absolute_uri("/")

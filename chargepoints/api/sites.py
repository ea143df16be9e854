"""Sites."""

from django.shortcuts import get_object_or_404
from ninja import Query, Router

from chargepoints.api.answers import answers
from chargepoints.api.auth import ApiRequest
from chargepoints.api.schemas.common import asked_nothing, next_page
from chargepoints.api.schemas.sites import SitePage, SitesAsked, SiteShape
from chargepoints.permissions import sites_for
from chargepoints.selectors.api_pages import SiteCounts, site_counts, sites_page

router = Router(tags=["Sites"])


@router.get("/sites", response=answers(SitePage), operation_id="sites", summary="List sites")
def sites(request: ApiRequest, asked: Query[SitesAsked]) -> SitePage:
    """The sites that this key may see, with how many charge points they have. Archived ones are left out."""
    rows, more = sites_page(request.auth, asked.after, asked.limit)
    counts = site_counts(request.auth, rows)
    items = [SiteShape.of(row, counts.get(row.pk, SiteCounts())) for row in rows]
    return SitePage(items=items, next=next_page(request, after=rows[-1].pk) if more else None)


@router.get("/sites/{int:id}", response=answers(SiteShape, 404), operation_id="site", summary="One site")
def site(request: ApiRequest, id: int) -> SiteShape:  # noqa: A002 - the field's name
    """One site by its id."""
    asked_nothing(request)
    found = get_object_or_404(sites_for(request.auth).select_related("team__organisation"), pk=id)
    return SiteShape.of(found, site_counts(request.auth, [found]).get(found.pk, SiteCounts()))

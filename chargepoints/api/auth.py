"""Who calls: the key in the Authorization header, and how often it may."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security.http import HttpAuthBase

from chargepoints.api.problems import TooMany
from chargepoints.selectors.api_keys import api_key_find
from chargepoints.services.api_keys import api_key_used
from hub.http import remote_address
from hub.limits import Budget, limits, source_of
from hub.teams.models import ApiKey


class ApiRequest(HttpRequest):
    """A request that has been let in. `auth` is what the permission functions take; sessions do not count here."""

    auth: ApiKey
    budget: Budget | None


class ApiKeyAuth(HttpAuthBase):
    """A key made on the page *API keys*, as `Authorization: Bearer hub_...`; never in the address."""

    openapi_scheme = "bearer"
    openapi_description = (
        "A key made on the page API keys: `Authorization: Bearer hub_...`. Never put it in an address."
    )

    def __call__(self, request: HttpRequest) -> ApiKey:
        """The key of `request`. Raises AuthenticationError (always the same one) or TooMany."""
        scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
        found = api_key_find(presented.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise self._refusal(request, presented)
        caller = cast("ApiRequest", request)
        caller.budget = limits.take(f"api-key:{found.pk}", settings.API_PER_MINUTE)
        if caller.budget is not None and caller.budget.is_spent:
            raise TooMany(caller.budget)
        api_key_used(api_key=found, address=remote_address(request))
        return found

    def _refusal(self, request: HttpRequest, presented: str) -> Exception:
        """A wrong key counts against its address; a good one from the same address is still let in."""
        if presented:
            source = source_of(remote_address(request))
            budget = limits.take(f"api-failed:{source}", settings.API_FAILED_PER_MINUTE)
            if budget is not None and budget.is_spent:
                return TooMany(budget)
        return AuthenticationError()

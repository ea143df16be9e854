"""What charging costs at a site or a charge point, and which price group may be chosen there."""

from django.utils import timezone

from chargepoints.models import ChargePoint, Site
from chargepoints.permissions import Person, organisations_for, price_groups_for
from chargepoints.rendering.prices import price_words, vat_words
from chargepoints.selectors.prices import price_for, price_group_of
from hub.teams.choices import Right

Context = dict[str, object]


def price_choice(person: Person, site: Site, charge_point: ChargePoint | None = None) -> Context | None:
    """What the card about prices shows on a site's or charge point's page; None for who has no money there."""
    organisation = site.team.organisation_id
    if not organisations_for(person, Right.MONEY).filter(pk=organisation).exists():
        return None
    group = price_group_of(site, charge_point)
    price = price_for(group, timezone.now())
    chosen = charge_point.price_group_id if charge_point else site.price_group_id
    return {
        "group": group,
        "chosen": chosen,
        "words": price_words(price) if price else "",
        "vat": vat_words(price) if price else "",
        "groups": price_groups_for(person).filter(organisation=organisation).order_by("name"),
        "of": f"charge_point-{charge_point.pk}" if charge_point else f"site-{site.pk}",
        "wider": "as the site" if charge_point else "the default",
    }

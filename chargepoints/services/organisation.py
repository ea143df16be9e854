"""Organisations and their teams: named, made, removed. Who may is the caller's."""

from django.db import transaction

from chargepoints.exceptions import ChangeRefused
from chargepoints.selectors.organisation import team_contents
from hub.audit.records import Actor, Place, audit_record, facts_of
from hub.teams.models import Organisation, Team

FACTS = ("name", "requires_second_factor")


@transaction.atomic
def organisation_edit(
    *, actor: Actor, organisation: Organisation, name: str, requires_second_factor: bool
) -> Organisation:
    """Rename an organisation, or ask a second factor of its people. Raises ValidationError by field."""
    stored = Organisation.objects.select_for_update().get(pk=organisation.pk)
    before = facts_of(stored, *FACTS)
    stored.name, stored.requires_second_factor = name, requires_second_factor
    stored.full_clean()
    stored.save(update_fields=FACTS)
    place = Place(organisation_id=stored.pk)
    audit_record(actor=actor, act="edited", obj=stored, place=place, before=before, after=facts_of(stored, *FACTS))
    return stored


@transaction.atomic
def team_create(*, actor: Actor, organisation: Organisation, name: str) -> Team:
    """A new team. Raises ValidationError by field."""
    team = Team(organisation=organisation, name=name)
    team.full_clean()
    team.save(force_insert=True)
    audit_record(actor=actor, act="created", obj=team, place=_place(team), after=facts_of(team, "name", "organisation"))
    return team


@transaction.atomic
def team_rename(*, actor: Actor, team: Team, name: str) -> Team:
    """Rename a team. Raises ValidationError by field."""
    stored = Team.objects.select_for_update().get(pk=team.pk)
    before = facts_of(stored, "name")
    stored.name = name
    stored.full_clean()
    stored.save(update_fields=["name"])
    audit_record(
        actor=actor, act="renamed", obj=stored, place=_place(stored), before=before, after=facts_of(stored, "name")
    )
    return stored


@transaction.atomic
def team_remove(*, actor: Actor, team: Team) -> None:
    """Remove a team that has nothing in it. Raises ChangeRefused and says what it has."""
    stored = Team.objects.select_for_update().get(pk=team.pk)
    if contents := team_contents(stored):
        raise ChangeRefused(contents_words(stored, contents))
    audit_record(actor=actor, act="removed", obj=stored, place=_place(stored), before=facts_of(stored, "name"))
    stored.delete()


def contents_words(team: Team, contents: list[str]) -> str:
    """Why a team with these things in it cannot be removed."""
    listed = " and ".join(filter(None, (", ".join(contents[:-1]), contents[-1])))
    return f"{team} still has {listed}. Give them to another team first."


def _place(team: Team) -> Place:
    return Place(organisation_id=team.organisation_id, team_id=team.pk)

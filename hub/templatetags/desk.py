"""Small pieces of the desk's interface, available in every template."""

from django import template

register = template.Library()

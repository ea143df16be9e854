"""The demo's people, sites and chargers. Pure data; `manage.py seed_demo` puts it into a database."""

"""`manage.py ca init` and `manage.py ca show`: the operator's own certificate authority."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chargepoints import authority
from chargepoints.certificates import CertificateProblem, fingerprint, pem


class Command(BaseCommand):
    """Make or show the authority that signs the client certificates of chargers."""

    help = "init: make the authority's key and certificate in HUB_CA_DIR. show: print its certificate."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do."""
        parser.add_argument("what", choices=["init", "show"])

    def handle(self, *args: object, what: str, **options: object) -> None:
        """Make or show it. Raises CommandError when it is there already, or not there."""
        if what == "init":
            try:
                authority.create()
            except (CertificateProblem, OSError) as problem:
                raise CommandError(str(problem)) from None
            self.stdout.write(f"Made {authority.key_path()} (keep it secret) and {authority.certificate_path()}.")
        found = authority.authority()
        if found is None:
            raise CommandError(f"There is no authority in {settings.CA_DIR}. Make one: manage.py ca init")
        self.stdout.write(f"Subject {found.subject.rfc4514_string()}")
        self.stdout.write(f"Valid until {found.not_valid_after_utc:%Y-%m-%d}")
        self.stdout.write(f"SHA-256 {fingerprint(found)}")
        self.stdout.write(pem(found))

"""What the launcher says when it cannot go on."""


class LauncherError(Exception):
    """A condition the user can change; the message is the whole sentence to print."""

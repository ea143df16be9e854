"""A person's own affairs: sign-in in two steps, second factor, password, sessions, profile."""

"""The one exception that a user of the commands is meant to read."""


class UserError(Exception):
    """A mistake the user can mend: one clear line that says what was wrong and what to do.

    The command line prints the message without a traceback and exits with status 2.
    """

"""The project's own errors. Their texts hold no personal data: they end in logs."""


class SwitchbackError(Exception):
    """Base of all; `permanent` says that trying the same again cannot help."""

    permanent = True


class ConfigurationError(SwitchbackError):
    """The environment does not describe a program that may start; the text says what to set."""


class NotFoundError(SwitchbackError):
    """There is no such thing, or not for the one who asks."""


class ForbiddenError(SwitchbackError):
    """The one who asks may not do this."""


class ConflictError(SwitchbackError):
    """Someone else was first, or the thing has moved on."""


class InvalidInputError(SwitchbackError):
    """A value from outside is not usable; `field` is its name where it was entered."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class UnavailableError(SwitchbackError):
    """Something we depend on does not answer now; trying again later may help."""

    permanent = False

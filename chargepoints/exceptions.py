"""What can go wrong in the domain and is told to a person."""


class ActionRefused(Exception):
    """A remote action that is not offered now; the message says why, in words for the operator.

    `field` names the parameter that is wrong, where it is about one: another value may be taken.
    """

    def __init__(self, message: str = "", *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class PaymentRefused(Exception):
    """Money cannot move as asked; the message is a sentence for the person who asked."""


class MemberRefused(Exception):
    """A change of a membership or an invitation that is not possible; the message says why, in words for the person."""


class ChangeRefused(Exception):
    """A change that the facts do not allow; the message says why and what to do, in words for the operator."""

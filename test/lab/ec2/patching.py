"""How moto's classes are given what they lack, and how a call is refused."""

from moto.ec2.exceptions import EC2ClientError


class Refusal(EC2ClientError):
    def __init__(self, code, message):
        super().__init__(code, message)


def replace(owner, name):
    """The decorated function takes the place of a method of moto's, which it gets as its first argument."""

    def decorate(function):
        original = getattr(owner, name)
        setattr(owner, name, lambda self, *args, **options: function(original, self, *args, **options))
        return function

    return decorate

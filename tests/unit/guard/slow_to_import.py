"""A module that takes longer to import than its calls may take."""

import time

time.sleep(0.4)


def echo(value: object) -> object:
    return value

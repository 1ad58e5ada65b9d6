"""`python -m fastloss.testing [LOSS ...]`: check the losses named, or those of all other packages."""

import argparse
import sys

from fastloss.core.loss import REGISTRY, lookup
from fastloss.core.plugins import package_of
from fastloss.testing import checks


def main(arguments: list[str] | None = None) -> int:
    """Check, print a line for each loss, and return 1 if one fails."""
    parser = argparse.ArgumentParser(prog="python -m fastloss.testing", description=__doc__)
    parser.add_argument("losses", nargs="*", help="names of losses; without it, those of all other packages")
    given = parser.parse_args(arguments)
    try:
        every = [lookup(name) for name in given.losses] or [
            loss for loss in REGISTRY.values() if package_of(loss) != "fastloss"
        ]
    except ValueError as error:
        parser.error(str(error))
    if not every:
        print("no other package declares a loss")
    code = 0
    for loss in every:
        wrong: list[str] = []
        for check in checks(loss):
            try:
                check()
            except AssertionError as error:
                wrong.append(str(error))
        print(f"{loss.name} of {loss.__module__}: {f'{len(wrong)} checks failed' if wrong else 'ok'}")
        for one in wrong:
            print(f"  {one}")
        code = code or bool(wrong)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())

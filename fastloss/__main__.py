"""`python -m fastloss` is the command `fastloss`."""

from fastloss.cli import main

main()

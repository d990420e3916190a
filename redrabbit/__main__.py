"""`python -m redrabbit` is the command `redrabbit`."""

import sys

from redrabbit.cli import main

if __name__ == "__main__":
    sys.exit(main())

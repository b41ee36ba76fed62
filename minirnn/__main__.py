"""`python -m minirnn`: the same as the command `minirnn`."""

import sys

from minirnn.cli import main

sys.exit(main())

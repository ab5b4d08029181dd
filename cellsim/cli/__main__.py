"""`python -m cellsim.cli`, the same as `cellsim`."""

import sys

from cellsim.cli import main

sys.exit(main())

"""The command ``overparam``, as ``python -m overparam``."""

import sys

from overparam.cli import main

sys.exit(main())

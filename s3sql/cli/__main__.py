"""``python -m s3sql.cli``: the command, where no script is installed."""

from __future__ import annotations

import sys

from s3sql.cli import main

sys.exit(main())

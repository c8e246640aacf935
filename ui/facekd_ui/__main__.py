"""`python -m facekd_ui` opens the window."""

import sys

from facekd_ui.app import main

sys.exit(main())

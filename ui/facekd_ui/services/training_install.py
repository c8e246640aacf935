"""What the extra `train` of this package brings, from the package's own metadata."""

import re
from importlib import metadata

EXTRA = re.compile(r"""\s*;.*extra\s*==\s*['"]train['"].*""")


def requirements() -> list[str]:
    """Its requirements as pip reads them."""
    found = metadata.requires("facekd") or []
    return [EXTRA.sub("", one).strip() for one in found if EXTRA.search(one)]

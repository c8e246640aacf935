"""Face recognition without a window: from a camera's frame to a name.

Read in this order: `types` (what passes between the stages), `sources` (frames), `detect`, `align`, `quality`,
`embed`, `gallery` and `search`, `track`, and `recognise`, which joins them. `models` finds and checks model
files. The package needs no torch, no Qt and no SQL.
"""

from importlib.metadata import version

__version__ = version("facekd")

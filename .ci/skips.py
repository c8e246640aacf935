"""Fails when a test run skipped a test that the list of expected skips does not name.

    python3 .ci/skips.py PYTEST_LOG LIST

pytest's `-ra` prints `SKIPPED [n] path:line: reason`; the list has one `n path` a line: at most so many in that file.
"""

import re
import sys
from collections import Counter
from pathlib import Path

log, listed = (Path(argument).read_text(encoding="utf-8") for argument in sys.argv[1:3])
allowed = {path: int(count) for count, path in (line.split() for line in listed.splitlines() if line.strip())}
skipped: Counter[str] = Counter()
for count, path in re.findall(r"^SKIPPED \[(\d+)\] ([^:\s]+):\d+", log, re.MULTILINE):
    skipped[path] += int(count)
extra = {path: count for path, count in skipped.items() if count > allowed.get(path, 0)}
if extra:
    print("\n".join(f"{count} {path}" for path, count in sorted(skipped.items())))
    sys.exit(
        f"more tests were skipped than {sys.argv[2]} names: {extra}; above stands what the list would have to be"
    )
print(f"{skipped.total()} tests skipped, all expected")

"""The parts of bench/ui.py: what it prepares, and the programs that it starts and that measure themselves.

`homes` and `film` prepare, `screen` gives a screen and runs a program on it; `start`, `live`, `people` and `cameras`
are those programs: each does one thing in the real window and prints one JSON line. `fake_cameras` is what the last
one watches.
"""

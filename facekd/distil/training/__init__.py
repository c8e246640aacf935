"""The trainer: read `run` (configuration to objects), `loop` (the steps), `checkpoint`, `progress` (what the window
hears and says), then `export` and `compare`. `session` joins them for the child process.
"""

"""What does not run in the interface thread.

Read `task` (background work with progress, cancel and one of done, failed, cancelled), `tasks` (the same with busy
cursor and card by the 250 and 600 ms rule), then the live path: `capture`, `inference`, `boxes` (boxes between
recognitions) and `feed`, which joins them for the Live page.
"""

"""The one window: rail, top bar, status line and the pages between them.

Read `pages` (what a page is to the shell), `actions`, then `rail`, `top_bar`, `status_line`, `finder` (Ctrl+K), `keys`
(F1) and last `window`, which holds them. Nothing here knows a service: `facekd_ui.workplace` hands in functions.
"""

"""How the window looks: one file of tokens, and what is made of it.

Read `tokens` (colours and type), then `fonts`, `palette`, `stylesheet`, `paper` (what a stylesheet cannot draw),
`icons`, and last `theme`, which applies all of it and changes it at run time.
"""

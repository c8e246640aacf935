"""The study of docs/distillation.md: one pair of networks, seven methods, the same search for each.

`plan.py` says which trials there are, `study.py` runs them with the project's own trainer and writes a line of JSON for
each, `table.py` turns the lines into the tables of the document. Run with `PYTHONPATH=bench python -m distill.study`.
"""

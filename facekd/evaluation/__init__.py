"""How good a recogniser is: 1:1 verification and open-set 1:N identification.

Read `intervals` (what a number of comparisons can carry), `pairs` and `verification`, then `identification`;
`faces` turns packed crops and folders of photographs into the embeddings that both compare. Only `faces` runs
networks, everything else is arithmetic on arrays.
"""

"""Training of recognisers by distillation; the only part of the library that needs torch.

Read in this order: `networks/stages.py` (what a network shows), `teachers` (who is learnt from), `losses`
(pure functions), `methods/base.py` (how losses, student and teacher meet), then any one method; `methods/kd.py` is
the shortest. `data` and `training` feed and run them.
"""

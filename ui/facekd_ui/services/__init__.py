"""Use cases: what an operator can do, whether through a page or through the command line. No Qt, no torch.

Read in this order: `base` (`Desk`, `Service`, the check of rights), `logins` and `account`, `people`, `examination`
and `enrolment` (photographs to templates), `imports`, `stored_gallery` and `recognition`, `photo`, `recording` and
`spool` (events that are never lost), `records` and `export`, `accounts`, `shared`, `audit`, `maintenance`,
`retention`. `everything.Services` holds one of each for a session.

Who may call what stands in `facekd_ui.session.RIGHTS`. A method does one thing in one transaction, with its audit row
in the same one; rows of the audit log name people by id only. Looking at lists and photographs leaves no row, because
a row a keystroke would bury the others; looking at one person's file, exports and refusals do.

Methods block: pages call them on the pools. What takes long is told to a `progress.Watch`.
"""

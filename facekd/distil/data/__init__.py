"""Images for training: read `imageset` (what a set is), then one reader each (`packed`, `folder`, `cifar`,
`tinyimagenet`), `split` (who is kept for validation), `augment` and `views` (how an image is varied, reproducibly) and
`knowledge` (what the teacher said about every view, kept on disk).

A reader is a function `(path) -> Listing`. Adding a format: one file and one line in `READERS`.
"""

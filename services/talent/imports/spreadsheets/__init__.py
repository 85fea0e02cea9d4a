"""Opening and writing spreadsheets that strangers made: always in a child process with limits, never in the service.

`limited` starts the child and is what the service uses; `child` is its main program; `opening`, `reading` and
`annotating` run in the child only. Nothing here knows the database, the broker or what talent does with a row.
"""

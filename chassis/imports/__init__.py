"""Imports: files in pieces, opened in a limited child process, applied row by row, answered with a verdict for each row.

Lives here: everything but the kinds. A kind (``ImportKind``) is a value of a service: columns, how a row is read, how rows are
applied. The child process imports this package, so nothing here may import the broker or the database.
"""

"""The kinds of files talent imports. How files are uploaded, read and applied is the chassis' (``chassis.imports``)."""

"""The city's report (进展报告): programmes and definitions of figures, kept here, counted by the services, and written.

``programmes`` and ``outlines`` keep the records, ``parameters`` counts those of them that are figures, ``counting`` sends the
definitions to whoever counts them, ``composing`` makes the report of the answers, ``displays`` writes numbers as an office does,
``pages`` the text and the page. Source: programmes, M7; ADR 0031.
"""

"""Declared fields at work: the columns of files made from them, and the cells of those columns as values.

Lives here: what every service that has declared fields needs. Not here: the shape of a declaration (``contracts.language.declared``).
"""

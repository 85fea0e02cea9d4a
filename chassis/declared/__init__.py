"""Declared fields (``contracts.language.declared``): reading a record's values by them, and what is made from them."""

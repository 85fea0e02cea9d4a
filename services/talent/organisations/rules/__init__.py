"""The law of organisations: credit codes, names as they are compared."""

"""The law of people: documents, names, phones, e-mail addresses, masking, and what happens when reports meet."""

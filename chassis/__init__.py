"""The microservice chassis: nameko, kombu and SQLAlchemy made safe. Not one business word lives here."""

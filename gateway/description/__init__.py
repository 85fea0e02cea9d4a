"""The description of the API: OpenAPI 3.1 and the page to try it out."""

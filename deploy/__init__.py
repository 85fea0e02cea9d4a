"""Deployment: images and the compose file, alerts, secrets, SBOM, and the platform on one machine (``deploy.local``)."""

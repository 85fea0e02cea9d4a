"""Events: from the outbox through the relay to the handlers, with retries."""

"""RabbitMQ: connections, publishing with confirms, consuming per lane, and the topology."""

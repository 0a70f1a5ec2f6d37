"""`make beyond`: several hosts, PgBouncer in transaction mode and RabbitMQ, disturbed and judged."""

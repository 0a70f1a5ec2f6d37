"""Models of what others write and read: campaigns, batches, messages, files, results, webhooks."""

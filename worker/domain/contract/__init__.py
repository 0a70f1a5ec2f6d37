"""What other systems and operators write and read: campaigns, batches, messages, files, results, webhooks."""

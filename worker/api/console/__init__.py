"""The console: what an operator sees and does in a browser. Pages of HTML that work without a script."""

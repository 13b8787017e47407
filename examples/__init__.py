"""Real data sets turned into landing folders: what a business does once for its own files."""

"""From delivered files to typed landing tables: find, read, accept."""

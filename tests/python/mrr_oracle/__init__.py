"""MRR read a second time from the delivered files, and set against the models."""

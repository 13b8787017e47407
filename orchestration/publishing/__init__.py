"""Publishing: the audited marts become files that readers may hold open, in one rename."""

"""Asset checks: thin wrappers around orchestration.quality."""

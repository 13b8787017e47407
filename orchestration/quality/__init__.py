"""The guards: what is delivered is checked in SQL before anything is taken."""

"""A seeded sample of all inputs, made by a stated process whose truth is written beside it.

It imports nothing of the rest of the package, neither the contract nor what estimates: what it
says of the truth can then be held against what the warehouse finds. How one block of people comes
about: people -> purchases -> orders, subscriptions, contacts -> mess -> files.
"""

"""Electronic seals on documents (PDF, PAdES): made, and examined. Whose is believed is judged above, in relying/seals.py."""

SEALING = "urn:idverify:seal"
"""The scope of a root in a trust list that may seal documents, beside the types of credential that it may issue."""
SEAL = "seal"
"""The same, as operators write it."""

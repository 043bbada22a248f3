"""A person's wallet: keys and credentials in a private folder, taken from issuers, shown to relying parties.

It is for tests, demonstrations and operators: its keys lie in files of this machine, not in the hardware of a phone.
"""

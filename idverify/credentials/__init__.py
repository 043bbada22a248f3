"""Signed answers and credentials: how verdicts, SD-JWT VCs, status lists and QR slips are made, and their strict validators."""

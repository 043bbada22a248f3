"""Seals on documents, held against PDFs that were written by hand to deceive."""

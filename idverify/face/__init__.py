"""Faces as arrays: decode, detect, mark, align, judge the quality, embed, compare. No model session lives here."""

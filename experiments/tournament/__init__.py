"""Tournaments out of files: how one is read, who enters, and how it is played."""

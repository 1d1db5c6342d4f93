"""A study as a file: what every kind of study has, how one is read, and what its errors say."""

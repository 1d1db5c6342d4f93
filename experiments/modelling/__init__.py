"""Studies of a model: its parameters, what is measured, and its pictures."""

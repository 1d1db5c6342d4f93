"""Pages of the documentation that follow from the code, written before each build."""

"""Studies that answer a question: a design, what would be a yes, and a figure; one file each."""

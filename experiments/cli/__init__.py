"""The command line, a command or a family of commands a file."""

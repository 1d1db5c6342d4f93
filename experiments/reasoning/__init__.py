"""Studies of reasoning agents: their sections, their world, their examination, and questions."""

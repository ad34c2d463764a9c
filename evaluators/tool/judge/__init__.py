"""A language model as the judge of tool definitions."""

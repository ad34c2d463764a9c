"""Records as text: one JSON object a record, and what makes such a text legal; shared by generators that write text."""

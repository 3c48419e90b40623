"""A guest book: visitors leave notes, and everyone can read them."""

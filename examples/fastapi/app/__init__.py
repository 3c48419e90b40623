"""A guest book: people leave notes, everyone reads them."""

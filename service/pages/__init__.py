"""The pages: ask, read the evidence, search, look through the documents, run the index. Server-rendered; the
scripts only save clicks, and every page but the streaming of an answer works without them."""

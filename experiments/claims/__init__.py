"""Claims of the article as data, and what sampled worlds and quoted figures say to each."""

"""A page for a class: the laboratory with sliders, live or baked into one file."""

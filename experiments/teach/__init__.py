"""A page for a class: the laboratory with sliders, simulated on each change."""

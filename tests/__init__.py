"""A package, not only a folder: else one of this name that a dependency installs would hide it."""

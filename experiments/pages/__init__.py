"""Pages of docs and README that are written from conf or from a run."""

"""Questions put to the model: runs, sweeps, analyses, figures and the class-room page."""

"""The scratch file: series of a run in the making, in the order in which they are stored at last.

Every worker writes its worlds into one file on disk, which the parent then reads as columns without a copy.
A file, not shared memory, because containers often allow no more than 64 MB of that.
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Scratch:
    """Series of all worlds, (series, world, response, month) in float32."""

    path: Path
    series: int
    worlds: int
    responses: int
    months: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Return series, worlds, responses and months."""
        return self.series, self.worlds, self.responses, self.months

    def write(self, first: int, record: Float32Array) -> None:
        """Write some worlds' series to their place; whoever comes first reserves the whole file.

        Shapes: record (series, month, response, world).
        Raises: OSError if the disk is full.
        """
        size = int(np.prod(self.shape)) * np.dtype(np.float32).itemsize
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # Where a file system cannot reserve, the C library writes zeros: one worker must do it alone.
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.fstat(handle).st_size < size:
                reserve(handle, size)
        finally:
            os.close(handle)
        mapped = np.memmap(self.path, np.float32, "r+", shape=self.shape)
        mapped[:, first : first + record.shape[3]] = record.transpose(0, 3, 2, 1)

    def columns(self) -> Float32Array:
        """Return every series as one column, read only. Shapes: (series, world * response * month)."""
        mapped: Float32Array = np.memmap(self.path, np.float32, "r", shape=self.shape)
        return mapped.reshape(self.series, -1)


def reserve(handle: int, size: int) -> None:
    """Give an open file its full size on disk.

    A full disk is an error here; met while writing to the mapping, it would kill the process.

    Raises: OSError if the disk is full.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    else:
        os.truncate(handle, size)

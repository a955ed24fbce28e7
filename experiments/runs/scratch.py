"""The scratch file: series of a run in the making, in slices of rows as the table of series is written.

Every worker writes its worlds into one file on disk, of which nobody ever holds more than a slice or a batch.
A file, not shared memory, because containers often allow no more than 64 MB of that.
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]

SLICE_ROWS = 40960
"""Two row groups of the table: writing fewer rows at a time takes longer, more takes more memory."""
_ITEM = np.dtype(np.float32).itemsize


@dataclass(frozen=True)
class Scratch:
    """Series of all worlds in float32: a row a world, response and month, in this order.

    The file holds slice after slice of rows, and in each (series, row).
    """

    path: Path
    series: int
    worlds: int
    responses: int
    months: int

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return self.worlds * self.responses * self.months

    @property
    def slices(self) -> list[tuple[int, int]]:
        """Return the slices, from row and to before."""
        starts = range(0, self.rows, SLICE_ROWS)
        return [(start, min(start + SLICE_ROWS, self.rows)) for start in starts]

    def write(self, first: int, record: Float32Array) -> None:
        """Write some worlds' series to their place; whoever comes first reserves the whole file.

        Shapes: record (series, month, response, world).
        Raises: OSError if the disk is full.
        """
        each = self.responses * self.months
        begin, end = first * each, (first + record.shape[3]) * each
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._reserve(handle)
            for number, one in enumerate(record):
                rows = one.T.ravel()
                for start, stop in self.slices[begin // SLICE_ROWS : -(-end // SLICE_ROWS)]:
                    low, high = max(begin, start), min(end, stop)
                    place = start * self.series + number * (stop - start) + low - start
                    _write(handle, memoryview(rows[low - begin : high - begin]).cast("B"), place * _ITEM)
        finally:
            os.close(handle)

    def read(self, start: int, stop: int) -> Float32Array:
        """Return a slice. Shapes: (series, row)."""
        count, place = self.series * (stop - start), start * self.series
        return np.fromfile(self.path, np.float32, count, offset=place * _ITEM).reshape(self.series, -1)

    def _reserve(self, handle: int) -> None:
        """Give an open file its full size on disk: a disk too small is found after the first batch.

        Where a file system cannot reserve, the C library writes zeros: one worker must do it alone.
        """
        size = self.series * self.rows * _ITEM
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_size < size:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(handle, 0, size)
            else:
                os.truncate(handle, size)
        fcntl.flock(handle, fcntl.LOCK_UN)


def _write(handle: int, data: memoryview, place: int) -> None:
    while data:
        written = os.pwrite(handle, data, place)
        data, place = data[written:], place + written

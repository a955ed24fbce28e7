"""Join Parquet files of the same columns into one, row group after row group, without decoding them.

DuckDB writes a Parquet file from one query, whose columns have to be there as a whole. A table too large for
that is written in parts, by several threads. Joined, they hold the row groups of one file. Pages are copied
as they are; only the footers are read, which say where in the file pages lie.

Source: the Parquet format's `parquet.thrift`; Thrift's compact protocol.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias

from experiments.config.errors import RunError

MAGIC = b"PAR1"
_BLOCK = 1 << 20
"""Bytes copied at a time."""
_TAIL = 8
"""Bytes behind the footer: its length and the magic word."""

# Types of Thrift's compact protocol.
_TRUE, _FALSE, _BYTE, _SHORT, _LONG, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 4, 6, 7, 8, 9, 10, 12

Wanted: TypeAlias = Mapping[int, "Wanted"] | str
"""Fields of a struct, or of each of a list, by their number in parquet.thrift; or a name to note one by."""
_NOTHING: Wanted = {}
_ROWS, _GROUPS, _PLACE, _INDEX = "rows", "groups", "place", "index"
_FILE: Wanted = {3: _ROWS, 4: _GROUPS}
# Of a chunk of a column: where its pages, an index, a dictionary and a Bloom filter lie.
_CHUNK: Wanted = {3: {9: _PLACE, 10: _PLACE, 11: _PLACE, 14: _PLACE}, 4: _INDEX, 6: _INDEX}
_GROUP: Wanted = {1: _CHUNK, 5: _PLACE}

Noted: TypeAlias = list[tuple[str, int, int]]
"""Names of fields, and where in the footer their values begin and end."""


class Joined:
    """A Parquet file in the making, to which whole files are added in turn."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self._first = b""
        self._rows = 0
        self._groups: list[bytes] = []

    def add(self, path: Path) -> None:
        """Copy a Parquet file behind those before it; all have the same columns.

        Raises: RunError if its footer says what cannot be carried over; OSError if the disk is full.
        """
        with path.open("rb") as part:
            part.seek(-_TAIL, os.SEEK_END)
            start = part.tell() - int.from_bytes(part.read(4), "little")
            part.seek(start)
            footer = part.read()[:-_TAIL]
            if not self._first:
                self._first = footer
                self.file.write(MAGIC)
            moved = self.file.tell() - len(MAGIC)
            for name, begin, _ in _file_fields(footer):
                if name == _ROWS:
                    self._rows += _integer(footer, begin)
                else:
                    self._groups += _moved_groups(footer, begin, moved)
            part.seek(len(MAGIC))
            for place in range(len(MAGIC), start, _BLOCK):
                self.file.write(part.read(min(_BLOCK, start - place)))

    def close(self) -> None:
        """Write the footer: that of the first file, with the rows and row groups of all.

        Raises: OSError if the disk is full.
        """
        count = len(self._groups)
        head = bytes([count << 4 | _STRUCT]) if count < 15 else bytes([15 << 4 | _STRUCT]) + _natural(count)
        of_all = {_ROWS: _signed(self._rows), _GROUPS: head + b"".join(self._groups)}
        pieces, done = [], 0
        for name, begin, end in _file_fields(self._first):
            pieces += [self._first[done:begin], of_all[name]]
            done = end
        footer = b"".join([*pieces, self._first[done:]])
        self.file.write(footer + len(footer).to_bytes(4, "little") + MAGIC)


def _file_fields(footer: bytes) -> Noted:
    noted: Noted = []
    _end(footer, 0, _STRUCT, _FILE, noted)
    return noted


def _moved_groups(footer: bytes, place: int, moved: int) -> list[bytes]:
    """Return the row groups of a footer as they are described where they have moved by so many bytes."""
    groups = []
    count, _, place = _list_head(footer, place)
    for _ in range(count):
        noted: Noted = []
        done, place = place, _end(footer, place, _STRUCT, _GROUP, noted)
        pieces = []
        for name, begin, end in noted:
            if name == _INDEX:
                raise RunError(
                    "this version of DuckDB writes indexes of pages, which cannot be joined; take 2.0"
                )
            pieces += [footer[done:begin], _signed(_integer(footer, begin) + moved)]
            done = end
        groups.append(b"".join([*pieces, footer[done:place]]))
    return groups


def _end(data: bytes, place: int, kind: int, wanted: Wanted, noted: Noted) -> int:
    """Return where a value of some type ends, having noted the wanted fields in it."""
    if _SHORT <= kind <= _LONG:
        while data[place] >= 0x80:
            place += 1
        return place + 1
    if kind == _BINARY:
        length, place = _unsigned(data, place)
        return place + length
    if kind == _STRUCT:
        number = 0
        while head := data[place]:
            place += 1
            if head >> 4:
                number += head >> 4
            else:
                number, place = _integer(data, place), _end(data, place, _SHORT, _NOTHING, noted)
            inner = _NOTHING if isinstance(wanted, str) else wanted.get(number, _NOTHING)
            begin, place = place, _end(data, place, head & 15, inner, noted)
            if isinstance(inner, str):
                noted.append((inner, begin, place))
        return place + 1
    if kind in (_LIST, _SET):
        count, inner_kind, place = _list_head(data, place)
        for _ in range(count):
            # In a list, unlike in a struct, a truth value takes a byte.
            place = _end(data, place, _BYTE if inner_kind in (_TRUE, _FALSE) else inner_kind, wanted, noted)
        return place
    return place + {_TRUE: 0, _FALSE: 0, _BYTE: 1, _DOUBLE: 8}[kind]


def _list_head(data: bytes, place: int) -> tuple[int, int, int]:
    """Return how many elements a list has, of which type, and where the first begins."""
    head = data[place]
    count, place = _unsigned(data, place + 1) if head >> 4 == 15 else (head >> 4, place + 1)
    return count, head & 15, place


def _unsigned(data: bytes, place: int) -> tuple[int, int]:
    """Return a number and where it ends."""
    value = shift = 0
    while True:
        value |= (data[place] & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if data[place - 1] < 0x80:
            return value, place


def _integer(data: bytes, place: int) -> int:
    value, _ = _unsigned(data, place)
    return value >> 1 ^ -(value & 1)


def _natural(value: int) -> bytes:
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def _signed(value: int) -> bytes:
    return _natural(value << 1 if value >= 0 else (-value << 1) - 1)

"""Where an ELF program ends, and which other ELF programs its data holds."""

import struct
from dataclasses import dataclass

MAGIC = b"\x7fELF"
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT = struct.Struct("<IIQQQQQQ")
SECTION = struct.Struct("<IIQQQQIIQQ")
LITTLE_ENDIAN_64 = b"\x02\x01\x01"  # class, data and version of the identification
EXECUTABLE, SHARED = 2, 3
LOAD = 1
NO_BITS = 8  # of a section without bytes in the file


@dataclass(frozen=True)
class Range:
    """Bytes of a file, the end excluded."""

    start: int
    end: int

    def holds(self, start, size):
        return self.start <= start and start + size <= self.end


@dataclass(frozen=True)
class Image:
    """An ELF program within some bytes: all of it, and what the kernel loads."""

    extent: Range
    loaded: tuple


def read_image(data, start=0, end=None):
    """The program whose header is at `start`; None when there is no valid one.

    Nothing of it may lie behind `end`.
    """
    end = len(data) if end is None else end
    if start + HEADER.size > end:
        return None
    (ident, kind, machine, version, _, segments_at, sections_at, _, header_size,
     segment_size, segments, section_size, sections, names) = HEADER.unpack_from(data, start)
    if (ident[:7] != MAGIC + LITTLE_ENDIAN_64 or any(ident[9:]) or version != 1
            or kind not in (EXECUTABLE, SHARED) or machine == 0
            or header_size != HEADER.size or segment_size != SEGMENT.size
            or (sections and (section_size != SECTION.size or names >= sections))):
        return None
    used = [Range(0, HEADER.size), Range(segments_at, segments_at + segments * SEGMENT.size)]
    if sections:
        used.append(Range(sections_at, sections_at + sections * SECTION.size))
    if any(start + part.end > end for part in used):
        return None
    loaded = []
    for i in range(segments):
        kind, _, offset, _, _, size, _, _ = SEGMENT.unpack_from(
            data, start + segments_at + i * SEGMENT.size)
        used.append(Range(offset, offset + size))
        if kind == LOAD:
            loaded.append(Range(start + offset, start + offset + size))
    for i in range(sections):
        _, kind, _, _, offset, size, *_ = SECTION.unpack_from(
            data, start + sections_at + i * SECTION.size)
        if kind not in (0, NO_BITS):
            used.append(Range(offset, offset + size))
    last = start + max(part.end for part in used)
    if not loaded or last > end:
        return None
    return Image(Range(start, last), tuple(loaded))


def embedded_images(data, outer):
    """Programs in the loaded data of `outer`, not those within one of them.

    One lies wholly within a segment. The magic alone, which programs that read
    ELF hold as a constant, is none.
    """
    found = []
    for segment in sorted(outer.loaded, key=lambda part: part.start):
        position = max(segment.start, outer.extent.start + 1)
        while (position := data.find(MAGIC, position, segment.end)) >= 0:
            image = read_image(data, position, segment.end)
            if image:
                found.append(image)
            position = image.extent.end if image else position + 1
    return found

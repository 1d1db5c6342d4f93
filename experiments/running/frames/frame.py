"""A frame: one world, after one tick, as bytes for a page to draw.

    u32 magic, tick, n, total   f32 ticks a second   u32 flags   f32 width, height   u32 json bytes
    the JSON, padded with spaces to a multiple of 4
    u16 x[n]   u16 y[n]   u8 shade[n]   u8 size[n]

All little endian. x and y are 0..65535 over the width and the height, y upwards; a shade is the
number of a class, or 0..255 from low to high; a size of 64 is an ordinary dot. JSON knows no NaN:
what is not finite is null.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MAGIC = 0x314D464E
PAUSED, LIVE, SPACE, FINISHED = 1, 2, 4, 8
"""Flags."""
HEADER = struct.Struct("<4IfI2fI")
ORDINARY = 64
"""The size of an ordinary dot."""


class FrameError(ValueError):
    """Bytes that are no frame."""


@dataclass(frozen=True)
class Frame:
    """What is shown.

    Attributes:
        tick: when; total: how many agents are alive.
        x, y: float[n], 0..1; shade, size: uint8[n].
        width, height: of the space, or of the plane that groups are laid out on.
        space: whether the world has a space of its own.
        facts: the JSON; or texts of JSON, name to text, in `encoded`.
    """

    tick: int
    total: int
    x: np.ndarray
    y: np.ndarray
    shade: np.ndarray
    size: np.ndarray
    width: float = 1.0
    height: float = 1.0
    space: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    encoded: Mapping[str, str] = field(default_factory=dict)

    def pack(self, ticks_per_s: float = 0.0, flags: int = 0) -> bytes:
        """The bytes; `flags` beside that of a space."""
        parts = {**{name: as_json(value) for name, value in self.facts.items()}, **self.encoded}
        text = "{" + ",".join(f"{json.dumps(name)}:{part}" for name, part in parts.items()) + "}"
        data = text.encode()
        data += b" " * (-len(data) % 4)
        header = HEADER.pack(
            MAGIC,
            self.tick,
            len(self.x),
            self.total,
            ticks_per_s,
            flags | (SPACE if self.space else 0),
            self.width,
            self.height,
            len(data),
        )
        places = (_places(self.x), _places(self.y))
        shades = (np.asarray(each, np.uint8).tobytes() for each in (self.shade, self.size))
        return b"".join([header, data, *places, *shades])


def unpack(data: bytes) -> tuple[Frame, float, int]:
    """The frame, ticks a second and flags of some bytes; FrameError if they are none."""
    if len(data) < HEADER.size:
        raise FrameError(f"{len(data)} bytes are no frame: a header alone has {HEADER.size}")
    magic, tick, n, total, speed, flags, width, height, length = HEADER.unpack_from(data)
    if magic != MAGIC or len(data) != HEADER.size + length + 6 * n:
        raise FrameError("no frame: it begins with NFM1, and is as long as its header says")
    facts = json.loads(data[HEADER.size : HEADER.size + length])
    rest = data[HEADER.size + length :]
    x, y = np.frombuffer(rest[: 4 * n], "<u2").reshape(2, n) / 65535
    shade, size = np.frombuffer(rest[4 * n :], np.uint8).reshape(2, n)
    space = bool(flags & SPACE)
    return Frame(tick, total, x, y, shade, size, width, height, space, facts), speed, flags


def as_json(value: Any) -> str:
    """JSON in which whatever is not finite is null."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False, separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _places(share: np.ndarray) -> bytes:
    held: bytes = (np.clip(share, 0, 1) * 65535 + 0.5).astype("<u2").tobytes()
    return held


def scaled(values: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Values as shades uint8[n], and the low and high that 0 and 255 stand for.

    The one per cent at either end share a shade, so that few odd ones do not take all colour.
    """
    values = np.asarray(values, float)
    seen = values[np.isfinite(values)]
    if not len(seen):
        return np.zeros(len(values), np.uint8), 0.0, 1.0
    low, high = (float(each) for each in np.quantile(seen, [0.01, 0.99]))
    if high <= low:
        low, high = float(seen.min()), float(seen.max())
    over = max(high - low, 1e-300)
    shade = np.clip((np.nan_to_num(values, nan=low) - low) / over, 0, 1) * 255
    return shade.astype(np.uint8), low, high

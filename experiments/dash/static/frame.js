// A frame: one moment of a world, as the server sends it. Little endian, all parts aligned:
//
//   u32 magic  u32 tick  u32 shown  u32 total  f32 ticks/s  u32 flags  f32 width  f32 height
//   u32 bytes of JSON, the JSON, x u16[shown], y u16[shown], shade u8[shown], size u8[shown]

const MAGIC = 0x314d464e; // "NFM1"
const HEAD = 36;
const FLAGS = { paused: 1, live: 2, space: 4, finished: 8, cells: 16 };

/** Something came that is not a whole frame. */
export class FrameError extends Error {}

/**
 * Read a frame; its columns are views of the buffer, nothing is copied.
 * Throws FrameError if the buffer is not a frame or is cut short.
 */
export function readFrame(buffer) {
  if (buffer.byteLength < HEAD) throw new FrameError("shorter than the head of a frame");
  const head = new DataView(buffer, 0, HEAD);
  if (head.getUint32(0, true) !== MAGIC) throw new FrameError("not a frame of this version");
  const shown = head.getUint32(8, true), flags = head.getUint32(20, true);
  const bytes = head.getUint32(32, true), columns = HEAD + bytes;
  if (bytes % 4 !== 0 || buffer.byteLength < columns + 6 * shown) {
    throw new FrameError("a frame that is cut short");
  }
  const frame = {
    tick: head.getUint32(4, true),
    shown,
    total: head.getUint32(12, true),
    speed: head.getFloat32(16, true),
    width: head.getFloat32(24, true) || 1,
    height: head.getFloat32(28, true) || 1,
    x: new Uint16Array(buffer, columns, shown),
    y: new Uint16Array(buffer, columns + 2 * shown, shown),
    shade: new Uint8Array(buffer, columns + 4 * shown, shown),
    size: new Uint8Array(buffer, columns + 5 * shown, shown),
    parts: readParts(new Uint8Array(buffer, HEAD, bytes)),
  };
  for (const [name, bit] of Object.entries(FLAGS)) frame[name] = (flags & bit) !== 0;
  return frame;
}

function readParts(bytes) {
  if (bytes.length === 0) return {};
  try {
    const parts = JSON.parse(new TextDecoder().decode(bytes));
    return parts !== null && typeof parts === "object" ? parts : {};
  } catch {
    throw new FrameError("a frame whose JSON cannot be read");
  }
}

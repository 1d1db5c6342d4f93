// Dots and squares with soft edges, set into the pixels of an image: as fast for 100,000 agents as
// memory can be written, where a path for each would take a second.

const PHASES = 4; // positions within a pixel, each way: slow movers glide, they do not hop
const STEP = 4; // radii are rounded to quarters of a pixel
const MASKS_MAX = 2000;

/**
 * An image of a fixed size whose pixels are 0xAABBGGRR.
 *
 * `blot` sets one dot, `block` one rectangle; `show` puts all on a canvas of that size.
 */
export class Stamps {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.image = new ImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.masks = new Map();
  }

  clear(colour) {
    this.pixels.fill(colour);
  }

  show(context) {
    context.putImageData(this.image, 0, 0);
  }

  /** A disc around (x, y), in pixels, over what is there. */
  blot(x, y, radius, colour) {
    const left = Math.floor(x), top = Math.floor(y);
    const mask = this.mask(radius, x - left, y - top), reach = mask.reach;
    if (left + reach < 0 || top + reach < 0) return;
    if (left - reach >= this.width || top - reach >= this.height) return;
    const { dx, dy, cover } = mask, { pixels, width, height } = this;
    if (left >= reach && top >= reach && left + reach < width && top + reach < height) {
      const at = top * width + left;
      for (let i = 0; i < dx.length; i++) {
        const pixel = at + dy[i] * width + dx[i];
        pixels[pixel] = cover[i] === 256 ? colour : mix(pixels[pixel], colour, cover[i]);
      }
      return;
    }
    for (let i = 0; i < dx.length; i++) {
      const column = left + dx[i], row = top + dy[i];
      if (column >= 0 && row >= 0 && column < width && row < height) {
        const pixel = row * width + column;
        pixels[pixel] = mix(pixels[pixel], colour, cover[i]);
      }
    }
  }

  /** A rectangle from (x, y) to (x + wide, y + high), in whole pixels. */
  block(x, y, wide, high, colour) {
    const left = Math.max(Math.round(x), 0), right = Math.min(Math.round(x + wide), this.width);
    const top = Math.max(Math.round(y), 0), bottom = Math.min(Math.round(y + high), this.height);
    if (left >= right) return;
    for (let row = top; row < bottom; row++) {
      this.pixels.fill(colour, row * this.width + left, row * this.width + right);
    }
  }

  mask(radius, x, y) {
    const size = Math.max(Math.round(radius * STEP), 2);
    const column = Math.floor(x * PHASES), row = Math.floor(y * PHASES);
    const key = (size * PHASES + row) * PHASES + column;
    let mask = this.masks.get(key);
    if (mask === undefined) {
      if (this.masks.size >= MASKS_MAX) this.masks.clear();
      mask = makeMask(size / STEP, (column + 0.5) / PHASES, (row + 0.5) / PHASES);
      this.masks.set(key, mask);
    }
    return mask;
  }
}

// Which pixels a disc covers, and how much of each, in 256ths.
function makeMask(radius, x, y) {
  const reach = Math.ceil(radius + 1), dx = [], dy = [], cover = [];
  for (let row = -reach; row <= reach; row++) {
    for (let column = -reach; column <= reach; column++) {
      const far = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      const share = Math.round(256 * Math.min(Math.max(radius + 0.5 - far, 0), 1));
      if (share > 8) {
        dx.push(column);
        dy.push(row);
        cover.push(share);
      }
    }
  }
  return {
    reach, dx: Int16Array.from(dx), dy: Int16Array.from(dy), cover: Uint16Array.from(cover),
  };
}

// The new colour over the old: two channels at a time.
function mix(old, colour, cover) {
  const rest = 256 - cover;
  const outer = ((old & 0xff00ff) * rest + (colour & 0xff00ff) * cover) >>> 8;
  const inner = (((old >>> 8) & 0xff) * rest + ((colour >>> 8) & 0xff) * cover) >>> 8;
  return (0xff000000 | (outer & 0xff00ff) | (inner << 8)) >>> 0;
}

/** A pixel of red, green and blue. */
export function pixelOf([red, green, blue]) {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

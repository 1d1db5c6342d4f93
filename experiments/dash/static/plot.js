// The paper that charts are drawn on: a canvas with axes, grid and labels, in the theme's colours.

import { short } from "./series.js";

const LETTERS = 11; // CSS pixels
const LINE = 13; // between two lines of letters

/** A canvas that knows its size in CSS pixels; `draw(plot)` is called whenever it must be redrawn. */
export class Plot {
  constructor(canvas, draw) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.draw = draw;
    this.theme = null;
    this.pointer = null; // in CSS pixels, while a mouse is over it
    this.width = this.height = 0;
    new ResizeObserver(() => this.fit()).observe(canvas);
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      this.pointer = [event.clientX - box.left, event.clientY - box.top];
      this.refresh();
    });
    canvas.addEventListener("pointerleave", () => {
      this.pointer = null;
      this.refresh();
    });
  }

  fit() {
    const box = this.canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
    this.width = box.width;
    this.height = box.height;
    this.canvas.width = Math.max(Math.round(box.width * scale), 1);
    this.canvas.height = Math.max(Math.round(box.height * scale), 1);
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.refresh();
  }

  refresh() {
    if (this.theme === null || this.width < 40 || this.height < 40) return;
    this.context.clearRect(0, 0, this.width, this.height);
    this.context.font = `${LETTERS}px ${this.theme.font}`;
    this.context.textBaseline = "middle";
    this.draw(this);
  }

  /**
   * Draw axes around a field and return where it lies and how numbers become places:
   * {left, right, top, bottom, x(value), y(value)}. `room` is kept free on the right for labels;
   * `words` writes the numbers of the upright axis.
   */
  axes({ x, y, room = 8, below = "", grid = true, words = short }) {
    const { context, theme, width, height } = this;
    const rows = stops(y[0], y[1], Math.max(Math.floor(height / 34), 2));
    const marks = rows.map(words);
    const left = Math.max(...marks.map((word) => context.measureText(word).width), 14) + 8;
    const box = { left, right: width - room, top: 7, bottom: height - 20 };
    box.x = (value) => left + ((value - x[0]) / (x[1] - x[0])) * (box.right - left);
    box.y = (value) => box.bottom - ((value - y[0]) / (y[1] - y[0])) * (box.bottom - box.top);
    context.fillStyle = theme.dim;
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    context.textAlign = "right";
    rows.forEach((value, i) => {
      const at = Math.round(box.y(value)) + 0.5;
      if (grid || i === 0) this.line(left, at, box.right, at);
      context.fillText(marks[i], left - 6, at);
    });
    this.axisBelow(box, x, below);
    return box;
  }

  axisBelow(box, x, below) {
    const { context } = this, columns = stops(x[0], x[1], Math.floor((box.right - box.left) / 48));
    const end = below ? box.right - context.measureText(below).width - 6 : Infinity;
    context.textAlign = "center";
    for (const value of columns) {
      const at = box.x(value), word = short(value), half = context.measureText(word).width / 2;
      if (at + half < Math.min(end, this.width) && at + 0.5 >= box.left) {
        context.fillText(word, Math.max(at, half), box.bottom + 11);
      }
    }
    context.textAlign = "right";
    if (below) context.fillText(below, box.right, box.bottom + 11);
  }

  line(x1, y1, x2, y2) {
    const { context } = this;
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
  }

  /** The room that labels at the right end of a field need. */
  roomFor(names) {
    const widest = Math.max(0, ...names.map((name) => this.context.measureText(name).width));
    return Math.min(widest, this.width * 0.32) + 12;
  }

  /**
   * Labels beside the right end, moved apart where they would overlap; the lightest go if there is
   * no room. Each is {text, y, colour, weight}.
   */
  labels(box, wanted) {
    const most = Math.max(Math.floor((box.bottom - box.top) / LINE) + 1, 1);
    const kept = [...wanted].sort((a, b) => b.weight - a.weight).slice(0, most);
    kept.sort((a, b) => a.y - b.y);
    let above = -Infinity;
    for (const label of kept) above = label.at = Math.max(label.y, above + LINE);
    let under = box.bottom + LINE;
    for (const label of [...kept].reverse()) under = label.at = Math.min(label.at, under - LINE);
    this.context.textAlign = "left";
    for (const { text, at, colour } of kept) {
      this.context.fillStyle = colour;
      this.context.fillText(this.fitted(text, this.width - box.right - 8), box.right + 6, at);
    }
  }

  /** A text cut so that it is no wider than so many pixels; "this > that" in both its parts. */
  fitted(text, width) {
    const { context } = this, fits = (words) => context.measureText(words).width <= width;
    if (fits(text)) return text;
    const parts = text.slice(0, 200).split(" > ");
    for (let letters = 8; parts.length === 2 && letters > 2; letters--) {
      const words = parts.map((part) => part.slice(0, letters)).join(" > ");
      if (fits(words)) return words;
    }
    let cut = text.slice(0, 60);
    while (cut && context.measureText(cut + "…").width > width) cut = cut.slice(0, -1);
    return cut + "…";
  }

  /** Lines of [text, colour] in a box beside the pointer. */
  tip(lines) {
    const { context, theme, pointer, width, height } = this;
    if (pointer === null || !lines.length) return;
    const wide = Math.max(...lines.map(([text]) => context.measureText(text).width)) + 14;
    const high = lines.length * LINE + 8;
    const left = pointer[0] + wide + 14 < width ? pointer[0] + 12 : pointer[0] - wide - 12;
    const top = Math.min(Math.max(pointer[1] - high / 2, 2), Math.max(height - high - 2, 2));
    context.fillStyle = theme.ground;
    context.strokeStyle = theme.line;
    context.beginPath();
    context.roundRect(Math.max(left, 2), top, wide, high, 4);
    context.fill();
    context.stroke();
    context.textAlign = "left";
    lines.forEach(([text, colour], i) => {
      context.fillStyle = colour;
      context.fillText(text, Math.max(left, 2) + 7, top + 4 + LINE * (i + 0.5));
    });
  }

  /** A word in the middle, where there is nothing to draw yet. */
  say(text) {
    this.context.fillStyle = this.theme.dim;
    this.context.textAlign = "center";
    this.context.fillText(text, this.width / 2, this.height / 2);
  }
}

/** Round numbers within a range, about as many as wanted: for the marks of an axis. */
export function stops(low, high, wanted) {
  const rough = (high - low) / Math.max(wanted, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((by) => by * power).find((size) => size >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    found.push(Number((i * step).toPrecision(12)));
  }
  return found.length ? found : [low];
}

/** The least and the greatest of the finite numbers of some columns, widened a little. */
export function range(columns, { zero = false } = {}) {
  let low = Infinity, high = -Infinity;
  for (const column of columns) {
    for (const value of column) {
      if (value < low && value > -Infinity) low = value;
      if (value > high && value < Infinity) high = value;
    }
  }
  if (low > high) return null;
  if (zero) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  if (low === high) return zero && low === 0 ? [0, 1] : [low - Math.abs(low || 1) * 0.05, high + Math.abs(high || 1) * 0.05];
  const margin = (high - low) * 0.06;
  return [zero && low === 0 ? 0 : low - margin, zero && high === 0 ? 0 : high + margin];
}

// The canvas of the world: every agent a dot, coloured by what the frame says; zoom, pan, hover.

import { classColour, hex, parse, roundColour, scaleColour } from "./colours.js";
import { pixelOf, Stamps } from "./stamps.js";

const SCALE_MAX = 2; // device pixels a CSS pixel: more cannot be seen, and costs
const ZOOM = [1, 60];
const COVER = 0.22; // share of the world that all dots together may cover
const RADII = [0.8, 6]; // CSS pixels of an ordinary dot, at least and at most
const ORDINARY = 64; // the size of an ordinary dot, as frames tell it
const SHADE = { name: "", classes: [], low: 0, high: 1, cyclic: false };
const HOVER = 14; // CSS pixels that the pointer may miss by

/** Draws frames on a canvas; `describe` is told, in words, of the agent under the pointer. */
export class WorldView {
  constructor(canvas, { redraw, describe }) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.redraw = redraw;
    this.describe = describe;
    this.frame = null;
    this.shade = SHADE;
    this.theme = null;
    this.pointer = null;
    this.home();
    new ResizeObserver(() => this.fit()).observe(canvas);
    this.listen();
  }

  home() {
    this.zoom = 1;
    this.centre = [0.5, 0.5]; // of the world, as shares of its width and height
  }

  setTheme(theme) {
    this.theme = theme;
    this.table = null;
    this.redraw();
  }

  /** Show this frame from now on. */
  show(frame) {
    this.frame = frame;
    if (frame.parts.shade) {
      this.shade = { ...SHADE, ...frame.parts.shade };
      if (!Array.isArray(this.shade.classes)) this.shade.classes = [];
      const key = JSON.stringify([this.shade.classes, this.shade.cyclic]);
      if (key !== this.key) this.table = null;
      this.key = key;
    }
  }

  fit() {
    const box = this.canvas.getBoundingClientRect();
    this.scale = Math.min(window.devicePixelRatio || 1, SCALE_MAX);
    const width = Math.max(Math.round(box.width * this.scale), 1);
    const height = Math.max(Math.round(box.height * this.scale), 1);
    if (this.stamps?.width === width && this.stamps?.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.stamps = new Stamps(width, height);
    this.redraw();
  }

  // Where the world lies on the canvas, in device pixels: left, top, and its size.
  place() {
    const { width, height } = this.canvas, { frame } = this;
    const fit = Math.min(width / frame.width, height / frame.height) * this.zoom;
    const wide = frame.width * fit, high = frame.height * fit;
    return {
      wide, high, left: width / 2 - this.centre[0] * wide,
      top: height / 2 - (1 - this.centre[1]) * high,
    };
  }

  draw() {
    if (!this.stamps || !this.theme) return;
    const { stamps, context, theme } = this;
    stamps.clear(pixelOf(parse(theme.panel)));
    if (this.frame !== null) {
      const at = this.place();
      stamps.block(at.left, at.top, at.wide, at.high, pixelOf(parse(theme.stage)));
      this.setAgents(at);
    }
    stamps.show(context);
    if (this.frame !== null && this.pointer !== null) this.point(this.place());
  }

  setAgents(at) {
    const { frame, stamps } = this, { x, y, shade, size } = frame;
    const colours = (this.table ??= this.colourTable());
    const wide = at.wide / 65535, high = at.high / 65535, { left } = at, bottom = at.top + at.high;
    if (frame.cells) {
      const cell = at.wide / frame.width, tall = at.high / frame.height;
      for (let i = 0; i < frame.shown; i++) {
        const middle = bottom - y[i] * high;
        stamps.block(left + x[i] * wide - cell / 2, middle - tall / 2, cell, tall,
          colours[shade[i]]);
      }
      return;
    }
    const ordinary = this.radius(at) / ORDINARY;
    for (let i = 0; i < frame.shown; i++) {
      stamps.blot(left + x[i] * wide, bottom - y[i] * high, size[i] * ordinary, colours[shade[i]]);
    }
  }

  // Of an ordinary dot, in device pixels: many agents get small ones, a near look larger ones.
  radius(at) {
    const room = (at.wide * at.high) / (this.zoom * this.zoom) / Math.max(this.frame.shown, 1);
    const low = RADII[0] * this.scale, high = RADII[1] * this.scale;
    const radius = Math.min(Math.max(Math.sqrt((room * COVER) / Math.PI), low), high);
    return radius * Math.sqrt(this.zoom);
  }

  colourTable() {
    const { classes } = this.shade, table = new Uint32Array(256);
    for (let i = 0; i < 256; i++) {
      table[i] = classes.length
        ? pixelOf(parse(i < classes.length ? this.classHex(i) : null))
        : pixelOf(this.scaleAt(i / 255));
    }
    return table;
  }

  scaleAt(share) {
    return this.shade.cyclic ? roundColour(share) : scaleColour(share);
  }

  classHex(number) {
    const colour = this.shade.classes[number]?.[1];
    return /^#[0-9a-f]{6}$/i.test(colour) ? colour : classColour(number);
  }

  /** Names and colours of what agents are coloured by, or the ends of a scale. */
  legend() {
    const { name, classes, low, high } = this.shade;
    if (!classes.length) {
      const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => hex(this.scaleAt(share)));
      return { name, classes: [], low, high, stops };
    }
    return { name, classes: classes.map((each, i) => [String(each[0]), this.classHex(i)]) };
  }

  // The agent nearest to the pointer, or -1.
  nearest(at) {
    const { frame, pointer } = this, bottom = at.top + at.high;
    const px = ((pointer[0] - at.left) / at.wide) * 65535;
    const py = ((bottom - pointer[1]) / at.high) * 65535;
    const stretch = (at.high / at.wide) ** 2;
    let best = -1, least = ((HOVER * this.scale) / at.wide * 65535) ** 2;
    for (let i = 0; i < frame.shown; i++) {
      const dx = frame.x[i] - px, dy = frame.y[i] - py, far = dx * dx + dy * dy * stretch;
      if (far < least) {
        least = far;
        best = i;
      }
    }
    return best;
  }

  point(at) {
    const { frame, context, theme } = this, found = this.nearest(at);
    if (found < 0) {
      this.describe("");
      return;
    }
    const x = at.left + (frame.x[found] / 65535) * at.wide;
    const y = at.top + at.high - (frame.y[found] / 65535) * at.high;
    const ring = (this.radius(at) * frame.size[found]) / ORDINARY + 3 * this.scale;
    context.strokeStyle = theme.text;
    context.lineWidth = 1.5 * this.scale;
    context.beginPath();
    context.arc(x, y, ring, 0, 2 * Math.PI);
    context.stroke();
    this.describe(this.words(found));
  }

  words(found) {
    const { frame } = this, { name, classes, low, high } = this.shade, raw = frame.shade[found];
    const value = classes.length
      ? (classes[raw]?.[0] ?? "other")
      : (low + (raw / 255) * (high - low)).toPrecision(3);
    const words = `${name || "agent"}: ${value}`;
    if (!frame.space) return words;
    const x = (frame.x[found] / 65535) * frame.width, y = (frame.y[found] / 65535) * frame.height;
    return `${words} at ${x.toFixed(1)}, ${y.toFixed(1)}`;
  }

  // Zoom, pan, hover

  listen() {
    const { canvas } = this;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY / 400), this.on(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.grip = this.on(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      this.pointer = this.on(event);
      if (this.grip) {
        this.move(this.pointer[0] - this.grip[0], this.pointer[1] - this.grip[1]);
        this.grip = this.pointer;
      }
      this.redraw();
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => (this.grip = null));
    }
    canvas.addEventListener("pointerleave", () => {
      this.pointer = null;
      this.describe("");
      this.redraw();
    });
    canvas.addEventListener("dblclick", () => this.reset());
    canvas.addEventListener("keydown", (event) => this.press(event));
  }

  on(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * this.scale, (event.clientY - box.top) * this.scale];
  }

  press(event) {
    const step = 40 * this.scale;
    const moves = {
      ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step],
    };
    if (event.key in moves) this.move(...moves[event.key]);
    else if (event.key === "+") this.zoomBy(1.4);
    else if (event.key === "-") this.zoomBy(1 / 1.4);
    else if (event.key === "0") this.reset();
    else return;
    event.preventDefault();
  }

  reset() {
    this.home();
    this.redraw();
  }

  /** Zoom around a point of the canvas, its middle if left out. */
  zoomBy(factor, around = [this.canvas.width / 2, this.canvas.height / 2]) {
    if (this.frame === null) return;
    const before = this.place();
    const share = [
      (around[0] - before.left) / before.wide, (around[1] - before.top) / before.high,
    ];
    this.zoom = Math.min(Math.max(this.zoom * factor, ZOOM[0]), ZOOM[1]);
    const after = this.place();
    this.move(
      around[0] - after.left - share[0] * after.wide, around[1] - after.top - share[1] * after.high,
    );
  }

  move(right, down) {
    if (this.frame === null) return;
    const at = this.place(), inside = (share) => Math.min(Math.max(share, 0), 1);
    this.centre = [inside(this.centre[0] - right / at.wide), inside(this.centre[1] + down / at.high)];
    if (this.zoom === 1) this.centre = [0.5, 0.5];
    this.redraw();
  }
}

// Columns over ticks that grow with a run and never beyond a bound.

const POINTS_MAX = 4000;
const GAP = { usual: 20, share: 0.04 }; // of the usual distance of two points, and of all ticks

/** Numbers by name over ticks; a number that is not known is NaN. */
export class Series {
  constructor() {
    this.ticks = [];
    this.columns = new Map();
    this.stride = 0; // ticks between two points that are kept; 0: all are
  }

  get length() {
    return this.ticks.length;
  }

  get last() {
    return this.ticks.length ? this.ticks[this.ticks.length - 1] : -Infinity;
  }

  names() {
    return [...this.columns.keys()];
  }

  get(name) {
    return this.columns.get(name) ?? [];
  }

  /** Take columns over ticks in place of all that was known up to their last tick. */
  load(ticks, columns) {
    const later = this.ticks.findIndex((tick) => tick > ticks[ticks.length - 1]);
    const kept = later < 0 ? [] : this.ticks.slice(later);
    const before = this.columns;
    this.columns = new Map();
    this.ticks = [...ticks, ...kept];
    for (const name of new Set([...Object.keys(columns), ...before.keys()])) {
      const old = later < 0 ? [] : (before.get(name) ?? []).slice(later);
      const known = Object.hasOwn(columns, name);
      const values = known ? columns[name] : new Array(ticks.length).fill(NaN);
      this.columns.set(name, [...values.map(number), ...old]);
    }
    this.thin();
  }

  /** Add the numbers of a tick; one that is not later than the last is left out. */
  add(tick, numbers) {
    if (tick < this.last + Math.max(this.stride, 1)) return false;
    for (const name of Object.keys(numbers)) {
      if (!this.columns.has(name)) {
        this.columns.set(name, new Array(this.ticks.length).fill(NaN));
      }
    }
    this.ticks.push(tick);
    for (const [name, values] of this.columns) values.push(number(numbers[name]));
    this.thin();
    return true;
  }

  // Every second point goes, so that old and new stay equally dense.
  thin() {
    while (this.ticks.length > POINTS_MAX) {
      const keep = (_, at) => at % 2 === 0;
      this.ticks = this.ticks.filter(keep);
      for (const [name, values] of this.columns) this.columns.set(name, values.filter(keep));
      this.stride = Math.max(1, (this.last - this.ticks[0]) / (this.ticks.length - 1));
    }
  }
}

function number(value) {
  return typeof value === "number" ? value : NaN;
}

/**
 * Ticks in pieces, [from, to) each: no line is drawn across a long time that nobody saw. The first
 * piece has at least three points if any has: one lonely early point would squeeze all others.
 */
export function pieces(ticks) {
  const { length } = ticks, sampled = [];
  for (let i = 1; i < length; i += Math.ceil(length / 200)) sampled.push(ticks[i] - ticks[i - 1]);
  const usual = sampled.sort((a, b) => a - b)[sampled.length >> 1];
  const long = Math.max(GAP.usual * usual, GAP.share * (ticks[length - 1] - ticks[0]));
  const found = [];
  let from = 0;
  for (let i = 1; i <= length; i++) {
    if (i === length || ticks[i] - ticks[i - 1] > long) {
      found.push([from, i]);
      from = i;
    }
  }
  const first = found.findIndex(([start, end]) => end - start > 2);
  return found.slice(Math.max(first, 0));
}

/** A number as a person reads it, short: 1,234, 12.3k, 0.0412. */
export function short(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  for (const [unit, letter] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    const by = letter === "k" ? 1e3 : unit;
    if (size >= unit) return trim((value / by).toFixed(size / by >= 100 ? 0 : 1)) + letter;
  }
  if (Number.isInteger(value)) return value.toLocaleString("en");
  if (size >= 100) return value.toFixed(0);
  if (size > 0 && size < 0.001) return value.toExponential(1);
  return trim(value.toPrecision(3));
}

function trim(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

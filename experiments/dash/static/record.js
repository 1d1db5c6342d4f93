// What is known of a run so far: its numbers over ticks, and the newest of all else.

import { classColour, GREY, hex, parse } from "./colours.js";
import { Series } from "./series.js";

const FAMILY = "families/";
const ENGINE = "use_";
const REST = new Set(["rest", "others", "other"]);
const FAMILIES_SHOWN = 11; // bands; all others are one

/** Metrics, families and engines over ticks, and the parts of frames by name. */
export class Record {
  constructor() {
    this.metrics = new Series();
    this.families = new Series();
    this.parts = Object.create(null);
    this.colours = new Map(); // of families, by name
    this.classes = new Map(); // of what agents are coloured by, by name
  }

  /** Metrics that were recorded before: {name: [numbers]}, one column "tick". */
  load(columns) {
    const ticks = Array.isArray(columns?.tick) ? columns.tick : [];
    if (!ticks.length) return;
    const metrics = {}, families = {};
    for (const [name, values] of Object.entries(columns)) {
      if (name === "tick" || !Array.isArray(values) || values.length !== ticks.length) continue;
      if (name.startsWith(FAMILY)) families[name.slice(FAMILY.length)] = values;
      else metrics[name] = values;
    }
    this.metrics.load(ticks, metrics);
    if (Object.keys(families).length) this.families.load(ticks, families);
  }

  /** What a frame tells. */
  take({ tick, parts }) {
    if (isPart(parts.metrics)) {
      const { tick: _, ...metrics } = parts.metrics;
      this.metrics.add(tick, metrics);
    }
    if (Array.isArray(parts.families)) {
      const sizes = parts.families.map((family) => [String(family.name), family.size]);
      this.families.add(tick, Object.fromEntries(sizes));
    }
    for (const [name, part] of Object.entries(parts)) {
      if (isPart(part)) this.parts[name] = part;
    }
  }

  has(...names) {
    return names.every((name) => this.metrics.columns.has(name));
  }

  /** The newest number of a metric. */
  latest(name) {
    return this.metrics.get(name).findLast((value) => Number.isFinite(value)) ?? NaN;
  }

  line(name, colour, dash) {
    return { name, values: this.metrics.get(name), colour, dash };
  }

  /** Engines as bands: how often each is asked. */
  engines() {
    const names = this.metrics.names().filter((name) => name.startsWith(ENGINE));
    return names.map((name, i) => ({
      name: name.slice(ENGINE.length), values: this.metrics.get(name), colour: classColour(i),
    }));
  }

  /** Families as bands, those that were largest over all ticks; the rest as one. */
  bands() {
    const all = this.families.names().map((name) => {
      const values = this.families.get(name);
      return { name, values, weight: values.reduce((sum, value) => sum + (value || 0), 0) };
    });
    const named = all.filter(({ name }) => !REST.has(name)).sort((a, b) => b.weight - a.weight);
    const bands = named.slice(0, FAMILIES_SHOWN).reverse();
    const rest = [...named.slice(FAMILIES_SHOWN), ...all.filter(({ name }) => REST.has(name))];
    for (const band of bands) band.colour = this.familyColour(band.name);
    if (!rest.length) return bands;
    const values = this.families.ticks.map((_, at) =>
      rest.reduce((sum, band) => sum + (band.values[at] || 0), 0));
    return [{ name: "rest", values, colour: GREY }, ...bands];
  }

  // A lighter or darker kind of the colour that the world's picture has for the family, or for the
  // first part of its name ("inductive > causal"); otherwise one of its own. It stays.
  familyColour(name) {
    if (!this.colours.has(name)) {
      const base = this.classes.get(name) ?? this.classes.get(name.split(" > ")[0]);
      const kin = [...this.colours.values()].filter((colour) => colour.base === base).length;
      const colour = base ? shaded(base, kin) : classColour(this.colours.size);
      this.colours.set(name, { base, colour });
    }
    return this.colours.get(name).colour;
  }
}

function isPart(part) {
  return part !== null && typeof part === "object";
}

// The first of a kind has the colour itself, others are by turns lighter and darker.
const SHADES = [[0, 0], [255, 0.4], [0, 0.3], [255, 0.65], [0, 0.48]];

function shaded(colour, kin) {
  const [towards, share] = SHADES[kin % SHADES.length];
  return hex(parse(colour).map((part) => part + (towards - part) * share));
}

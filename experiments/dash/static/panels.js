// The panels beside the world: each appears once the run has what it shows.

import { drawBars, drawCurves, drawFront, drawLines, drawStack } from "./charts.js";
import { classColour, PALETTE } from "./colours.js";
import { drawGraph, Graph } from "./graph.js";
import { Plot } from "./plot.js";
import { short } from "./series.js";

const [BLUE, ORANGE, GREEN, RED, SKY] = PALETTE;
const TELLING = ["heard", "wealth_gini"]; // metrics that are shown before others
const METRIC_PANELS = 3; // at most, of a run that has little else to show

// Each: a title, the metrics it covers, whether the run has it, how it is drawn (one function a
// canvas), and a short note on the present.
const KINDS = [
  {
    title: "Accuracy",
    covers: ["accuracy_mean", "accuracy_best"],
    has: (record) => record.has("accuracy_mean"),
    draws: [(plot, record) => {
      const lines = [record.line("accuracy_best", SKY), record.line("accuracy_mean", BLUE)];
      const known = lines.filter(({ name }) => record.has(name));
      for (const line of known) line.name = line.name.replace("accuracy_", "");
      drawLines(plot, record.metrics.ticks, known);
    }],
    note: (record) => `mean ${short(record.latest("accuracy_mean"))}`,
  },
  {
    title: "Families",
    covers: [],
    has: (record) => record.families.columns.size > 1,
    draws: [(plot, record) => drawStack(plot, record.families.ticks, record.bands())],
    note: () => "agents",
  },
  {
    title: "Pareto front",
    covers: [],
    has: (record) => record.parts.front !== undefined,
    draws: [(plot, record) => drawFront(plot, record.parts.front)],
    note: () => "accuracy by cost, light is novel",
  },
  {
    title: "Engine use",
    covers: [],
    has: (record) => record.engines().length > 0,
    draws: [(plot, record) =>
      drawStack(plot, record.metrics.ticks, record.engines(), { share: true })],
    note: () => "shares of all questions",
  },
  {
    title: "Market",
    covers: ["price", "demand", "sold"],
    has: (record) => record.has("price"),
    draws: [
      (plot, record) => drawLines(plot, record.metrics.ticks, [record.line("price", BLUE)]),
      (plot, record) => drawLines(plot, record.metrics.ticks, [
        record.line("demand", ORANGE), record.line("sold", BLUE, [5, 3]),
      ], { zero: true }),
    ],
    note: (record) => `price ${short(record.latest("price"))}`,
  },
  {
    title: "Wealth",
    covers: [],
    has: (record) => Array.isArray(record.parts.market?.wealth),
    draws: [(plot, record) => {
      const { wealth = [], edges = [] } = record.parts.market;
      drawBars(plot, wealth, edges, { colour: GREEN, below: "wealth" });
    }],
    note: (record) => {
      const gini = ["wealth_gini", "gini"].find((name) => record.has(name));
      return gini ? `agents; Gini ${short(record.latest(gini))}` : "agents";
    },
  },
  {
    title: "Rumours",
    covers: [],
    has: (record) => Array.isArray(record.parts.rumours?.heard),
    draws: [(plot, record) => drawCurves(plot, rumours(record), { below: "ticks since" })],
    note: (record) => String(record.parts.rumours.label ?? "share that has heard it"),
  },
  {
    title: "Memory",
    covers: [],
    has: (record) => record.parts.memory !== undefined,
    graph: true,
    draws: [],
    note: (record) => {
      const written = record.has("findings") ? ` of ${short(record.latest("findings"))}` : "";
      return `${(record.parts.memory.edges ?? []).length}${written} findings`;
    },
  },
];

const columnsFor = (count) => (count > 6 ? 3 : count > 3 ? 2 : 1);

function rumours(record) {
  const { heard, labels = [], label = "" } = record.parts.rumours;
  const curves = Array.isArray(heard[0]) ? heard : [heard];
  return curves.map((values, i) => ({
    name: String(labels[i] ?? `${label} ${i + 1}`), values, colour: classColour(i),
  }));
}

/** All panels in a container; `refresh` makes those that have become possible and redraws them. */
export class Panels {
  constructor({ charts, side, main }, record) {
    Object.assign(this, { container: charts, side, main, record });
    this.shown = new Map(); // by title
    this.theme = null;
    this.memory = new Graph();
    this.moving = false;
    this.metricPanels = [];
  }

  setTheme(theme) {
    this.theme = theme;
    for (const panel of this.shown.values()) this.draw(panel);
    for (const panel of this.metricPanels) this.draw(panel);
  }

  refresh() {
    const { record } = this;
    let grown = false;
    for (const kind of KINDS) {
      if (!this.shown.has(kind.title) && kind.has(record)) {
        this.shown.set(kind.title, this.make(kind));
        grown = true;
      }
    }
    if (record.parts.memory !== this.memorySeen) {
      this.memorySeen = record.parts.memory;
      this.memory.load(this.memorySeen);
      this.move();
    }
    grown = this.growMetrics() || grown;
    if (grown) this.arrange();
    for (const panel of [...this.shown.values(), ...this.metricPanels]) this.draw(panel);
  }

  // In the order of the kinds, metrics by choice last.
  arrange() {
    const kinds = KINDS.map(({ title }) => this.shown.get(title)).filter(Boolean);
    const all = [...kinds, ...this.metricPanels], many = all.length > 4;
    const beside = many ? all.filter(({ kind }) => kind.graph) : [];
    const panels = all.filter((panel) => !beside.includes(panel));
    this.side.replaceChildren(...beside.map(({ section }) => section));
    this.container.replaceChildren(...panels.map(({ section }) => section));
    this.container.dataset.columns = String(columnsFor(panels.length));
    this.main.dataset.panels = many ? "many" : "few";
  }

  make(kind) {
    const section = element("section", "panel"), head = element("header");
    const note = element("span", "note");
    const title = kind.choice ?? element("h2", "", kind.title);
    head.append(title, note);
    section.append(head);
    section.setAttribute("aria-label", kind.title);
    const panel = { kind, section, note, plots: [] };
    const draws = kind.graph ? [(plot) => drawGraph(plot, this.memory)] : kind.draws;
    for (const draw of draws) {
      const canvas = element("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${kind.title}, a chart`);
      section.append(canvas);
      panel.plots.push(new Plot(canvas, (plot) => draw(plot, this.record)));
    }
    return panel;
  }

  draw(panel) {
    const words = panel.kind.note(this.record);
    if (panel.note.textContent !== words) panel.note.textContent = words;
    for (const plot of panel.plots) {
      plot.theme = this.theme;
      plot.refresh();
    }
  }

  // The memory settles in its own time, every second frame, and then rests.
  move() {
    if (this.moving) return;
    this.moving = true;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      while (!this.memory.settled) this.memory.settle();
    }
    let even = false;
    const turn = () => {
      even = !even;
      if (even) {
        this.memory.settle();
        const panel = this.shown.get("Memory");
        if (panel) this.draw(panel);
      }
      this.moving = !this.memory.settled;
      if (this.moving) requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
  }

  // Metrics by choice

  growMetrics() {
    const names = this.record.metrics.names(), covered = new Set(KINDS.flatMap((kind) => kind.covers));
    const free = names.filter((name) => !covered.has(name) && !name.startsWith("use_"));
    const others = this.shown.size - (this.shown.has("Memory") ? 1 : 0);
    // Of a run that shows little else some more, and so many that they fill the last row.
    const columns = columnsFor(others + 1), gap = (columns - ((others + 1) % columns)) % columns;
    const room = Math.max(1 + gap, METRIC_PANELS - others);
    const varied = free.filter((name) => this.varies(name));
    const wanted = Math.min(room, Math.max(varied.length, free.length ? 1 : 0));
    let grown = false;
    while (this.metricPanels.length < wanted) {
      this.metricPanels.push(this.makeMetric(free));
      grown = true;
    }
    for (const { kind } of this.metricPanels) {
      offer(kind.choice, names);
      const better = this.telling(varied);
      if (!kind.chosen && better && !this.varies(kind.choice.value)) kind.choice.value = better;
    }
    return grown;
  }

  varies(name) {
    const values = this.record.metrics.get(name), first = values.find(Number.isFinite);
    return values.some((value) => Number.isFinite(value) && value !== first);
  }

  // Of some metrics one that no panel shows yet.
  telling(names) {
    const shown = new Set(this.metricPanels.map(({ kind }) => kind.choice.value));
    const open = names.filter((name) => !shown.has(name));
    return TELLING.find((name) => open.includes(name)) ?? open[0];
  }

  makeMetric(free) {
    const place = this.metricPanels.length, choice = element("select");
    choice.setAttribute("aria-label", "metric to show");
    const first = this.telling(free.filter((name) => this.varies(name))) ?? this.telling(free);
    offer(choice, this.record.metrics.names());
    choice.value = first;
    const colour = [BLUE, RED, GREEN][place % 3];
    const panel = this.make({
      title: "Metric", choice, covers: [],
      draws: [(plot, record) =>
        drawLines(plot, record.metrics.ticks, [record.line(choice.value, colour)])],
      note: (record) => short(record.latest(choice.value)),
    });
    choice.addEventListener("change", () => {
      panel.kind.chosen = true;
      this.draw(panel);
    });
    return panel;
  }
}

function offer(choice, names) {
  if (choice.options.length === names.length) return;
  const known = new Set([...choice.options].map((option) => option.value));
  for (const name of names) {
    if (!known.has(name)) choice.append(new Option(name, name));
  }
}

/** An element of a class with a text. */
export function element(tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

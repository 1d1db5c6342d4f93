// Charts: lines and stacked areas over ticks, histograms, curves, and dots of two measures.

import { hex, legible, scaleColour } from "./colours.js";
import { range } from "./plot.js";
import { pieces, short } from "./series.js";

const EMPTY = "nothing yet";
const percent = (share) => `${Number((100 * share).toFixed(1))}%`;

// Lines over ticks

/** Lines of [{name, values, colour, dash}] over ticks; `zero` keeps 0 in sight. */
export function drawLines(plot, ticks, lines, { zero = false, below = "tick" } = {}) {
  const y = range(lines.map((line) => line.values), { zero });
  if (y === null || ticks.length < 2) return plot.say(EMPTY);
  const room = lines.length > 1 ? plot.roomFor(lines.map((line) => line.name)) : 10;
  const parts = pieces(ticks), x = [ticks[parts[0][0]], ticks[ticks.length - 1]];
  const box = plot.axes({ x, y, room, below });
  for (const line of lines) {
    for (const part of parts) strokeLine(plot, box, ticks, line, part);
  }
  if (lines.length > 1) plot.labels(box, lines.map((line) => endLabel(plot, box, line)));
  pointAt(plot, box, ticks, lines);
}

function strokeLine(plot, box, ticks, { values, colour, dash = [] }, [start, end]) {
  const { context } = plot;
  context.strokeStyle = legible(colour, plot.theme);
  context.lineWidth = 1.6;
  context.lineJoin = "round";
  context.lineCap = dash.length ? "butt" : "round";
  context.setLineDash(dash);
  context.beginPath();
  let drawn = false;
  const step = (at, value) => {
    if (Number.isFinite(value)) {
      const x = box.x(ticks[at]), y = box.y(value);
      if (!drawn) context.moveTo(x, y);
      context.lineTo(x, y); // one that stands alone is a dot
    }
    drawn = Number.isFinite(value);
  };
  // Of many points that share a pixel only the least and the greatest can be seen.
  const each = Math.max(1, Math.floor(ticks.length / (2 * (box.right - box.left))));
  for (let from = start; from < end; from += each) {
    if (each === 1) {
      step(from, values[from]);
      continue;
    }
    let low = from, high = from;
    for (let at = from; at < Math.min(from + each, end); at++) {
      // What is not known hides nothing that is.
      if (values[at] < values[low] || Number.isNaN(values[low])) low = at;
      if (values[at] > values[high] || Number.isNaN(values[high])) high = at;
    }
    for (const at of low < high ? [low, high] : [high, low]) step(at, values[at]);
  }
  context.stroke();
  context.setLineDash([]);
  context.lineCap = "butt";
}

function endLabel(plot, box, { name, values, colour }) {
  const last = values.findLast((value) => Number.isFinite(value)) ?? 0;
  return { text: name, y: box.y(last), colour: legible(colour, plot.theme), weight: 1 };
}

// A line at the tick under the pointer, and what every column has there.
function pointAt(plot, box, ticks, columns, words = short) {
  const { pointer, context, theme } = plot;
  if (pointer === null || pointer[0] < box.left || pointer[0] > box.right) return;
  let at = 0;
  for (let i = 1; i < ticks.length; i++) {
    if (Math.abs(box.x(ticks[i]) - pointer[0]) < Math.abs(box.x(ticks[at]) - pointer[0])) at = i;
  }
  context.strokeStyle = theme.dim;
  context.lineWidth = 1;
  plot.line(box.x(ticks[at]), box.top, box.x(ticks[at]), box.bottom);
  const lines = columns.filter(({ values }) => Number.isFinite(values[at]));
  plot.tip([
    [`tick ${ticks[at].toLocaleString("en")}`, theme.dim],
    ...lines.slice(0, 14).map(({ name, values, colour }) => [
      `${plot.fitted(name, 130)}  ${words(values[at])}`, legible(colour, theme),
    ]),
  ]);
}

// Stacked areas over ticks

/** Bands of [{name, values, colour}], first at the bottom; as shares of all if `share`. */
export function drawStack(plot, ticks, bands, { share = false } = {}) {
  if (!ticks.length || !bands.length) return plot.say(EMPTY);
  if (ticks.length === 1) {
    const twice = bands.map((band) => ({ ...band, values: [band.values[0], band.values[0]] }));
    return drawStack(plot, [ticks[0], ticks[0] + 1], twice, { share });
  }
  const sums = ticks.map((_, at) => bands.reduce((sum, { values }) => sum + (values[at] || 0), 0));
  const top = share ? 1 : Math.max(...sums, 1e-12) * 1.04;
  const room = plot.roomFor(bands.map((band) => band.name));
  const parts = pieces(ticks), x = [ticks[parts[0][0]], ticks[ticks.length - 1]];
  const box = plot.axes({
    x, y: [0, top], room, below: "tick", grid: false, words: share ? percent : short,
  });
  let labels = [];
  for (const part of parts) {
    const points = sample(part, Math.ceil(plot.width));
    labels = pile(plot, box, ticks, bands, points, share ? sums : null);
  }
  plot.labels(box, labels.filter((label) => label.weight > 0));
  if (plot.pointer !== null) pointAtStack(plot, box, ticks, bands, share);
}

// Bands one above the other at some points, and the labels that belong to their right ends.
function pile(plot, box, ticks, bands, points, sums) {
  const labels = [], places = points.map((at) => ticks[at]), end = points.length - 1;
  let floor = points.map(() => 0);
  for (const { name, values, colour } of bands) {
    const ceiling = points.map((at, i) => floor[i] + (values[at] || 0) / (sums?.[at] || 1));
    fillBand(plot, box, places, floor, ceiling, colour);
    labels.push({
      text: name, y: box.y((ceiling[end] + floor[end]) / 2), weight: ceiling[end] - floor[end],
      colour: legible(colour, plot.theme),
    });
    floor = ceiling;
  }
  return labels;
}

function pointAtStack(plot, box, ticks, bands, share) {
  const sums = ticks.map((_, at) => bands.reduce((sum, { values }) => sum + (values[at] || 0), 0));
  const whole = (value, at) => (share ? value / (sums[at] || 1) : value);
  const shown = bands.map((band) => ({ ...band, values: band.values.map(whole) })).reverse();
  pointAt(plot, box, ticks, shown, share ? percent : short);
}

function fillBand({ context, theme }, box, ticks, floor, ceiling, colour) {
  context.fillStyle = colour;
  context.beginPath();
  ticks.forEach((tick, i) => context.lineTo(box.x(tick), box.y(ceiling[i])));
  for (let i = ticks.length - 1; i >= 0; i--) context.lineTo(box.x(ticks[i]), box.y(floor[i]));
  context.fill();
  context.strokeStyle = theme.panel;
  context.lineWidth = 0.5;
  context.beginPath();
  ticks.forEach((tick, i) => context.lineTo(box.x(tick), box.y(ceiling[i])));
  context.stroke();
}

// So many indices of a piece, evenly chosen, the first and the last among them.
function sample([from, to], most) {
  const count = Math.min(to - from, most);
  return Array.from({ length: count }, (_, i) =>
    from + (count > 1 ? Math.round((i * (to - from - 1)) / (count - 1)) : 0));
}

// Histograms

/** Bars of counts between edges. */
export function drawBars(plot, counts, edges, { colour, below = "" }) {
  if (!counts.length || edges.length !== counts.length + 1) return plot.say(EMPTY);
  const x = [edges[0], edges[edges.length - 1]];
  if (!(x[1] > x[0])) x[1] = x[0] + 1;
  const box = plot.axes({ x, y: [0, Math.max(...counts, 1) * 1.06], below, room: 10 });
  plot.context.fillStyle = colour;
  counts.forEach((count, i) => {
    const left = box.x(edges[i]), right = box.x(edges[i + 1]), top = box.y(count);
    if (count > 0) {
      plot.context.fillRect(left + 0.5, top, Math.max(right - left - 1, 1), box.bottom - top);
    }
  });
  const { pointer } = plot;
  if (pointer === null) return;
  const at = counts.findIndex((_, i) => pointer[0] >= box.x(edges[i]) && pointer[0] < box.x(edges[i + 1]));
  if (at >= 0) {
    const text = `${short(edges[at])} to ${short(edges[at + 1])}: ${short(counts[at])}`;
    plot.tip([[text, plot.theme.text]]);
  }
}

// Curves that begin at 0

/** Shares of [{name, values, colour}], each from its own beginning; the last is drawn strongest. */
export function drawCurves(plot, curves, { below }) {
  const longest = Math.max(0, ...curves.map((curve) => curve.values.length));
  if (longest < 1) return plot.say(EMPTY);
  const y = range(curves.map((curve) => curve.values), { zero: true }) ?? [0, 1];
  const ages = Array.from({ length: Math.max(longest, 2) }, (_, age) => age);
  const box = plot.axes({
    x: [0, ages.length - 1], y: [0, Math.min(y[1], 1.04)], room: 12, below, words: percent,
  });
  for (const { values, colour } of curves) {
    strokeLine(plot, box, ages, { values, colour }, [0, values.length]);
    const last = values.length - 1;
    plot.context.fillStyle = legible(colour, plot.theme);
    plot.context.beginPath();
    plot.context.arc(box.x(last), box.y(values[last]), 2.5, 0, 2 * Math.PI);
    plot.context.fill();
  }
  const { pointer } = plot;
  if (pointer === null) return;
  let best = null, least = 30;
  for (const curve of curves) {
    curve.values.forEach((value, age) => {
      const far = Math.hypot(box.x(age) - pointer[0], box.y(value) - pointer[1]);
      if (far < least) [least, best] = [far, { curve, age, value }];
    });
  }
  if (best !== null) {
    plot.tip([
      [plot.fitted(best.curve.name, 180), legible(best.curve.colour, plot.theme)],
      [`${percent(best.value)} after ${best.age} ticks`, plot.theme.text],
    ]);
  }
}

// Dots of two measures

/** Accuracy against cost, coloured by novelty; the first front is ringed, and
 * a line joins those that nobody beats in both. */
export function drawFront(plot, { accuracy = [], cost = [], novelty = [], rank = [] }) {
  const known = accuracy.map((_, i) => i)
    .filter((i) => Number.isFinite(accuracy[i]) && Number.isFinite(cost[i]));
  const x = range([known.map((i) => cost[i])]), y = range([known.map((i) => accuracy[i])]);
  if (x === null || y === null) return plot.say(EMPTY);
  const box = plot.axes({ x, y, room: 12, below: "cost" }), { context, theme } = plot;
  const sorted = known.map((i) => novelty[i]).filter(Number.isFinite).sort((a, b) => a - b);
  // Few odd ones must not take all the colour.
  const low = sorted[Math.floor(sorted.length * 0.05)] ?? 0;
  const high = sorted[Math.floor(sorted.length * 0.95)] ?? 1;
  const first = best(known, cost, accuracy);
  context.strokeStyle = theme.dim;
  context.lineWidth = 1;
  context.beginPath();
  first.forEach((i, at) => {
    if (at > 0) context.lineTo(box.x(cost[i]), box.y(accuracy[first[at - 1]]));
    context.lineTo(box.x(cost[i]), box.y(accuracy[i]));
  });
  context.stroke();
  for (const i of known) {
    const share = high > low ? (novelty[i] - low) / (high - low) : 0.5;
    context.fillStyle = hex(scaleColour(share));
    context.beginPath();
    context.arc(box.x(cost[i]), box.y(accuracy[i]), rank[i] === 0 ? 4 : 2.5, 0, 2 * Math.PI);
    context.fill();
    if (rank[i] === 0) {
      context.strokeStyle = theme.text;
      context.stroke();
    }
  }
  pointDot(plot, box, known, { accuracy, cost, novelty, rank });
}

// Those that nobody beats in both: dearer ones must be more accurate.
function best(known, cost, accuracy) {
  let most = -Infinity;
  return [...known].sort((a, b) => cost[a] - cost[b] || accuracy[b] - accuracy[a])
    .filter((i) => accuracy[i] > most && ((most = accuracy[i]), true));
}

function pointDot(plot, box, known, { accuracy, cost, novelty, rank }) {
  const { pointer, theme } = plot;
  if (pointer === null) return;
  const far = (i) => Math.hypot(box.x(cost[i]) - pointer[0], box.y(accuracy[i]) - pointer[1]);
  const nearest = known.reduce((a, b) => (far(a) <= far(b) ? a : b));
  if (far(nearest) > 16) return;
  plot.tip([
    [`accuracy ${short(accuracy[nearest])}`, theme.text], [`cost ${short(cost[nearest])}`, theme.text],
    [`novelty ${short(novelty[nearest])}`, theme.text], [`front ${rank[nearest] ?? "–"}`, theme.dim],
  ]);
}

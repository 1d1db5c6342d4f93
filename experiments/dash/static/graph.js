// The memory as a graph: nodes that push each other away, edges that pull, labels where they fit.

import { classColour, legible } from "./colours.js";

const NODES_MAX = 200;
const COOLING = 0.985; // of the heat of the layout, each step
const COLD = 0.02;
const REHEAT = 0.3; // when edges change; more the more nodes are new
const GRAVITY = 0.6;
const STEPS = 3; // of the layout for each time it is drawn

/** Nodes and edges with places that settle step by step; nodes keep theirs when the graph changes. */
export class Graph {
  constructor() {
    this.nodes = [];
    this.edges = [];
    this.heat = 0;
    this.key = "";
  }

  /** Take a new graph: {nodes: [label], edges: [[from, to, label, credence]]}. */
  load({ nodes = [], edges = [] }) {
    const labels = nodes.slice(0, NODES_MAX).map(String);
    const known = new Map(this.nodes.map((node) => [node.label, node]));
    const inside = (at) => Number.isInteger(at) && at >= 0 && at < labels.length;
    this.edges = edges
      .filter(([from, to]) => inside(from) && inside(to) && from !== to)
      .map(([from, to, label, credence]) => ({
        from, to, label: String(label ?? ""),
        credence: Math.min(Math.max(Number(credence ?? 1) || 0, 0), 1),
      }));
    this.nodes = labels.map((label, i) => known.get(label) ?? newcomer(label, i));
    for (const node of this.nodes) node.degree = 0;
    for (const { from, to } of this.edges) {
      for (const [one, other] of [[from, to], [to, from]]) {
        this.nodes[one].degree++;
        join(this.nodes[one], this.nodes[other], known);
      }
    }
    const key = JSON.stringify([labels, this.edges.map(({ from, to }) => [from, to])]);
    const strange = labels.filter((label) => !known.has(label)).length / Math.max(labels.length, 1);
    if (key !== this.key) this.heat = Math.max(this.heat, REHEAT + (1 - REHEAT) * strange);
    this.key = key;
  }

  get settled() {
    return this.heat < COLD || this.nodes.length === 0;
  }

  /** Move all nodes a little (Fruchterman and Reingold 1991, with a pull to the middle). */
  settle() {
    for (let step = 0; step < STEPS && !this.settled; step++) {
      const ideal = 0.85 / Math.sqrt(this.nodes.length);
      this.push(ideal);
      this.pull(ideal);
      for (const node of this.nodes) {
        node.dx -= node.x * GRAVITY;
        node.dy -= node.y * GRAVITY;
        const length = Math.hypot(node.dx, node.dy) || 1;
        const reach = Math.min(length * 0.05, 0.08 * this.heat);
        node.x += (node.dx / length) * reach;
        node.y += (node.dy / length) * reach;
      }
      this.heat *= COOLING;
    }
  }

  push(ideal) {
    const { nodes } = this;
    for (const node of nodes) node.dx = node.dy = 0;
    for (let i = 0; i < nodes.length; i++) {
      for (let j = 0; j < i; j++) {
        const x = nodes[i].x - nodes[j].x, y = nodes[i].y - nodes[j].y;
        const force = (ideal * ideal) / (x * x + y * y + 1e-6);
        nodes[i].dx += x * force;
        nodes[i].dy += y * force;
        nodes[j].dx -= x * force;
        nodes[j].dy -= y * force;
      }
    }
  }

  pull(ideal) {
    for (const { from, to } of this.edges) {
      const a = this.nodes[from], b = this.nodes[to], x = a.x - b.x, y = a.y - b.y;
      const force = Math.hypot(x, y) / ideal / Math.sqrt(Math.min(a.degree, b.degree));
      a.dx -= x * force;
      a.dy -= y * force;
      b.dx += x * force;
      b.dy += y * force;
    }
  }
}

// On a spiral: no two at the same place, and no chance is needed.
function newcomer(label, i) {
  const angle = i * 2.399963, far = 0.1 + 0.35 * Math.sqrt((i + 1) / NODES_MAX);
  return { label, x: far * Math.cos(angle), y: far * Math.sin(angle), dx: 0, dy: 0, degree: 0 };
}

// A newcomer begins beside the first of its neighbours that has a place.
function join(node, neighbour, known) {
  if (known.has(node.label) || node.degree > 1 || !known.has(neighbour.label)) return;
  node.x = neighbour.x * 1.1 + node.x * 0.1;
  node.y = neighbour.y * 1.1 + node.y * 0.1;
}

/** Draw a graph, and beside the pointer what the node under it is told to be. */
export function drawGraph(plot, graph) {
  if (!graph.nodes.length) return plot.say("nothing remembered yet");
  const { context, theme } = plot, at = placed(plot, graph);
  const over = under(plot, at);
  for (const { from, to, credence } of graph.edges) {
    const touched = over === from || over === to;
    context.strokeStyle = touched ? theme.accent : theme.dim;
    context.globalAlpha = touched ? 1 : (over < 0 ? 1 : 0.3) * (0.12 + 0.5 * credence);
    context.lineWidth = 0.6 + 1.2 * credence;
    plot.line(at[from].x, at[from].y, at[to].x, at[to].y);
  }
  context.globalAlpha = 1;
  context.lineWidth = 1;
  context.strokeStyle = theme.panel;
  const fill = legible(classColour(0), theme);
  graph.nodes.forEach((node, i) => {
    context.fillStyle = i === over ? theme.accent : fill;
    context.beginPath();
    context.arc(at[i].x, at[i].y, at[i].radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  });
  writeLabels(plot, graph, at);
  if (over >= 0) plot.tip(facts(plot, graph, over));
}

// Where every node lies on the paper: the layout fills it, whatever its shape.
function placed(plot, graph) {
  const xs = graph.nodes.map((node) => node.x), ys = graph.nodes.map((node) => node.y);
  const low = [Math.min(...xs), Math.min(...ys)];
  const wide = [Math.max(...xs) - low[0] || 1, Math.max(...ys) - low[1] || 1];
  const most = Math.max(1, ...graph.nodes.map((node) => node.degree));
  const side = 34, edge = 12;
  return graph.nodes.map((node) => ({
    x: side + ((node.x - low[0]) / wide[0]) * (plot.width - 2 * side),
    y: edge + ((node.y - low[1]) / wide[1]) * (plot.height - 2 * edge - 6),
    radius: 2.5 + 4 * Math.sqrt(node.degree / most),
  }));
}

function under({ pointer }, at) {
  if (pointer === null) return -1;
  const far = ({ x, y }) => Math.hypot(x - pointer[0], y - pointer[1]);
  const best = at.reduce((a, b, i) => (far(b) < far(at[a]) ? i : a), 0);
  return far(at[best]) < 14 ? best : -1;
}

// Of the nodes with most edges first, wherever a label hides no other.
function writeLabels(plot, graph, at) {
  const { context, theme } = plot, taken = [];
  const order = graph.nodes.map((_, i) => i)
    .sort((a, b) => graph.nodes[b].degree - graph.nodes[a].degree);
  context.fillStyle = theme.text;
  context.textAlign = "center";
  for (const i of order) {
    const text = plot.fitted(graph.nodes[i].label, 110);
    const half = context.measureText(text).width / 2 + 2;
    const x = Math.min(Math.max(at[i].x, half), plot.width - half);
    const y = at[i].y + at[i].radius + 8;
    const free = taken.every(([tx, ty, th]) => Math.abs(tx - x) > th + half || Math.abs(ty - y) > 12);
    if (free && y < plot.height - 4) {
      context.fillText(text, x, y);
      taken.push([x, y, half]);
    }
  }
}

function facts(plot, graph, node) {
  const name = (i) => plot.fitted(graph.nodes[i].label, 90);
  const touching = graph.edges.filter(({ from, to }) => from === node || to === node);
  const lines = touching.slice(0, 7).map(({ from, to, label, credence }) => [
    `${name(from)} ${plot.fitted(label, 110)} ${name(to)}  ${(100 * credence).toFixed(0)}%`,
    plot.theme.text,
  ]);
  const more = touching.length - lines.length;
  return [
    [graph.nodes[node].label.slice(0, 60), plot.theme.accent], ...lines,
    ...(more > 0 ? [[`and ${more} more`, plot.theme.dim]] : []),
  ];
}

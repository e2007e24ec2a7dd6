/**
 * A picture of a cluster as SVG: a column a node, its zone behind it, its servers on a card on top, and below a row a topic with
 * what each broker is for its partitions. The same cluster makes the same bytes.
 */
import { dot, fitted, group, line, rect, svg, text } from "./elements.ts";
import {
  markOf,
  zonesOf,
  type Mark,
  type Picture,
  type PictureNode,
  type PicturePartition,
  type PictureTopic,
} from "./picture.ts";

const margin = 28;
const columnWidth = 196;
const gap = 12;
const zonePadding = 12;
const zoneGap = 16;
const headHeight = 76;
const zoneHead = 28;
const chipHeight = 22;
const cell = { width: 24, height: 20, gap: 4 };
/** Above this many partitions a cell tells numbers. */
const drawnPartitions = 30;
const perRow = Math.floor((columnWidth - 20) / (cell.width + cell.gap));
const letter = { topic: 9, name: 9.5, address: 6.8 };

type Column = { readonly node: PictureNode; readonly x: number };
type ZoneBox = { readonly rack: string | null; readonly x: number; readonly width: number };
type Row = { readonly topic: PictureTopic; readonly y: number; readonly height: number };

export function diagram(picture: Picture): string {
  const { nodes, topics } = picture;
  const gutter = topics.length === 0 ? 0 : gutterWidth(topics);
  const { columns, zones, right } = columnsOf(nodes, margin + gutter);
  const cardTop = headHeight + (nodes.every(({ rack }) => rack === null) ? zonePadding : zoneHead);
  const cardHeight = 58 + chipHeight * Math.max(1, ...nodes.map(({ servers }) => servers.length));
  const rows = rowsOf(topics, cardTop + cardHeight + 18);
  const last = rows.at(-1);
  const bottom = last === undefined ? cardTop + cardHeight + zonePadding : last.y + last.height + 4;
  const legendY = bottom + 26;
  const width = Math.max(right + margin, 560);
  return svg(width, legendY + (topics.length === 0 ? 4 : 28), `${picture.cluster}: ${picture.about}`, [
    text("title", margin, 42, picture.cluster),
    text("about", margin, 62, `${picture.about} · ${countsOf(topics)}`),
    ...zones.flatMap((zone) => zoneParts(zone, bottom)),
    ...columns.map((column) => card(column, cardTop, cardHeight)),
    ...rows.flatMap((row) => rowParts(row, columns, right)),
    ...(topics.length === 0 ? [] : legend(legendY)),
  ]);
}

function gutterWidth(topics: readonly PictureTopic[]): number {
  const longest = Math.max(...topics.map(({ name }) => name.length));
  return Math.min(260, Math.max(132, Math.ceil(longest * letter.topic) + 20));
}

function columnsOf(
  nodes: readonly PictureNode[],
  from: number,
): { readonly columns: readonly Column[]; readonly zones: readonly ZoneBox[]; readonly right: number } {
  const columns: Column[] = [];
  const zones: ZoneBox[] = [];
  let x = from;
  for (const { rack, nodes: its } of zonesOf(nodes)) {
    const start = x;
    x += zonePadding;
    for (const node of its) {
      columns.push({ node, x });
      x += columnWidth + gap;
    }
    x += zonePadding - gap;
    zones.push({ rack, x: start, width: x - start });
    x += zoneGap;
  }
  return { columns, zones, right: x - zoneGap };
}

function rowsOf(topics: readonly PictureTopic[], from: number): readonly Row[] {
  let y = from;
  return topics.map((topic) => {
    const lines = isDrawn(topic) ? Math.ceil(mostInACell(topic) / perRow) : 1;
    const height = Math.max(44, lines * (cell.height + cell.gap) - cell.gap + 20);
    const row = { topic, y, height };
    y += height;
    return row;
  });
}

function isDrawn({ partitions }: PictureTopic): boolean {
  return partitions.length <= drawnPartitions;
}

/** The replicas of the broker that has most. */
function mostInACell({ partitions }: PictureTopic): number {
  const brokers = partitions.flatMap(({ replicas }) => replicas);
  return Math.max(
    1,
    ...Map.groupBy(brokers, (id) => id)
      .values()
      .map((list) => list.length),
  );
}

function zoneParts({ rack, x, width }: ZoneBox, bottom: number): readonly string[] {
  return [
    rect("zone", { x, y: headHeight, width, height: bottom - headHeight }, 12),
    ...(rack === null ? [] : [text("zone-name", x + zonePadding + 2, headHeight + 19, rack)]),
  ];
}

function card({ node, x }: Column, y: number, height: number): string {
  const room = columnWidth - 24;
  const servers = node.servers.flatMap(({ title, leads, up }, index) => {
    const at = y + 66 + chipHeight * index;
    return [
      dot(up ? "up" : "down", x + 17, at - 4),
      text("chip", x + 28, at, title),
      ...(leads === "" ? [] : [text("leads", x + columnWidth - 12, at, `★ ${leads}`)]),
    ];
  });
  const state = node.servers.map(({ title, up }) => `${title}${up ? "" : " does not serve"}`).join(", ");
  return group(`${node.name}, ${node.address}: ${state}`, [
    rect("card", { x, y, width: columnWidth, height }, 9),
    text("name", x + 12, y + 24, fitted(node.name, room, letter.name)),
    text("address", x + 12, y + 41, fitted(node.address, room, letter.address)),
    ...servers,
  ]);
}

function rowParts({ topic, y, height }: Row, columns: readonly Column[], right: number): readonly string[] {
  const { name, partitions, internal } = topic;
  const replicas = Math.max(0, ...partitions.map((one) => one.replicas.length));
  const few = `${partitions.length} × ${replicas}${internal ? ", Kafka's own" : ""}`;
  const middle = y + height / 2;
  const from = (columns[0]?.x ?? margin) - zonePadding;
  return [
    line("rule", [margin, y], [right, y]),
    group(name, [
      text("topic", margin, middle - 3, fitted(name, from - margin - 12, letter.topic)),
      text("small", margin, middle + 13, few),
    ]),
    ...columns.flatMap(({ node: { broker }, x }) => (broker === null ? [] : cells(topic, broker, x, y))),
  ];
}

function cells(topic: PictureTopic, broker: number, x: number, y: number): readonly string[] {
  const marked = topic.partitions.flatMap((partition) => {
    const mark = markOf(partition, broker);
    return mark === null ? [] : [{ partition, mark }];
  });
  if (!isDrawn(topic)) return [text("small", x + 10, y + 26, summary(marked.map(({ mark }) => mark)))];
  return marked.map(({ partition, mark }, index) => {
    const left = x + 10 + (index % perRow) * (cell.width + cell.gap);
    const top = y + 10 + Math.floor(index / perRow) * (cell.height + cell.gap);
    return square(
      partition,
      mark,
      left,
      top,
      `${topic.name}, partition ${partition.partition}: broker ${broker} ${does[mark]}`,
    );
  });
}

const does: Readonly<Record<Mark, string>> = {
  leader: "leads",
  follower: "follows, in sync",
  behind: "follows, out of sync",
  offline: "has a replica, and nobody leads",
};

function square({ partition }: PicturePartition, mark: Mark, x: number, y: number, about: string): string {
  return group(about, [
    rect(mark, { x, y, width: cell.width, height: cell.height }, 4),
    text(`on-${mark}`, x + cell.width / 2, y + cell.height / 2 + 4, String(partition)),
  ]);
}

function summary(marks: readonly Mark[]): string {
  const count = (mark: Mark): number => marks.filter((one) => one === mark).length;
  const more = [
    ...(count("behind") === 0 ? [] : [`${count("behind")} behind`]),
    ...(count("offline") === 0 ? [] : [`${count("offline")} offline`]),
  ];
  return [`leads ${count("leader")}`, `follows ${count("follower")}`, ...more].join(" · ");
}

function countsOf(topics: readonly PictureTopic[]): string {
  const all = topics.flatMap(({ partitions }) => partitions);
  const under = all.filter(({ replicas, isr }) => isr.length < replicas.length).length;
  const offline = all.filter(({ leader }) => leader === null).length;
  const several = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  return [
    several(topics.length, "topic"),
    several(all.length, "partition"),
    `${under} under-replicated`,
    `${offline} offline`,
  ].join(" · ");
}

function legend(y: number): readonly string[] {
  const entries: readonly (readonly [Mark, string])[] = [
    ["leader", "leads"],
    ["follower", "follows, in sync"],
    ["behind", "out of sync"],
    ["offline", "offline"],
  ];
  return entries.flatMap(([mark, words], index) => {
    const x = margin + index * 132;
    return [rect(mark, { x, y: y - 11, width: 16, height: 14 }, 3), text("small", x + 24, y, words)];
  });
}

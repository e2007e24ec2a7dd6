/** Elements of an SVG as text, and how they look by day and by night. */

export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

const named: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  // What XML cannot have at all is left out.
  return text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replaceAll(/[&<>"]/g, (one) => named[one] ?? one);
}

export function rect(kind: string, { x, y, width, height }: Box, radius: number): string {
  return `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
}

export function text(kind: string, x: number, y: number, words: string): string {
  return `<text class="${kind}" x="${x}" y="${y}">${escaped(words)}</text>`;
}

export function line(kind: string, from: readonly [number, number], to: readonly [number, number]): string {
  return `<line class="${kind}" x1="${from[0]}" y1="${from[1]}" x2="${to[0]}" y2="${to[1]}"/>`;
}

export function dot(kind: string, x: number, y: number): string {
  return `<circle class="${kind}" cx="${x}" cy="${y}" r="4"/>`;
}

/** With words for who points at it. */
export function group(about: string, parts: readonly string[]): string {
  return `<g><title>${escaped(about)}</title>${parts.join("")}</g>`;
}

/** What does not fit ends with a sign for that. */
export function fitted(words: string, width: number, perCharacter: number): string {
  const room = Math.max(1, Math.floor(width / perCharacter));
  return words.length <= room ? words : `${words.slice(0, room - 1)}…`;
}

export function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    rect("page", { x: 0, y: 0, width, height }, 0),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

type Colours = Readonly<Record<"page" | "ink" | "dim" | "zone" | "card" | "edge" | "rule" | "pale", string>>;

const day: Colours = {
  page: "#ffffff",
  ink: "#16202e",
  dim: "#5b6b7f",
  zone: "#f2f5f9",
  card: "#ffffff",
  edge: "#d5dde7",
  rule: "#e1e7ee",
  pale: "#e6effc",
};

const night: Colours = {
  page: "#0e141c",
  ink: "#e8eef6",
  dim: "#94a5b9",
  zone: "#161f2b",
  card: "#1e2937",
  edge: "#34445a",
  rule: "#283547",
  pale: "#1d3252",
};

function coloured({ page, ink, dim, zone, card, edge, rule, pale }: Colours, blue: string): string {
  return [
    `.page{fill:${page}}`,
    `.title,.name,.topic,.chip{fill:${ink}}`,
    `.about,.address,.zone-name,.small{fill:${dim}}`,
    `.zone{fill:${zone}}`,
    `.card{fill:${card};stroke:${edge}}`,
    `.rule{stroke:${rule}}`,
    `.follower{fill:${pale};stroke:${blue}}`,
    `.on-follower{fill:${blue}}`,
    `.behind{fill:${card}}`,
  ].join("");
}

const style = [
  'text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}',
  ".title{font-size:22px;font-weight:700}.about{font-size:13px}.name{font-size:15px;font-weight:600}",
  '.address{font-size:11px;font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}',
  ".zone-name{font-size:12px;font-weight:600;letter-spacing:.04em}.chip{font-size:12px}.small{font-size:11px}",
  ".topic{font-size:14px;font-weight:600}.on-leader,.on-follower,.on-behind,.on-offline{font-size:11px;font-weight:600;text-anchor:middle}",
  ".card{stroke-width:1}.rule{stroke-width:1}",
  ".leader{fill:#2f6fde;stroke:#2f6fde}.on-leader{fill:#ffffff}.follower{stroke-width:1}",
  ".behind{stroke:#d98a00;stroke-width:1.5;stroke-dasharray:3 2}.on-behind{fill:#d98a00}",
  ".offline{fill:#d43c3c;stroke:#d43c3c}.on-offline{fill:#ffffff}",
  ".up{fill:#1f9d61}.down{fill:#d43c3c}.leads{font-size:12px;font-weight:600;fill:#7a4be0;text-anchor:end}",
  coloured(day, "#2f6fde"),
  `@media (prefers-color-scheme:dark){${coloured(night, "#8db7ff")}.leads{fill:#b79bff}}`,
].join("");

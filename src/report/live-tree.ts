/** The live tree: what runs, by node, with what each step waits for, and what is still to come, in as many rows as there are. */
import type { Paint } from "./colours.ts";
import { byteText, timeText } from "./amounts.ts";
import type { Download, LiveState, Running, Waits } from "./live-state.ts";
import type { Step } from "./events.ts";
import { columnsOf, cut } from "./width.ts";

export type Room = { readonly columns: number; readonly rows: number };

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 100;

/** Lines none of which is wider than the terminal, fewer than it has rows. */
export function treeLines(state: LiveState, now: number, { columns, rows }: Room, paint: Paint): readonly string[] {
  // The last column stays empty: some terminals go to the next row once it is written to.
  const width = columns - 1;
  const most = Math.max(1, Math.min(rows - 1, 30));
  const spin = paint("cyan", frames[Math.floor((now - state.began) / frameMs) % frames.length] ?? "");
  const draw = { width, now, paint, spin };
  const variants = [
    () => tree(state, draw, { pending: true, waits: "below" }),
    () => tree(state, draw, { pending: false, waits: "below" }),
    () => tree(state, draw, { pending: false, waits: "beside" }),
  ];
  let lines: readonly string[] = [];
  for (const variant of variants) {
    lines = variant();
    if (lines.length <= most) return lines;
  }
  return fewest(state, draw, most);
}

type Draw = { readonly width: number; readonly now: number; readonly paint: Paint; readonly spin: string };
type Detail = { readonly pending: boolean; readonly waits: "below" | "beside" };

function tree(state: LiveState, draw: Draw, { pending, waits }: Detail): readonly string[] {
  const { width, paint } = draw;
  const titles = new Map([...state.running, ...state.pending].map(({ key, title }) => [key, title]));
  const nodes = [...new Set([...state.running, ...state.pending].map(({ node }) => node))];
  const sections = nodes.flatMap((node) => {
    const isHere = (step: Step): boolean => step.node === node;
    const running = state.running.filter(isHere).flatMap((step) => runningLines(step, draw, waits));
    const coming = pending ? state.pending.filter((step) => isHere(step) && !isSmall(step.key)) : [];
    const lines = [...running, ...coming.map((step) => comingLine(step, titles, draw))];
    if (lines.length === 0) return [];
    if (node === undefined) return lines.map((line) => `  ${line}`);
    return [cut(`  ${paint("bold", node)}`, width), ...lines.map((line) => `    ${line}`)];
  });
  return [headLine(state, draw), ...sections, ...outside(state, draw), ...(pending ? [] : laterLine(state, draw))].map(
    (line) => cut(line, width),
  );
}

/** Where there is no room for a tree: what runs, a line each. */
function fewest(state: LiveState, draw: Draw, most: number): readonly string[] {
  const head = cut(headLine(state, draw), draw.width);
  if (most === 1) return [head];
  const running = state.running.map(
    (step) => `  ${draw.spin} ${step.title} ${draw.paint("dim", since(step.started, draw))}`,
  );
  const room = most - 1;
  const shown = running.length <= room ? running : running.slice(0, room - 1);
  const left = running.length - shown.length;
  const more = left === 0 ? [] : [draw.paint("dim", `  and ${left} more at work`)];
  return [head, ...shown.map((line) => cut(line, draw.width)), ...more.map((line) => cut(line, draw.width))];
}

const since = (started: number, { now }: Pick<Draw, "now">): string => timeText((now - started) / 1000);

/** Folders and files are many and quick: they count, and are not named while they wait for their turn. */
const isSmall = (key: string): boolean => /^(folder|file|receipt|gate|storage)\b/.test(key);

function headLine(state: LiveState, draw: Draw): string {
  const { paint, spin } = draw;
  const time = paint("dim", since(state.began, draw));
  if (state.ending) return `${spin} ${paint("yellow", "interrupted: finishing")} ${time}`;
  if (state.running.length + state.pending.length > 0) {
    const count = state.all === 0 ? "at work" : `${state.done} of ${state.all} steps`;
    return `${spin} ${paint("bold", count)} ${time}`;
  }
  const [check, ...others] = state.checks;
  if (check !== undefined) {
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    return `${spin} ${paint("bold", `checking ${check.name}${more}`)} ${paint("dim", since(check.started, draw))}`;
  }
  if (state.waits !== null) {
    const waited = paint("dim", since(state.waits.since, draw));
    return `${spin} ${paint("bold", "waiting")} for ${state.waits.what} ${waited}`;
  }
  if (state.downloads.length > 0) return `${spin} ${paint("bold", "fetching")} ${time}`;
  return `${spin} ${paint("bold", "looking at what is there")} ${time}`;
}

function runningLines(step: Running, draw: Draw, waits: Detail["waits"]): readonly string[] {
  const { paint, spin, width } = draw;
  const line = `${spin} ${titleBelowNode(step)} ${paint("dim", since(step.started, draw))}`;
  const more =
    step.download !== null
      ? downloadText(step.download, draw, width - 8)
      : step.waits === null || step.key.startsWith("gate ")
        ? null
        : paint("dim", waitText(step, step.waits, draw));
  if (more === null) return [line];
  const beside = `${line}  ${more}`;
  // The indent of a step below its node is four.
  if (waits === "beside" || columnsOf(beside) + 4 <= width) return [beside];
  return [line, `  ${more}`];
}

/** For how long is told where the step itself has taken longer. */
function waitText({ node, started }: Running, { what, since: from }: Waits, draw: Draw): string {
  const whom = node === undefined ? what : what.replace(`${node}/`, "the ");
  return `waits for ${whom}${from - started < 1000 ? "" : ` (${since(from, draw)})`}`;
}

/** The node stands above it already. */
function titleBelowNode({ title, node }: Step): string {
  return node === undefined ? title : title.replace(` on ${node}`, "").replace(` ${node}/`, " ");
}

function comingLine(step: Step, titles: ReadonlyMap<string, string>, { paint }: Draw): string {
  const before = step.after.flatMap((key) => (isSmall(key) && !key.startsWith("gate ") ? [] : (titles.get(key) ?? [])));
  const last = before.at(-1);
  const once =
    last === undefined
      ? ""
      : last.startsWith("wait until ")
        ? `  once ${last.slice("wait until ".length)}`
        : `  after: ${last}`;
  return paint("dim", `· ${titleBelowNode(step)}${once}`);
}

function laterLine({ pending }: LiveState, { paint }: Draw): readonly string[] {
  const large = pending.filter(({ key }) => !isSmall(key));
  const [first] = large;
  if (first === undefined) return [];
  return [paint("dim", `  · then ${large.length === 1 ? first.title : `${large.length} more, first ${first.title}`}`)];
}

function outside({ downloads, running, waits, pending }: LiveState, draw: Draw): readonly string[] {
  const fetched = downloads.map(
    (one) => `  ${one.artifact} ${downloadText(one, draw, draw.width - 4 - one.artifact.length)}`,
  );
  const busy = running.length + pending.length > 0;
  return waits === null || !busy ? fetched : [...fetched, draw.paint("dim", `  waits for ${waits.what}`)];
}

const barColumns = 20;

function downloadText({ source, bytes, total, from }: Download, { now, paint }: Draw, room: number): string {
  const seconds = (now - from.at) / 1000;
  const rate = seconds >= 0.5 && bytes > from.bytes ? `${byteText((bytes - from.bytes) / seconds)}/s` : "";
  const amount = bytes === 0 ? "" : total === null ? byteText(bytes) : `${byteText(bytes)} of ${byteText(total)}`;
  const origin = `from ${source}`;
  const parts = [amount, rate, origin].filter((part) => part !== "");
  const share = total === null || total === 0 ? null : Math.min(1, bytes / total);
  const percent = share === null ? "" : `${String(Math.floor(share * 100)).padStart(3)}%`;
  const bar = share === null ? "" : `${barOf(share, paint)} `;
  // What tells least goes first where there is no room for all.
  for (let kept = parts.length; kept >= 0; kept -= 1) {
    const words = kept === 0 ? "" : ` ${paint("dim", parts.slice(0, kept).join("  "))}`;
    if (columnsOf(bar + percent + words) <= room) return `${bar}${percent}${words}`.trim();
  }
  return `${percent} ${paint("dim", amount)}`.trim();
}

function barOf(share: number, paint: Paint): string {
  const full = Math.round(share * barColumns);
  return paint("green", "━".repeat(full)) + paint("dim", "─".repeat(barColumns - full));
}

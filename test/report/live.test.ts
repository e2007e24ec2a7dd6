/** The live tree on a terminal in memory: what a person sees, at several sizes and when the size changes. */
import { describe, expect, test } from "vitest";
import { colourPaint, plainPaint } from "../../src/report/colours.ts";
import type { Event, Step } from "../../src/report/events.ts";
import { liveReporter } from "../../src/report/live.ts";
import { virtualTerminal } from "./support/terminal.ts";

const nodes = ["kafka-1", "kafka-2", "kafka-3"];

function step(key: string, title: string, node?: string, after: readonly string[] = []): Step {
  return { key, title, after, ...(node === undefined ? {} : { node }) };
}

const steps: readonly Step[] = [
  step("receipt", "create the receipt"),
  step("artifact kafka 3.9.1", "fetch kafka 3.9.1"),
  ...nodes.map((node) => step(`folder ${node}`, `create folder ${node}/broker/data`, node, ["receipt"])),
  step("gate zookeeper", "wait until 2 of 3 ZooKeeper servers serve"),
  ...nodes.map((node, index) =>
    step(`start ${node}/zookeeper`, `start ZooKeeper server ${index + 1} on ${node}`, node),
  ),
  ...nodes.map((node, index) =>
    step(`start ${node}/broker`, `start broker ${index + 1} on ${node}`, node, ["gate zookeeper"]),
  ),
  step("topic orders", "create topic orders with 6 partitions and 3 replicas each"),
];

const started = (key: string): Event => {
  const { title, node } = steps.find((one) => one.key === key) ?? step(key, key);
  return { type: "change-started", key, title, ...(node === undefined ? {} : { node }) };
};
const done = (key: string, seconds: number): Event => {
  const { title, node } = steps.find((one) => one.key === key) ?? step(key, key);
  return { type: "change-done", key, title, seconds, ...(node === undefined ? {} : { node }) };
};

/** A reporter on a terminal in memory, with a clock that the test moves. */
function onTerminal(columns: number, rows: number, paint = plainPaint) {
  const terminal = virtualTerminal(columns, rows);
  const size = { columns, rows };
  const out: string[] = [];
  let now = 0;
  let draw: (() => void) | null = null;
  let written: Promise<void> = Promise.resolve();
  const reporter = liveReporter(
    {
      write: (text) => {
        written = terminal.write(text);
      },
      room: () => size,
      cursorSinks: true,
      now: () => now,
      every: (_, wanted) => {
        draw = wanted;
        return () => (draw = null);
      },
    },
    {
      out: (line) => out.push(line),
      paint: { out: plainPaint, err: paint },
      page: () => ({ columns, words: false }),
      quiet: false,
      verbose: false,
    },
  );
  return {
    terminal,
    reporter,
    out,
    tell: (...events: readonly Event[]) => events.forEach((event) => reporter.event(event)),
    /** Lets time pass, and draws. */
    pass: async (milliseconds: number) => {
      now += milliseconds;
      draw?.();
      await written;
    },
    resize: async (columns: number, rows: number) => {
      await written;
      terminal.resize(columns, rows);
      Object.assign(size, { columns, rows });
      draw?.();
      await written;
    },
    written: () => written,
    isDrawing: () => draw !== null,
  };
}

type OnTerminal = ReturnType<typeof onTerminal>;

async function downloading({ tell, pass }: OnTerminal): Promise<void> {
  const download = {
    type: "download",
    artifact: "kafka",
    source: "downloads.apache.org",
    total: 130 * 2 ** 20,
  } as const;
  tell({ type: "steps", steps }, started("receipt"), done("receipt", 0.01), started("artifact kafka 3.9.1"));
  tell({ ...download, bytes: 0 });
  await pass(2000);
  tell({ ...download, bytes: 52 * 2 ** 20 });
  await pass(100);
}

async function starting({ tell, pass }: OnTerminal): Promise<void> {
  tell({ type: "steps", steps }, done("receipt", 0.01), done("artifact kafka 3.9.1", 12.3));
  tell(
    ...nodes.map((node) => done(`folder ${node}`, 0.001)),
    ...nodes.map((node) => started(`start ${node}/zookeeper`)),
  );
  tell(started("gate zookeeper"), {
    type: "waiting",
    key: "start kafka-1/zookeeper",
    what: "kafka-1/zookeeper to serve",
    seconds: 0,
  });
  await pass(1300);
  tell(done("start kafka-2/zookeeper", 1.3), done("gate zookeeper", 1.3), started("start kafka-2/broker"));
  tell({ type: "waiting", key: "start kafka-2/broker", what: "kafka-2/broker to load its logs", seconds: 0 });
  await pass(4200);
}

const screens = { downloading, starting } as const;

describe.each(Object.entries(screens))("%s", (name, play) => {
  test.each([
    [120, 30],
    [80, 24],
    [40, 24],
    [80, 6],
    [40, 3],
  ])("%i columns, %i rows", async (columns, rows) => {
    const on = onTerminal(columns, rows);
    await play(on);
    const seen = on.terminal.rows();
    expect(seen.filter((line) => line.length >= columns)).toEqual([]);
    expect(on.terminal.cursorShown()).toBe(false);
    await expect(`${seen.join("\n").trimEnd()}\n`).toMatchFileSnapshot(
      `../golden/terminal/${name}-${columns}x${rows}.txt`,
    );
  });
});

test("colours carry nothing that the words do not", async () => {
  const [plain, painted] = [onTerminal(80, 24), onTerminal(80, 24, colourPaint)];
  await starting(plain);
  await starting(painted);
  expect(painted.terminal.rows()).toEqual(plain.terminal.rows());
  const colours = new Set(painted.terminal.cells().flatMap((row) => row.map(({ foreground }) => foreground)));
  expect(colours.size).toBeGreaterThan(2);
});

describe("a change of size in the middle leaves nothing behind", () => {
  test.each([
    [60, 24],
    [40, 24],
    [30, 24],
    [120, 24],
    [80, 12],
    [80, 5],
    [120, 50],
  ])("80x24 to %ix%i", async (columns, rows) => {
    const on = onTerminal(80, 24);
    await starting(on);
    await on.resize(columns, rows);
    await on.pass(100);
    const fresh = onTerminal(columns, rows);
    await starting(fresh);
    await fresh.pass(100);
    const tree = (all: readonly string[]): readonly string[] =>
      all.slice(all.findIndex((line) => line.includes(" steps ")));
    expect(tree(on.terminal.all())).toEqual(tree(fresh.terminal.all()));
    // One tree, and above it the lines of what is done, each once.
    const text = on.terminal.all().join("\n");
    expect(text.match(/ steps /g)).toHaveLength(1);
    expect(text.match(/^✓ /gm)).toHaveLength(2);
    on.reporter.result({ ok: true, faults: [], fields: {}, text: () => "up" });
    await on.written();
    expect(on.terminal.all().join(" ").replaceAll(/\s+/g, "")).toBe(
      "✓ fetch kafka 3.9.1 (12 s) ✓ start ZooKeeper server 2 on kafka-2 (1.3 s)".replaceAll(" ", ""),
    );
    expect(on.terminal.cursorShown()).toBe(true);
  });

  test("again and again, narrower and wider, while steps come and go", async () => {
    const on = onTerminal(100, 20);
    await starting(on);
    for (let [round, rows] = [0, 20]; round < 30; round += 1) {
      const columns = 60 + ((round * 37) % 60);
      await on.resize(columns, rows);
      rows = 16 + ((round * 7) % 20);
      await on.resize(columns, rows);
      on.tell(started(`restart ${round}`));
      await on.pass(100);
      on.tell(done(`restart ${round}`, 1));
      await on.pass(100);
    }
    const text = on.terminal.all().join("\n");
    expect(text.match(/ steps /g)).toHaveLength(1);
    expect(text.match(/^✓ restart/gm)).toHaveLength(30);
  });
});

test("while a question is asked nothing is drawn; what was done meanwhile is told after it", async () => {
  const on = onTerminal(80, 24);
  await starting(on);
  const answer = await on.reporter.aside(async () => {
    await on.written();
    expect(on.isDrawing()).toBe(false);
    expect(on.terminal.cursorShown()).toBe(true);
    await on.terminal.write("Go on? [y/N] y\n");
    on.tell(done("start kafka-1/zookeeper", 5));
    await on.pass(1000);
    expect(on.terminal.rows().filter((line) => line !== "")).toEqual([
      "✓ fetch kafka 3.9.1 (12 s)",
      "✓ start ZooKeeper server 2 on kafka-2 (1.3 s)",
      "Go on? [y/N] y",
    ]);
    return "y";
  });
  expect(answer).toBe("y");
  await on.pass(100);
  const seen = on.terminal.rows().filter((line) => line !== "");
  expect(seen.slice(2, 4)).toEqual(["Go on? [y/N] y", "✓ start ZooKeeper server 1 on kafka-1 (5.0 s)"]);
  expect(seen[4]).toMatch(/of 13 steps/);
});

test("what is over at once draws nothing, and the cursor is never touched", async () => {
  const on = onTerminal(80, 24);
  await on.pass(100);
  on.reporter.result({ ok: true, faults: [], fields: {}, text: () => "valid" });
  await on.written();
  expect(on.terminal.all()).toEqual([]);
  expect(on.out).toEqual(["valid"]);
});

test("an interruption says what is finished, and goes on showing it", async () => {
  const on = onTerminal(80, 24);
  on.tell(
    { type: "steps", steps: [step("roll", "restart 3 servers, one at a time"), ...steps.slice(-1)] },
    started("roll"),
  );
  const restart = { key: "restart kafka-2/broker", title: "restart kafka-2/broker", node: "kafka-2" };
  on.tell({ type: "change-started", ...restart, finishes: true });
  on.tell({ type: "waiting", key: "start kafka-2/broker", what: "kafka-2/broker to serve", seconds: 0 });
  on.tell({ type: "interrupted", finishing: [restart.title], leaving: ["restart 3 servers, one at a time"] });
  await on.pass(3000);
  expect(on.terminal.rows().filter((line) => line !== "")).toEqual([
    "interrupted: finishing what cannot be left half-done: restart kafka-2/broker;",
    "  Ctrl-C again ends at once",
    expect.stringMatching(/^\S interrupted: finishing 3.0 s$/),
    expect.stringMatching(/^ {2}\S restart 3 servers, one at a time 3.0 s$/),
    "  kafka-2",
    expect.stringMatching(/^ {4}\S restart broker 3.0 s {2}waits for the broker to serve$/),
  ]);
});

test("checks side by side are named as long as they run", async () => {
  const { tell, pass, terminal } = onTerminal(80, 10);
  const begun = (name: string): Event => ({ type: "check-started", name });
  const ended = (name: string): Event => ({ type: "check", name, ok: true, detail: "proved", seconds: 1, waited: 0 });
  tell(begun("replicas-in-sync"), begun("offset-resumed"), begun("order-over-rebalance"));
  await pass(2000);
  expect(terminal.rows().join("\n")).toContain("checking replicas-in-sync and 2 more");
  tell(ended("replicas-in-sync"), ended("order-over-rebalance"));
  await pass(1000);
  expect(terminal.rows().join("\n")).toMatch(/checking offset-resumed \d/);
});

test("wide letters are counted as they are shown", async () => {
  const on = onTerminal(40, 10);
  on.tell(started("移動 クラスターのフォルダーを作成する とても長い名前のフォルダー"));
  await on.pass(1000);
  const [, line] = on.terminal.rows();
  expect(line).toMatch(/^ {2}\S 移動 クラスター.*…$/);
  expect(on.terminal.rows()[2]).toBe("");
});

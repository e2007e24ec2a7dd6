/** Faults, plans, status and plain lines as they are shown: on wide and narrow terminals, in a pipe, and for a screen reader. */
import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/fault.ts";
import { makePlan } from "../../src/plan/make-plan.ts";
import { colourPaint, plainPaint } from "../../src/report/colours.ts";
import type { Event } from "../../src/report/events.ts";
import { labelledFault } from "../../src/report/fault-text.ts";
import { foldOn } from "../../src/report/live.ts";
import { plainReporter } from "../../src/report/plain.ts";
import { planText } from "../../src/report/plan-text.ts";
import type { Page } from "../../src/report/reporter.ts";
import { shellWord } from "../../src/report/shell-word.ts";
import type { StatusShown } from "../../src/report/status-shown.ts";
import { statusText } from "../../src/report/status-text.ts";
import { columnsOf, cut, fold } from "../../src/report/width.ts";
import { nothing, running, world } from "../plan/support/world.ts";

const widths = [40, 80, 120] as const;
const golden = (name: string): string => `../golden/terminal/${name}.txt`;
const page = (columns: number | null, words = false): Page => ({ columns, words });

function expectFits(text: string, columns: number): void {
  expect(text.split("\n").filter((line) => columnsOf(line) >= columns)).toEqual([]);
}

const fault: Fault = {
  code: "service-died",
  node: "kafka-2",
  where: "/home/me/clusters/.kctl/demo/kafka-2/broker/log/server.log",
  what: "kafka-2/broker ended while it was starting",
  fix: "mend what its log says, then run `kctl up` again: it goes on from here",
  detail:
    "[2026-11-24 22:10:01,123] ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)\njava.lang.IllegalArgumentException: requirement failed: advertised.listeners cannot use the nonroutable meta-address 0.0.0.0",
};

describe("a fault", () => {
  test.each(widths)("at %i columns loses nothing", async (columns) => {
    const text = labelledFault(
      fault,
      "error",
      plainPaint,
      foldOn(() => columns),
    );
    expectFits(text, columns);
    const bare = (all: string): string => all.replaceAll(/\s/g, "");
    expect(bare(text)).toBe(bare(labelledFault(fault, "error", plainPaint, null)));
    await expect(`${text}\n`).toMatchFileSnapshot(golden(`fault-${columns}`));
  });

  test.each([30, 40, 80])("with an excerpt at %i columns keeps the caret below what it means", (columns) => {
    const detail =
      "3 | kafka: { version: 3.9.1, config: { queued.max.requests: 400 }, heap: 64MiB }\n  |                                                                      ^^^^^";
    const text = labelledFault(
      { code: "spec-rule", what: "too small", detail },
      "error",
      plainPaint,
      foldOn(() => columns),
    );
    expectFits(text, columns);
    const [, line = "", caret = ""] = text.split("\n");
    expect(line.slice(caret.indexOf("^"), caret.lastIndexOf("^") + 1)).toBe("64MiB");
  });

  test("is never folded in a pipe", () => {
    expect(labelledFault(fault, "error", plainPaint, null).split("\n")).toHaveLength(4);
  });
});

const spec = (more: object): object => ({ kafka: { version: "3.9.1", ...more } });

const plans = {
  new: () => makePlan({ ...world(), observed: nothing }),
  static: () => changed({}, { config: { "queued.max.requests": "400" } }),
  same: () => changed({}, {}),
};

function changed(before: object, now: object) {
  const old = world(spec(before));
  const wanted = world(spec(now), old.receipt.next);
  return makePlan({ ...wanted, observed: running(old) });
}

describe.each(Object.entries(plans))("a plan: %s", (name, make) => {
  test.each(widths)("at %i columns", async (columns) => {
    const text = planText(make().changes, { paint: plainPaint, page: page(columns), verbose: false });
    expectFits(text, columns);
    await expect(`${text}\n`).toMatchFileSnapshot(golden(`plan-${name}-${columns}`));
  });
});

test("a plan tells with words what it tells with signs", () => {
  const text = planText(plans.static().changes, { paint: plainPaint, page: page(null, true), verbose: false });
  expect(text).toContain("  update */broker/config/server.properties (needs a restart)\n");
  expect(text).toContain("      because kafka.config.queued.max.requests was (not set) and becomes 400\n");
  expect(text).toContain("      added: queued.max.requests=400\n");
  expect(text).not.toMatch(/[~→]|^ *[+-]/m);
});

test("lines that differ between nodes are not joined", () => {
  const old = world();
  const wanted = world(
    {
      nodes: [1, 2, 3].map((n) => ({
        name: `n-${n}`,
        roles: ["zookeeper", "broker"],
        config: { "num.io.threads": n === 3 ? "9" : "7" },
      })),
    },
    old.receipt.next,
  );
  const { changes } = makePlan({ ...wanted, observed: running(old) });
  const heads = planText(changes, { paint: plainPaint, page: page(null), verbose: false }).match(/^\S.*$/gm);
  expect(heads).toEqual(["n-1, n-2", "n-3", "3 changes: 3 files."]);
});

const node = (n: number, broker: string) => ({
  name: `kafka-${n}`,
  address: "127.0.0.1",
  roles: ["zookeeper", "broker"],
  services: { zookeeper: "running", broker },
  addresses: { zookeeper: `127.0.0.1:${2171 + 10 * n}`, broker: `127.0.0.1:${9082 + 10 * n}` },
  ids: { zookeeper: n, broker: n },
  pids: broker === "running" ? { zookeeper: 4240 + n, broker: 4250 + n } : { zookeeper: 4240 + n },
});

const status: StatusShown = {
  cluster: "demo",
  healthy: false,
  versions: { kafka: "3.9.1", zookeeper: "3.8.4" },
  nodes: [node(1, "running"), node(2, "failed"), node(3, "running")],
  brokers: [1, 3].map((id) => ({
    id,
    node: `kafka-${id}`,
    controller: id === 1,
    address: `127.0.0.1:${9082 + 10 * id}`,
  })),
  partitions: { total: 30, underReplicated: 20, offline: 0 },
  complaints: [],
};

describe("status", () => {
  test.each(widths)("at %i columns", async (columns) => {
    const text = statusText(status, plainPaint, page(columns));
    expectFits(text, columns);
    expect(columnsOf(statusText(status, colourPaint, page(columns)))).toBe(columnsOf(text));
    await expect(`${text}\n`).toMatchFileSnapshot(golden(`status-${columns}`));
  });

  test("in a pipe every line names its node", () => {
    const lines = statusText(status, plainPaint, page(null)).split("\n");
    expect(lines.filter((line) => line.startsWith("kafka-2 "))).toHaveLength(2);
  });

  test("for a screen reader each server is a sentence", () => {
    const text = statusText(status, plainPaint, page(80, true));
    expect(text).toContain("\nkafka-1, broker 1: running, controller, 127.0.0.1:9092, process 4251\n");
    expect(text).toContain("\nkafka-2, broker 2: failed, 127.0.0.1:9102\n");
  });
});

function plain(options: { readonly quiet?: boolean; readonly words?: boolean }) {
  const out: string[] = [];
  const err: string[] = [];
  const reporter = plainReporter({
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    paint: { out: plainPaint, err: plainPaint },
    fold: null,
    page: () => page(null, options.words ?? false),
    quiet: options.quiet ?? false,
    verbose: false,
  });
  return { reporter, out, err };
}

describe("plain lines", () => {
  const wait = (seconds: number): Event => ({ type: "waiting", key: "start a", what: "a to serve", seconds });

  test("of a wait come after five seconds, and every five", () => {
    const { reporter, err } = plain({});
    for (const seconds of [0, 0.6, 5, 5.5, 9.9, 10.2, 0, 4, 5.1]) reporter.event(wait(seconds));
    expect(err).toEqual([5, 10, 5].map((seconds) => `  waiting for a to serve (${seconds} s)`));
  });

  test("with --plain have words for signs", () => {
    const { reporter, err } = plain({ words: true });
    reporter.event({ type: "change-done", key: "start a", title: "start a", seconds: 2.5 });
    reporter.event({ type: "check", name: "acks-1", ok: false, detail: "none", seconds: 1, waited: 0 });
    expect(err).toEqual(["done: start a (2.5 s)", "failed: acks-1: none (1.0 s)"]);
  });

  test("--quiet silences progress, not results and not errors", () => {
    const { reporter, out, err } = plain({ quiet: true });
    reporter.event({ type: "message", text: "hello" });
    reporter.result({ ok: false, faults: [{ code: "unhealthy", what: "bad" }], fields: {}, text: () => "the result" });
    expect({ out, err }).toEqual({ out: ["the result"], err: ["error: bad"] });
  });

  test("one way out that mends several faults in a row is told once", () => {
    const { reporter, err } = plain({});
    const faults: readonly Fault[] = ["a", "b"].map((what) => ({ code: "unhealthy", what, fix: "mend it" }));
    reporter.result({ ok: false, faults, fields: {}, text: () => "" });
    expect(err).toEqual(["error: a", "error: b\n  fix: mend it"]);
  });
});

describe("widths", () => {
  test("wide letters and styles", () => {
    expect(columnsOf(colourPaint("red", "日本"))).toBe(4);
    expect(cut("日本語テキスト", 6)).toBe("日本…");
    expect(cut(colourPaint("red", "abcdef"), 4)).toBe(colourPaint("red", "abc…"));
  });

  test.each([10, 20, 33])("folded at %i, all of it is there and fits", (columns) => {
    const text = "  a word, 日本語テキスト and/a/very/long/path/that/fits/nowhere.properties end";
    const folded = fold(text, columns, 4);
    expect(folded.replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
    expect(folded.split("\n").filter((line) => columnsOf(line) > columns)).toEqual([]);
  });
});

test.each([
  ["kctl.yaml", "kctl.yaml"],
  ["/tmp/a b/kctl.yaml", "'/tmp/a b/kctl.yaml'"],
  ["it's", String.raw`'it'\''s'`],
])("%s is pasted as %s", (word, pasted) => {
  expect(shellWord(word)).toBe(pasted);
});

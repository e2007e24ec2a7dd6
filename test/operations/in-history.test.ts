/** What a command leaves in the history of its cluster, kept in the folder of a local one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { KctlError } from "../../src/fault.ts";
import type { Context } from "../../src/operations/context.ts";
import { inHistory, keptInHistory } from "../../src/operations/in-history.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { localProvider } from "../../src/providers/local/local-provider.ts";
import type { Event } from "../../src/report/events.ts";

function local(): Provider {
  const folder = mkdtempSync(join(tmpdir(), "kctl-history-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, ".kctl/demo"), { recursive: true });
  writeFileSync(join(folder, ".kctl/demo/receipt.json"), "{}");
  return localProvider("demo", { type: "local", folder: ".kctl", port: 9092 }, folder);
}

function listening(): { readonly context: Context; readonly heard: Event[] } {
  const heard: Event[] = [];
  const context: Context = {
    specFile: "kctl.yaml",
    cwd: "/",
    env: {},
    platform: "linux",
    home: "/",
    emit: (event) => void heard.push(event),
    signal: new AbortController().signal,
    concurrency: 1,
    timeoutSeconds: 1,
    ask: null,
    askSecret: null,
    atEnd: () => undefined,
  };
  return { context, heard };
}

const done = (key: string, title: string): Event => ({ type: "change-done", key, title, seconds: 0 });

describe("the history of a cluster has", () => {
  test("what a command did without values, and none that changed nothing", async () => {
    const provider = local();
    const { context, heard } = listening();
    await inHistory({ provider, command: "up", context }, async () => ({ changed: 0 }));
    const result = await inHistory({ provider, command: "up", context }, async ({ emit }) => {
      emit(done("gate broker", "wait until 1 broker serves"));
      emit(done("start kafka-1/broker", "start broker 1 on kafka-1"));
      emit(done("setting 1 ssl.key.password", "set ssl.key.password of broker 1 to hidden to\nall"));
      return { changed: 2 };
    });
    expect(result).toEqual({ changed: 2 });
    expect(heard).toHaveLength(3);
    const { entries } = await provider.history.read();
    expect(entries).toEqual([
      expect.objectContaining({
        command: "up",
        changed: 2,
        titles: ["start broker 1 on kafka-1", "set ssl.key.password of broker 1"],
        ok: true,
      }),
    ]);
    expect(entries[0]?.by).toMatch(/^.+@.+$/);
  });

  test("what was done before it failed", async () => {
    const provider = local();
    const { context } = listening();
    const failed = inHistory({ provider, command: "restart kafka-1", context }, async ({ emit }) => {
      emit(done("restart kafka-1/broker", "restart kafka-1/broker"));
      throw new KctlError({ code: "timeout", what: "too slow" });
    });
    await expect(failed).rejects.toThrow("too slow");
    const { entries } = await provider.history.read();
    expect(entries.map(({ command, changed, ok }) => ({ command, changed, ok }))).toEqual([
      { command: "restart kafka-1", changed: 1, ok: false },
    ]);
  });

  test("no say in whether a command succeeds", async () => {
    const provider = local();
    const { context, heard } = listening();
    const broken: Provider = {
      ...provider,
      history: {
        ...provider.history,
        append: () => Promise.reject(new KctlError({ code: "local-io", what: "the disk is full" })),
      },
    };
    await inHistory({ provider: broken, command: "stop", context }, async ({ emit }) => {
      emit(done("stop kafka-1/broker", "stop broker on kafka-1"));
      return { changed: 1 };
    });
    expect(heard).toContainEqual({ type: "warning", fault: { code: "local-io", what: "the disk is full" } });
  });
});

test("what needs no lock is kept while another kctl has it", async () => {
  const provider = local();
  const { context } = listening();
  const { history } = provider;
  await inHistory({ provider, command: "up", context }, async () => {
    await keptInHistory({ history, command: "offsets reset g --to latest", context }, async ({ emit }) => {
      emit(done("offsets g", "set 3 offsets of the group g (orders) to the end"));
      return { changed: 3 };
    });
    return { changed: 0 };
  });
  const { entries } = await history.read();
  expect(entries).toMatchObject([
    {
      command: "offsets reset g --to latest",
      changed: 3,
      titles: ["set 3 offsets of the group g (orders) to the end"],
      ok: true,
    },
  ]);
});

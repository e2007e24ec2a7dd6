/** `up` stopped at ten points by SIGINT and at ten by SIGKILL: the next `up` converges. */
import { readdir } from "node:fs/promises";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, kctl, place, processes, start, type Place } from "./kctl.ts";

let at: Place | undefined;
afterEach(async () => {
  if (at !== undefined) await cleanUp(at);
  at = undefined;
});

/** Points in the life of `up`: the n-th line of what it tells, from its first to after the last server was started. */
const points = [1, 8, 30, 60, 80, 90, 96, 100, 102, 104];

/** Sends the signal once `up` has told `lines` lines; resolves when it has ended. */
async function stopAfter(place: Place, lines: number, signal: NodeJS.Signals): ReturnType<typeof kctl> {
  const { child, ended } = start(place, "up", "--json");
  let seen = 0;
  let sent = false;
  child.stdout?.on("data", (text: string) => {
    seen += text.split("\n").length - 1;
    if (seen >= lines && !sent) sent = child.kill(signal);
  });
  return ended;
}

describe.each(["SIGINT", "SIGKILL"] as const)("%s", (signal) => {
  test.each(points)("after line %i", async (lines) => {
    at = await place();
    const stopped = await stopAfter(at, lines, signal);
    if (signal === "SIGKILL") expect(stopped.signal).toBe("SIGKILL");
    else
      expect({
        exit: stopped.exit,
        errors: (stopped.result?.["errors"] as { code: string }[]).map(({ code }) => code),
      }).toEqual({ exit: 130, errors: ["interrupted"] });
    const half = await processes(at);
    const { exit, result } = await kctl(at, "up", "--json");
    expect(result?.["errors"]).toEqual([]);
    expect(exit).toBe(0);
    const after = await processes(at);
    expect([...after.keys()].toSorted()).toEqual(at.servers);
    // What ran already goes on running.
    for (const [key, { birth }] of half) expect({ key, birth: after.get(key)?.birth }).toEqual({ key, birth });
    expect((await kctl(at, "plan", "--json")).result?.["changes"]).toEqual([]);
    expect((await kctl(at, "destroy", "--yes", "--json")).exit).toBe(0);
    expect(await readdir(at.folder)).toEqual(["kctl.yaml"]);
  });
});

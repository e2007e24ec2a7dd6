/** On a terminal: the live tree, a question, a change of size, Ctrl-C, and what stays on the screen. */
import { describe, expect, test } from "vitest";
import { configure, kctl, newPlace, processes } from "./kctl.ts";
import { onTerminal } from "./live-terminal.ts";

const spinner = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/;

describe("a cluster of one on a terminal", () => {
  test("up, resized in the middle; status watched; a roll confirmed and interrupted, finished by the next up", async () => {
    const at = await newPlace({ count: 1 });
    const up = onTerminal(at, 90, 24, "up");
    await up.until((seen) => /^ {2}kafka-1\n {4}\S start ZooKeeper server 1 .*\n/m.test(seen));
    expect(up.terminal.cursorShown()).toBe(false);
    up.resize(50, 20);
    expect(await up.exit).toBe(0);
    const lines = up.terminal.all();
    expect(up.terminal.cursorShown()).toBe(true);
    expect(lines.filter((line) => spinner.test(line))).toEqual([]);
    expect(lines.filter((line) => line.startsWith("✓ start "))).toHaveLength(2);
    expect(lines.join("\n")).toMatch(
      /\n\ndemo is up: \d+ changes in .* s\.\n\nClients connect to\n {2}127\.0\.0\.1:\d+\n/,
    );

    const status = onTerminal(at, 80, 24, "status", "--watch", "--interval", "1s");
    const watched = await status.until((seen) => seen.includes("q ends it"));
    expect(watched).toMatch(/^demo: healthy \(Kafka 3\.9\.1\)\n\nNODE +SERVICE +ID +STATE/);
    await status.until((seen) => /^in the last \d+ s: 0 records\/s, 0 KiB\/s$/m.test(seen));
    status.type("q");
    expect(await status.exit).toBe(0);
    expect(status.terminal.all().filter((line) => line.startsWith("demo: "))).toHaveLength(1);
    expect(status.terminal.cursorShown()).toBe(true);

    await configure(at, { "queued.max.requests": 400 });
    const before = await processes(at);
    const roll = onTerminal(at, 80, 24, "up");
    const asked = await roll.until((seen) => seen.includes("Go on? [y/N]"));
    expect(asked).not.toMatch(spinner);
    expect(roll.terminal.cursorShown()).toBe(true);
    roll.type("y\r");
    await roll.until((seen) => /\S restart broker \d/.test(seen));
    roll.type("\u0003");
    expect(await roll.exit).toBe(130);
    const told = roll.terminal.all().join("\n");
    expect(told).toMatch(
      /interrupted: finishing what cannot be left half-done: restart kafka-1\/broker;\n {2}Ctrl-C again/,
    );
    expect(told).toContain("error: interrupted");
    expect(told).not.toMatch(spinner);
    expect(roll.terminal.cursorShown()).toBe(true);
    const after = await processes(at);
    expect([...after.keys()].toSorted()).toEqual([...at.servers]);
    expect(after.get("kafka-1/broker")?.pid).not.toBe(before.get("kafka-1/broker")?.pid);

    const next = await kctl(at, "up", "--json");
    expect(next.result).toMatchObject({ ok: true, errors: [] });
    expect(await processes(at)).toEqual(after);

    const killed = onTerminal(at, 80, 24, "status", "--watch");
    await killed.until((seen) => seen.includes("q ends it"));
    killed.type("\u0003");
    expect(await killed.exit).toBe(130);
    expect(killed.terminal.cursorShown()).toBe(true);

    const json = await kctl(at, "destroy", "--yes", "--json");
    expect(json.result).toMatchObject({ ok: true });
    const gone = await kctl(at, "status", "--json");
    expect(gone.result).toMatchObject({
      ok: false,
      errors: [{ code: "unhealthy", what: "there is no cluster demo here", fix: "`kctl up` makes it" }],
    });
  });

  test("with --plain, KCTL_PLAIN or on a dumb terminal nothing is redrawn", async () => {
    const at = await newPlace({ count: 1 });
    const session = onTerminal(at, 80, 24, "up", "--plain");
    expect(await session.exit).toBe(0);
    const text = session.terminal.all().join("\n");
    expect(text).toMatch(/^done: start broker 1 on kafka-1 \(/m);
    expect(text).not.toMatch(/[✓⠋·]/);
    const failed = await kctl(at, "up", "--plan", "nowhere.json", "--json");
    expect(failed.result).toMatchObject({ ok: false, changed: 0 });
    expect(failed.result?.["seconds"]).toBeTypeOf("number");
    await kctl(at, "destroy", "--yes");
  });
});

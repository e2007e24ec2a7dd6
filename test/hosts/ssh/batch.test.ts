import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { alone, batchOf } from "../../../src/hosts/ssh/batch.ts";
import type { Operation } from "../../../src/hosts/ssh/operation.ts";
import { scriptOf, verdictReader, withoutRepeats } from "../../../src/hosts/ssh/script.ts";
import { quoted } from "../../../src/hosts/ssh/quote.ts";
import type { Shell } from "../../../src/hosts/ssh/shell.ts";
import { faultOf, stagedHost } from "./support/apply-host.ts";
import { isRoot, shells, stage } from "./support/apply-shell.ts";

const kinds = Object.keys(shells) as (keyof typeof shells)[];
const options = { fence: () => ":", user: "kctl" };
const signal = AbortSignal.timeout(60_000);
const does = (lines: string, more: Partial<Operation<string>> = {}): Operation<string> => ({
  doing: "try",
  lines,
  read: (stdout) => stdout,
  ...more,
});

describe.runIf(isRoot).each(kinds)("in %s", (kind) => {
  test("what each operation prints and says is its own, to the byte", async () => {
    const { shell, scripts } = stage({ kind });
    const batch = batchOf(shell, options, signal);
    const results = await Promise.allSettled([
      batch(does("printf 'no newline'; echo aside >&2")),
      batch(does("true")),
      batch(does("echo; echo out; echo said >&2; exit 3")),
      batch(does("exec cat")),
      batch(does("cd /opt; x=1; set -e; false; echo unreached")),
      batch(does(`echo "\${x-unset} $PWD"`)),
      batch(does("kill -9 $(sh -c 'echo $PPID'); echo unreached")),
      batch(does("echo last")),
    ]);
    expect(scripts).toHaveLength(1);
    expect(results.map((each) => (each.status === "fulfilled" ? each.value : "rejected"))).toEqual([
      "no newline",
      "",
      "rejected",
      "",
      "rejected",
      expect.stringMatching(/^unset \//),
      "rejected",
      "last\n",
    ]);
    expect((results[2] as PromiseRejectedResult).reason).toMatchObject({
      faults: [{ code: "host-io", node: "host-1", what: "cannot try: said", detail: "said" }],
    });
  });

  test("a script that comes only in part does nothing", async () => {
    const { root, shell } = stage({ kind });
    const script = scriptOf([does("touch /opt/one"), does("touch /opt/two")], {
      fence: "touch /opt/fence",
      user: "kctl",
      token: "t",
    });
    for (const tenth of [1, 2, 3, 4, 5, 6, 7, 8, 9, 9.9]) {
      await shell.run(script.slice(0, Math.floor((script.length * tenth) / 10)), { signal });
      expect(readdirSync(join(root, "/opt"))).toEqual([]);
    }
    await shell.run(script, { signal });
    expect(readdirSync(join(root, "/opt"))).toEqual(["fence", "one", "two"]);
  });

  test("words stay as they are", async () => {
    const { shell } = stage({ kind });
    const words = ["", "it's", "a b", "$HOME", "`id`", "-n", "*", "\\", "a\nb", "'\\''", "\u00fc \u{1f600}"];
    const printed = await alone(
      shell,
      does(words.map((word) => `printf '<%s>' ${quoted(word)}`).join("\n")),
      options,
      signal,
    );
    expect(printed).toBe(words.map((word) => `<${word}>`).join(""));
    expect(() => quoted("a\0")).toThrow(RangeError);
  });

  test("nothing is done once the lock is lost", async () => {
    const { host, root } = stagedHost({
      kind,
      fence: () => "[ ! -e /opt/lost ] || { echo 'held by another' >&2; exit 97; }",
    });
    await host.makeFolder({ path: "/opt/kctl/a", mode: 0o755 });
    writeFileSync(join(root, "/opt/lost"), "");
    const works = [host.makeFolder({ path: "/opt/kctl/b", mode: 0o755 }), host.removeTree("/opt/kctl/a")];
    const faults = await Promise.all(works.map(faultOf));
    expect(faults.map(({ code, detail }) => [code, detail])).toEqual([
      ["locked", "held by another"],
      ["locked", "held by another"],
    ]);
    expect(readdirSync(join(root, "/opt/kctl"))).toEqual(["a"]);
  });
});

describe("a batch", () => {
  const recorded = (run: Shell["run"]): Shell & { scripts: string[] } => {
    const scripts: string[] = [];
    return { node: "host-1", scripts, run: (script, given) => (scripts.push(script), run(script, given)) };
  };

  test.runIf(isRoot)("takes along what is asked for while a script runs, and no more than that", async () => {
    const { shell, scripts } = stage();
    const batch = batchOf(shell, options, signal);
    const first = batch(does("sleep 0.2"));
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    const later = [batch(does("echo a")), batch(does("echo b")), batch(does("echo c"))];
    await first;
    expect(await Promise.all(later)).toEqual(["a\n", "b\n", "c\n"]);
    expect(scripts).toHaveLength(2);
    await batch(does("true"));
    expect(scripts).toHaveLength(3);
  });

  test.runIf(isRoot)("what was done before the shell was gone is known as done", async () => {
    const { root, shell } = stage();
    const batch = batchOf(shell, options, signal);
    const [one, two, three] = await Promise.allSettled([
      batch(does("echo one")),
      batch(does("kill -9 $$")),
      batch(does("touch /opt/three")),
    ]);
    expect(one).toEqual({ status: "fulfilled", value: "one\n" });
    expect([two?.status, three?.status]).toEqual(["rejected", "rejected"]);
    expect(existsSync(join(root, "/opt/three"))).toBe(false);
  });

  test("that cannot reach its host says so to each, and goes on", async () => {
    const shell = recorded(() => Promise.reject(new Error("no route")));
    const batch = batchOf(shell, options, signal);
    const both = await Promise.allSettled([batch(does("a")), batch(does("b"))]);
    expect(both.map((each) => each.status === "rejected" && String(each.reason))).toEqual([
      "Error: no route",
      "Error: no route",
    ]);
    await expect(batch(does("c"))).rejects.toThrow("no route");
    expect(shell.scripts).toHaveLength(2);
  });

  test("has systemd read its units once for all files that were written by then", () => {
    type Step = { name: string; settles?: string; uses?: string };
    const op = (name: string, more: Partial<Step> = {}): Step => ({ name, ...more });
    const reload = (name: string) => op(name, { settles: "units" });
    const start = (name: string) => op(name, { uses: "units" });
    const kept = (...all: Step[]) =>
      withoutRepeats(all)
        .map(({ name }) => name)
        .join(" ");
    expect(kept(op("w"), reload("1"), op("w"), reload("2"), start("s"))).toBe("w w 2 s");
    expect(kept(op("w"), reload("1"), start("s"), op("w"), reload("2"), start("t"))).toBe("w 1 s w 2 t");
    expect(kept(reload("1"), reload("2"), reload("3"))).toBe("3");
  });

  test.runIf(isRoot)("and all who asked for it are told", async () => {
    const { host, scripts, root } = stagedHost({ programs: { systemctl: 'echo "$*" >>/opt/said' } });
    await Promise.all([
      host.machine.reloadUnits(),
      host.machine.reloadUnits(),
      host.machine.enableUnit("a.service"),
      host.machine.reloadUnits(),
    ]);
    expect(scripts).toHaveLength(1);
    expect(readFileSync(join(root, "/opt/said"), "utf8")).toBe("--no-reload --quiet enable a.service\ndaemon-reload\n");
  });

  const loaded = "LoadState=loaded\nNeedDaemonReload=no\n";
  test.runIf(isRoot).each([
    ["none of it, where all are loaded as they are", `printf '${loaded}\n${loaded}'`, false],
    ["all, where it does not know of one", `printf '${loaded}\nLoadState=not-found\nNeedDaemonReload=no\n'`, true],
    ["all, where one has changed", `printf 'LoadState=loaded\nNeedDaemonReload=yes\n\n${loaded}'`, true],
    ["all, where it does not say", "exit 1", true],
  ])("is made to read units again: %s", async (_, told, reloads) => {
    const systemctl = `echo "$*" >>/opt/said\ncase $* in show*) ${told} ;; esac`;
    const { host, scripts, root } = stagedHost({ programs: { systemctl } });
    const units = ["a.service", "b.service"];
    await Promise.all(units.flatMap((unit) => [host.machine.enableUnit(unit), host.machine.readUnits(units)]));
    expect(scripts).toHaveLength(1);
    expect(readFileSync(join(root, "/opt/said"), "utf8").trimEnd().split("\n")).toEqual([
      "--no-reload --quiet enable a.service",
      "--no-reload --quiet enable b.service",
      "show -p LoadState,NeedDaemonReload -- a.service b.service",
      ...(reloads ? ["daemon-reload"] : []),
    ]);
  });

  test("verdicts are read wherever the output is cut into chunks", () => {
    const text = "t 0 err 7\n\n\n\nt 0 err 1\nsaid\nt 0 end\n\nt 1 err 0\n\nt 1 end\n";
    for (let cut = 0; cut <= text.length; cut += 1) {
      const seen: unknown[] = [];
      const read = verdictReader("t", (index, verdict) =>
        seen.push([index, verdict.code, verdict.stdout, verdict.stderr]),
      );
      read(text.slice(0, cut));
      read(text.slice(cut));
      expect(seen).toHaveLength(2);
      expect(seen[1]).toEqual([1, 0, "", ""]);
    }
  });
});

test.runIf(isRoot)("nothing of a file's content is in the arguments of a program", async () => {
  const { host, root } = stagedHost({
    programs: Object.fromEntries(
      ["base64", "sha256sum", "mv", "chown", "sync", "rm", "mkdir", "stat"].map((name) => [
        name,
        `echo "$0 $*" >>/opt/arguments\nexec /usr/bin/${name} "$@"\n`,
      ]),
    ),
  });
  mkdirSync(join(root, "/etc/kctl"));
  const secret = "hunter2-hunter2";
  await host.writeFile({ path: "/etc/kctl/secret", mode: 0o600, content: secret, member: null });
  const said = readFileSync(join(root, "/opt/arguments"), "utf8");
  expect(said).toContain("mv -fT ./.secret.kctl-new secret");
  for (const form of [secret, Buffer.from(secret).toString("base64")]) expect(said).not.toContain(form);
});

/**
 * What every provider must do, and its hosts: one list of behaviours, each a case that any runner can carry out. A case that needs
 * what only some platforms have says so. Each begins with a cluster that is not there, and leaves none.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KctlError } from "../../src/fault.ts";
import type { Host, MachineHands, SlowOptions } from "../../src/hosts/host.ts";
import { quoted } from "../../src/hosts/ssh/quote.ts";
import { contentDigest } from "../../src/plan/content-digest.ts";
import type { ObservedHost, ObservedProcess } from "../../src/plan/observed.ts";
import { receiptText, type Receipt } from "../../src/plan/receipt.ts";
import type { Lock, Provider } from "../../src/providers/provider.ts";
import { withBlock, withoutBlock } from "../../src/render/hosts-block.ts";
import type { DesiredFile, DesiredHost, DesiredMachine, DesiredProcess, Owner } from "../../src/services/desired.ts";

/** What is tried: how a command opens it. */
export type Subject = {
  readonly cluster: string;
  /** The first is used by most cases. */
  readonly nodes: readonly [string, ...string[]];
  /** As another command of another kctl would. */
  readonly open: () => Promise<Provider>;
  /** One whose machine does not answer; null where machines always do. */
  readonly openAway: (() => Promise<Provider>) | null;
  /** As `open`, with a spec that has the first node only; null where there is no other. */
  readonly openFirst: (() => Promise<Provider>) | null;
  /** Machines are known by their tags: one that the spec no longer has is locked with the others. */
  readonly knownByTags?: true;
};

export type Case = {
  readonly name: string;
  /** `machine`: the platform's machines are kctl's to set up. `several`: they are more than one. `away`: they can be out of reach. */
  readonly needs?: "machine" | "several" | "away";
  readonly run: (at: At) => Promise<void>;
};

/** A provider that is open and locked, and its first host. */
type At = {
  readonly subject: Subject;
  readonly provider: Provider;
  readonly lock: Lock;
  readonly host: Host;
  readonly node: string;
  /** A folder of the node's broker. */
  readonly folder: (kind: "config" | "data" | "log" | "run") => string;
  /** Owner of what servers may not change; undefined where there is but one user. */
  readonly owner: Owner | undefined;
  /** As somebody who is not kctl. */
  readonly byHand: (script: string) => Promise<string>;
};

const never = new AbortController().signal;
const slow: SlowOptions = { signal: never, timeoutSeconds: 60, onWait: () => undefined };

/** Whether a provider's platform has what the case needs. */
export function applies({ needs }: Case, { openAway, nodes }: Subject, { platform }: Provider): boolean {
  if (needs === "machine") return platform.machine !== null;
  if (needs === "several") return platform.machine !== null && nodes.length > 1;
  return needs !== "away" || openAway !== null;
}

/** @returns false where it does not apply */
export async function carryOut(one: Case, subject: Subject): Promise<boolean> {
  const provider = await subject.open();
  if (!applies(one, subject, provider)) return false;
  const lock = await provider.lock(one.name);
  const [node] = subject.nodes;
  const [host] = provider.hosts([node]);
  if (host === undefined) throw new Error(`${node} has no host`);
  const { folders, machine } = provider.platform;
  const inNode = (path: string): string => path.replaceAll("{node}", node).replaceAll("{role}", "broker");
  const at: At = {
    subject,
    provider,
    lock,
    host,
    node,
    folder: (kind) => inNode(folders[kind]),
    owner: machine === null ? undefined : { user: "root", group: "root" },
    byHand: async (script) => {
      const { code, stdout, stderr } = await provider.shell(node).run(script, { signal: never });
      assert.equal(code, 0, stderr);
      return stdout;
    },
  };
  try {
    await provider.readReceipt();
    await one.run(at);
  } finally {
    for (const kind of ["config", "data", "log", "run"] as const) await host.removeTree(at.folder(kind));
    await provider.tidy([{ node, role: "broker" }]);
    await provider.removeReceipt();
    await lock.release();
  }
  return true;
}

/** What stands for a server: a shell that waits, with the arguments by which kctl knows its own. */
function standIn({ folder, node, subject, provider }: At): DesiredProcess {
  const mark = `@${folder("config")}/jvm.args`;
  return {
    key: `${node}/broker`,
    node,
    role: "broker",
    argv: ["/bin/sh", "-c", "while :; do sleep 0.1; done", "-Dkctl.inputs=abc", mark],
    programFrom: "java",
    env: {},
    folder: folder("run"),
    mark,
    inputs: "abc",
    console:
      provider.platform.machine === null ? `${folder("log")}/console.log` : `journal:kctl-${subject.cluster}-broker`,
    log: `${folder("log")}/server.log`,
    pidFile: `${folder("run")}/pid`,
    ports: {},
    probe: { kind: "kafka", address: "127.0.0.1", port: 1, brokerId: 1 },
    stopSeconds: 5,
  };
}

const unitOf = ({ subject }: At): string => `kctl-${subject.cluster}-broker.service`;

const block = ({ subject, node }: At): DesiredMachine["hosts"] => ({
  cluster: subject.cluster,
  entries: [{ address: "10.77.0.99", names: [`${node}-away`, `${node}-away.${subject.cluster}`] }],
});

function wanted(
  at: At,
  more: Partial<DesiredHost> & { readonly machineHas?: Partial<DesiredMachine> } = {},
): DesiredHost {
  const { machineHas, ...rest } = more;
  const { machine } = at.provider.platform;
  const unit = unitOf(at);
  return {
    node: at.node,
    folders: [],
    files: [],
    processes: [],
    storedIds: [],
    storage: [],
    ...(machine === null
      ? {}
      : {
          machine: {
            user: machine.user,
            software: [],
            java: {
              link: `${machine.cluster}/java`,
              unpacked: "/opt/kctl/java-17",
              least: 11,
              best: 17,
              most: null,
              home: null,
            },
            hosts: block(at),
            sysctl: {},
            units: [{ name: unit, path: `${machine.units}/${unit}`, member: `${at.node}/broker` }],
            volume: null,
            ...machineHas,
          },
        }),
    ...rest,
  };
}

const look = (at: At, more: Parameters<typeof wanted>[1] = {}): Promise<ObservedHost> =>
  at.host.look(wanted(at, more), never);

async function processSeen(at: At, process: DesiredProcess): Promise<ObservedProcess> {
  const seen = (await look(at, { processes: [process] })).processes[process.key];
  assert.ok(seen);
  return seen;
}

function file({ folder, owner }: At, content: string, more: Partial<DesiredFile> = {}): DesiredFile {
  const path = `${folder("config")}/server.properties`;
  return { path, mode: 0o640, content, member: null, ...(owner === undefined ? {} : { owner }), ...more };
}

const makeFolder = ({ host, folder, owner }: At, kind: Parameters<At["folder"]>[0], mode = 0o750): Promise<void> =>
  host.makeFolder({ path: folder(kind), mode, ...(owner === undefined ? {} : { owner }) });

function handsOf({ host }: Pick<At, "host">): MachineHands {
  assert.ok(host.machine);
  return host.machine;
}

async function fails(work: Promise<unknown>): Promise<KctlError> {
  const error: unknown = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof KctlError, `no fault, but ${String(error)}`);
  return error;
}

/** Has the stand-in run: what that takes beside the process itself, and back again at the end. */
async function withStandIn(at: At, work: (process: DesiredProcess) => Promise<void>): Promise<void> {
  const process = standIn(at);
  for (const kind of ["config", "log", "run"] as const) await makeFolder(at, kind);
  const { machine } = at.provider.platform;
  if (machine === null) {
    try {
      return await work(process);
    } finally {
      const seen = await processSeen(at, process);
      if (seen.state === "running") await at.host.stop(seen, 0, never);
    }
  }
  const hands = handsOf(at);
  const unit = unitOf(at);
  const path = `${machine.units}/${unit}`;
  const [program = "", option = "", script = "", ...args] = process.argv;
  const content = `[Service]\nExecStart=${program} ${option} "${script}" ${args.join(" ")}\n[Install]\nWantedBy=multi-user.target\n`;
  try {
    await at.host.writeFile({
      path,
      mode: 0o644,
      content,
      member: process.key,
      owner: { user: "root", group: "root" },
    });
    await Promise.all([hands.enableUnit(unit), hands.readUnits([unit])]);
    await work(process);
  } finally {
    await hands.quietUnit(unit);
    await hands.disableUnit(unit);
    await at.host.removeFile(path);
    await hands.reloadUnits();
  }
}

async function withUser(at: At, work: () => Promise<void>): Promise<void> {
  if (at.host.machine === undefined) return work();
  await at.host.machine.makeUser();
  try {
    await work();
  } finally {
    await at.host.machine.removeUser();
  }
}

function receipt({ subject, provider }: At): Receipt {
  const empty = { address: "10.0.0.1", folders: [], files: [], units: [], software: [], made: [] };
  return {
    schema: 1,
    cluster: subject.cluster,
    provider: provider.platform.provider,
    kafkaVersion: "3.9.1",
    java: "/java",
    cache: "/cache",
    clusterId: null,
    directoryIds: {},
    formatted: [],
    members: {},
    highest: {},
    ports: {},
    folders: [],
    files: [],
    ...(provider.platform.machine === null
      ? {}
      : { machines: Object.fromEntries(subject.nodes.map((node) => [node, empty])), revision: 1 }),
    liveSettings: { cluster: [], brokers: {} },
    topics: {},
  };
}

const receiptPath = ({ provider: { platform } }: At): string =>
  `${platform.machine === null ? platform.root : platform.machine.cluster}/receipt.json`;

export const cases: readonly Case[] = [
  {
    name: "a receipt is what was written last, for no other eyes, until it is removed",
    run: async (at) => {
      const { provider, byHand } = at;
      const first = receiptText(receipt(at));
      const second = receiptText({
        ...receipt(at),
        kafkaVersion: "3.9.2",
        ...(provider.platform.machine && { revision: 2 }),
      });
      assert.equal(await provider.readReceipt(), null);
      assert.deepEqual(provider.receiptBehind(), []);
      for (const text of [first, second]) {
        await provider.writeReceipt(text);
        assert.equal(await (await at.subject.open()).readReceipt(), text);
      }
      assert.match(await byHand(`stat -c %a ${quoted(receiptPath(at))}`), /0\n$/);
      await provider.removeReceipt();
      assert.equal(await provider.readReceipt(), null);
      await provider.removeReceipt();
    },
  },
  {
    name: "of several copies of the receipt the newest counts, and machines that lack it are told",
    needs: "several",
    run: async (at) => {
      const { provider, byHand, subject } = at;
      const old = receiptText(receipt(at));
      const now = receiptText({ ...receipt(at), revision: 2 });
      await provider.writeReceipt(now);
      await byHand(`printf %s ${quoted(old)} >${quoted(receiptPath(at))}`);
      assert.equal(await provider.readReceipt(), now);
      assert.deepEqual(provider.receiptBehind(), [at.node]);
      await byHand(`rm ${quoted(receiptPath(at))}`);
      assert.equal(await provider.readReceipt(), now);
      assert.deepEqual(provider.receiptBehind(), [at.node]);
      await provider.writeReceipt(now);
      assert.equal(await provider.readReceipt(), now);
      assert.deepEqual(provider.receiptBehind(), []);
      assert.ok(subject.nodes.length > 1);
    },
  },
  {
    name: "a node that the spec no longer has is taken in: locked, changed, and its copy of the receipt removed",
    needs: "several",
    run: async (at) => {
      const { lock, subject, provider } = at;
      const second = subject.nodes[1] ?? "";
      const addresses = Object.fromEntries(subject.nodes.map((node, index) => [node, `10.77.0.${11 + index}`]));
      const { machines, ...rest } = receipt(at);
      const its = Object.entries(machines ?? {}).map(([node, made]) => [
        node,
        { ...made, address: addresses[node] ?? "" },
      ]);
      const text = receiptText({ ...rest, machines: Object.fromEntries(its) as Receipt["machines"] });
      await provider.writeReceipt(text);
      await lock.release();
      const smaller = await subject.openFirst?.();
      assert.ok(smaller);
      const smallerLock = await smaller.lock("destroy");
      assert.equal(await smaller.readReceipt(), text);
      const [host] = smaller.hosts([second]);
      const folder = { path: at.folder("data"), mode: 0o750, owner: { user: "root", group: "root" } };
      if (subject.knownByTags !== true) {
        const early = await fails(host?.makeFolder(folder) ?? Promise.resolve());
        assert.deepEqual(
          early.faults.map(({ code }) => code),
          ["locked"],
        );
      }
      await smaller.takeIn(subject.nodes);
      await host?.makeFolder(folder);
      await host?.removeTree(folder.path);
      const busy = await fails((await subject.open()).lock("up"));
      assert.deepEqual(
        busy.faults.map(({ code }) => code),
        ["locked"],
      );
      await smaller.removeReceipt();
      await smallerLock.release();
      assert.equal(await provider.readReceipt(), null);
    },
  },
  {
    name: "a lock keeps a second kctl out, says whose it is, and is free once it is released",
    run: async ({ subject }) => {
      const mine = await subject.open();
      const error = await fails(mine.lock("second"));
      assert.deepEqual(
        error.faults.map(({ code }) => code),
        ["locked"],
      );
      assert.match(error.message, /a lock keeps a second kctl out/);
    },
  },
  {
    name: "the history has what is appended, beside a receipt only, and goes with it",
    run: async (at) => {
      const { provider } = at;
      const entry = {
        id: randomUUID(),
        by: "ann@laptop",
        command: "up",
        changed: 2,
        titles: ["start 'it' %s \\n", "ünd"],
        ok: false,
      };
      assert.deepEqual(await provider.history.read(), { entries: [], missed: [] });
      await provider.history.append(entry);
      assert.deepEqual(await provider.history.read(), { entries: [], missed: [] });
      await provider.writeReceipt(receiptText(receipt(at)));
      const roots = provider.platform.machine?.roots ?? [];
      for (const { node } of provider.hosts(at.subject.nodes))
        for (const host of provider.hosts([node]))
          await Promise.all(
            roots.map((path) => host.makeFolder({ path, mode: 0o755, owner: { user: "root", group: "root" } })),
          );
      await provider.history.append(entry);
      await provider.history.append({ ...entry, id: "later", ok: true });
      const { entries, missed } = await (await at.subject.open()).history.read();
      assert.deepEqual(missed, []);
      assert.deepEqual(
        entries.map(({ at: when, ...rest }) => ({ ...rest, told: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(when) })),
        [
          { ...entry, told: true },
          { ...entry, id: "later", ok: true, told: true },
        ],
      );
      await provider.removeReceipt();
      assert.deepEqual(await provider.history.read(), { entries: [], missed: [] });
    },
  },
  {
    name: "a look at what is not there says so, and makes nothing",
    run: async (at) => {
      const path = `${at.folder("config")}/server.properties`;
      const seen = await look(at, {
        folders: [{ path: at.folder("data"), mode: 0o750 }],
        files: [file(at, "a=1\n")],
        processes: [standIn(at)],
        storedIds: [
          { member: `${at.node}/broker`, path: `${at.folder("data")}/meta.properties`, form: "meta.properties" },
        ],
      });
      assert.deepEqual(seen.files, { [path]: { kind: "absent" } });
      assert.deepEqual(seen.folders, { [at.folder("data")]: { kind: "absent" } });
      assert.deepEqual(seen.processes, { [`${at.node}/broker`]: { state: "absent" } });
      assert.deepEqual(seen.identities, {});
      assert.equal(await at.host.tail(path, 100), "");
      await at.host.removeFile(path);
      await at.host.removeTree(at.folder("data"));
      assert.equal((await at.byHand(`ls -d ${quoted(at.folder("data"))} 2>/dev/null || echo none`)).trim(), "none");
    },
  },
  {
    name: "folders and files are made with their modes and owners, and seen as they are",
    run: async (at) => {
      const path = `${at.folder("config")}/server.properties`;
      const its = at.owner === undefined ? {} : { owner: at.owner };
      await makeFolder(at, "config", 0o710);
      await at.host.writeFile(file(at, "a=1\nü='$x`y\\\n"));
      const seen = await look(at, {
        folders: [{ path: at.folder("config"), mode: 0o710, ...its }],
        files: [file(at, "")],
      });
      assert.deepEqual(seen.folders, { [at.folder("config")]: { kind: "folder", mode: 0o710, ...its } });
      const content = "a=1\nü='$x`y\\\n";
      const is = { kind: "file", digest: contentDigest(content), mode: 0o640, content, ...its };
      assert.deepEqual(seen.files, { [path]: is });
    },
  },
  {
    name: "what somebody changed by hand is seen, and put back",
    run: async (at) => {
      const path = `${at.folder("config")}/server.properties`;
      const desired = file(at, "a=1\n");
      await makeFolder(at, "config");
      await at.host.writeFile(desired);
      await at.byHand(
        `echo b=2 >>${quoted(path)}; chmod 666 ${quoted(path)}; chmod 777 ${quoted(at.folder("config"))}`,
      );
      const folders = [{ path: at.folder("config"), mode: 0o750 }];
      const changed = await look(at, { folders, files: [desired] });
      const [other] = Object.values(changed.files);
      assert.ok(other?.kind === "file");
      assert.equal(other.mode, 0o666);
      assert.equal(other.content, "a=1\nb=2\n");
      const [open] = Object.values(changed.folders);
      assert.ok(open?.kind === "folder" && open.mode === 0o777);
      await makeFolder(at, "config");
      await at.host.writeFile(desired);
      const back = Object.values((await look(at, { files: [desired] })).files);
      assert.ok(back[0]?.kind === "file" && back[0].mode === 0o640 && back[0].content === "a=1\n");
      await at.host.removeFile(path);
      assert.deepEqual((await look(at, { files: [desired] })).files, { [path]: { kind: "absent" } });
    },
  },
  {
    name: "nothing is written or removed through a symbolic link",
    run: async (at) => {
      const outside = (await at.byHand("mktemp -d")).trim();
      try {
        const path = `${at.folder("config")}/server.properties`;
        await makeFolder(at, "config");
        await makeFolder(at, "data");
        await at.byHand(
          `echo theirs >${outside}/kept; rmdir ${quoted(at.folder("data"))}; ln -s ${outside}/kept ${quoted(path)}; ln -s ${outside} ${quoted(at.folder("data"))}`,
        );
        await fails(at.host.writeFile(file(at, "a=1\n")));
        await fails(at.host.writeFile(file(at, "a=1\n", { path: `${at.folder("data")}/myid` })));
        await fails(at.host.makeFolder({ path: `${at.folder("data")}/below`, mode: 0o755 }));
        await fails(at.host.removeFile(`${at.folder("data")}/kept`));
        assert.equal(await at.byHand(`ls -A ${outside}; cat ${outside}/kept`), "kept\ntheirs\n");
        const seen = await look(at, { folders: [{ path: at.folder("data"), mode: 0o750 }], files: [file(at, "")] });
        assert.equal(seen.files[path]?.kind, "other");
        assert.equal(seen.folders[at.folder("data")]?.kind, "other");
      } finally {
        await at.byHand(`rm -r ${outside}`);
      }
    },
  },
  {
    name: "a tree goes with all that is in it, and nothing that is outside of it",
    run: async (at) => {
      const outside = (await at.byHand("mktemp -d")).trim();
      try {
        await makeFolder(at, "data");
        await makeFolder(at, "log");
        await at.byHand(
          `echo theirs >${outside}/kept; cd ${quoted(at.folder("data"))}; mkdir -p a/b; echo x >a/b/c; ln -s ${outside} a/link; ln -s ${quoted(at.folder("log"))} b`,
        );
        await at.host.removeTree(at.folder("data"));
        await fails(at.host.removeTree(outside));
        await fails(at.host.removeFile(`${outside}/kept`));
        assert.equal(
          await at.byHand(
            `cat ${outside}/kept; [ -d ${quoted(at.folder("log"))} ] && echo log; ls -d ${quoted(at.folder("data"))} 2>/dev/null || echo gone`,
          ),
          "theirs\nlog\ngone\n",
        );
      } finally {
        await at.byHand(`rm -r ${outside}`);
      }
    },
  },
  {
    name: "a process that is started is seen with its pid, birth and inputs, and ends when it is stopped",
    run: (at) =>
      withStandIn(at, async (process) => {
        assert.deepEqual(await processSeen(at, process), { state: "absent" });
        const running = await at.host.start(process);
        assert.equal(running.inputs, "abc");
        const seen = await processSeen(at, process);
        assert.ok(seen.state === "running" && seen.extras === undefined);
        assert.deepEqual([seen.pid, seen.birth, seen.inputs], [running.pid, running.birth, "abc"]);
        assert.equal(await at.host.isAlive(running), true);
        // What runs already is not started twice.
        if (at.host.machine !== undefined) assert.equal((await at.host.start(process)).pid, running.pid);
        await at.host.stop(running, 5, never);
        assert.equal(await at.host.isAlive(running), false);
        assert.deepEqual(await processSeen(at, process), { state: "absent" });
        await at.host.stop(running, 5, never);
      }),
  },
  {
    name: "only that very process is stopped, none that has its pid later",
    run: (at) =>
      withStandIn(at, async (process) => {
        const running = await at.host.start(process);
        const later = { ...running, birth: `${running.birth}1` };
        assert.equal(await at.host.isAlive(later), false);
        await at.host.stop(later, 0, never);
        assert.equal(await at.host.isAlive(running), true);
        await at.host.stop(running, 0, never);
        assert.equal(await at.host.isAlive(running), false);
      }),
  },
  {
    name: "one that was killed is started again, as another",
    run: (at) =>
      withStandIn(at, async (process) => {
        const first = await at.host.start(process);
        await at.byHand(`kill -KILL ${first.pid}; while kill -0 ${first.pid} 2>/dev/null; do sleep 0.02; done`);
        assert.equal(await at.host.isAlive(first), false);
        const dead = await processSeen(at, process);
        assert.notEqual(dead.state, "running");
        const second = await at.host.start(process);
        assert.notEqual(second.pid, first.pid);
        const seen = await processSeen(at, process);
        assert.ok(seen.state === "running" && seen.pid === second.pid);
      }),
  },
  {
    name: "a program runs to its end in its folder: what it prints, or what it complains of",
    run: (at) =>
      withUser(at, async () => {
        await makeFolder(at, "run", 0o755);
        const run = (script: string): Promise<string> =>
          at.host.run(["/bin/sh", "-c", script, "it", "two words"], at.folder("run"), never);
        assert.equal(await run('pwd; echo "$1"'), `${at.folder("run")}\ntwo words\n`);
        const error = await fails(run("echo out; echo no room >&2; exit 3"));
        assert.match(JSON.stringify(error.faults), /no room/);
      }),
  },
  {
    name: "the end of a text file comes in whole lines",
    run: async (at) => {
      const path = `${at.folder("log")}/server.log`;
      await makeFolder(at, "log");
      await at.byHand(`printf 'one\\ntwo\\nthree\\n' >${quoted(path)}`);
      assert.equal(await at.host.tail(path, 1000), "one\ntwo\nthree\n");
      assert.equal(await at.host.tail(path, 8), "three\n");
    },
  },
  {
    name: "the servers' user is made once, and goes",
    needs: "machine",
    run: async (at) => {
      const hands = handsOf(at);
      assert.equal((await look(at)).machine?.user, false);
      assert.equal(await hands.makeUser(), true);
      assert.equal(await hands.makeUser(), false);
      assert.equal((await look(at)).machine?.user, true);
      const [, , , , , , shell] = (await at.byHand("getent passwd kctl")).trim().split(":");
      assert.match(shell ?? "", /nologin|false/);
      await hands.removeUser();
      await hands.removeUser();
      assert.equal((await look(at)).machine?.user, false);
    },
  },
  {
    name: "kctl's block in /etc/hosts comes and goes, resolves, and is not written over what somebody else wrote",
    needs: "machine",
    run: async (at) => {
      const hands = handsOf(at);
      const before = (await look(at)).machine?.hostsFile ?? "";
      const content = withBlock(before, block(at));
      assert.equal(await hands.writeHostsFile({ former: `${before}\n`, content }), "changed-meanwhile");
      assert.equal(await hands.writeHostsFile({ former: before, content }), "written");
      const seen = (await look(at)).machine;
      assert.equal(seen?.hostsFile, content);
      assert.deepEqual(seen.resolves, { [`${at.node}-away`]: "10.77.0.99" });
      const back = withoutBlock(content, at.subject.cluster);
      assert.equal(back, before);
      assert.equal(await hands.writeHostsFile({ former: content, content: back }), "written");
      assert.equal((await look(at)).machine?.hostsFile, before);
    },
  },
  {
    name: "a setting of the kernel is set at once, and one that it does not have is told",
    needs: "machine",
    run: async (at) => {
      const hands = handsOf(at);
      const sysctl = { "vm.swappiness": "7" };
      const before = (await look(at, { machineHas: { sysctl } })).machine?.sysctl["vm.swappiness"];
      assert.ok(typeof before === "string");
      const refused = await hands.setSysctls({ ...sysctl, "vm.no_such_thing": "1" });
      assert.deepEqual(refused, [{ name: "vm.no_such_thing", why: "missing" }]);
      assert.deepEqual((await look(at, { machineHas: { sysctl } })).machine?.sysctl, sysctl);
      assert.deepEqual(await hands.setSysctls({ "vm.swappiness": before }), []);
    },
  },
  {
    name: "a unit is enabled, and disabled, and gone",
    needs: "machine",
    run: async (at) => {
      await withStandIn(at, async (process) => {
        const unit = unitOf(at);
        assert.deepEqual((await look(at)).machine?.units[unit], {
          active: "inactive",
          enabled: true,
          needsReload: false,
        });
        await at.host.start(process);
        assert.equal((await look(at)).machine?.units[unit]?.active, "active");
        await handsOf(at).quietUnit(unit);
        await handsOf(at).disableUnit(unit);
        assert.deepEqual((await look(at)).machine?.units[unit], {
          active: "inactive",
          enabled: false,
          needsReload: false,
        });
      });
      await handsOf(at).disableUnit(unitOf(at));
      await handsOf(at).quietUnit(unitOf(at));
    },
  },
  {
    name: "software is installed from what its digest says, or not at all",
    needs: "machine",
    run: async (at) => {
      const made = mkdtempSync(join(tmpdir(), "kctl-contract-"));
      const folder = `${at.provider.platform.machine?.software}/kafka-0.0.1`;
      const software = { artifact: { name: "kafka", version: "0.0.1" }, folder } as const;
      const has = async (): Promise<boolean | undefined> =>
        (await look(at, { machineHas: { software: [software] } })).machine?.software[folder];
      try {
        mkdirSync(join(made, "kafka/bin"), { recursive: true });
        writeFileSync(join(made, "kafka/bin/tool.sh"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
        const path = join(made, "kafka.tgz");
        execFileSync("tar", ["czf", path, "-C", made, "kafka"]);
        const sha512 = createHash("sha512").update(readFileSync(path)).digest("hex");
        const wrong = await fails(
          handsOf(at).installSoftware(
            software,
            { path, sha512: sha512.replace(/^./, "x").replace("x", sha512.startsWith("0") ? "1" : "0"), urls: [] },
            slow,
          ),
        );
        assert.deepEqual(
          wrong.faults.map(({ code }) => code),
          ["artifact-damaged"],
        );
        assert.notEqual(await has(), true);
        await handsOf(at).installSoftware(software, { path, sha512, urls: [] }, slow);
        assert.equal(await has(), true);
        await handsOf(at).installSoftware(software, { path, sha512, urls: [] }, slow);
        assert.equal(await at.byHand(`${folder}/bin/tool.sh`), "ran\n");
        await at.host.removeTree(folder);
        assert.notEqual(await has(), true);
      } finally {
        await at.host.removeTree(`${at.provider.platform.machine?.software}/.incoming`);
        await at.host.removeTree(folder);
        rmSync(made, { recursive: true });
      }
    },
  },
  {
    name: "a machine that does not answer is told from what is wrong on one",
    needs: "away",
    run: async ({ subject, provider, host }) => {
      const away = await subject.openAway?.();
      assert.ok(away);
      const error = await fails(away.readReceipt());
      assert.equal(away.unreachable(error), true);
      assert.match(error.message, /\.99\b/);
      const ofFile = await fails(host.removeTree("/etc/ssh"));
      assert.equal(provider.unreachable(ofFile), false);
      assert.equal(provider.unreachable(new Error("a fault of kctl's own")), false);
    },
  },
  {
    name: "once all is taken back, nothing of the cluster is left",
    run: async (at) => {
      const { provider, byHand, node } = at;
      const { machine, root } = provider.platform;
      const roots = machine?.roots ?? [];
      await provider.writeReceipt(receiptText(receipt(at)));
      for (const kind of ["config", "data", "log", "run"] as const) await makeFolder(at, kind);
      await at.host.writeFile(file(at, "a=1\n"));
      await provider.history.append({ id: "one", by: "a@b", command: "up", changed: 1, titles: ["it"], ok: true });
      await byHand(`echo theirs >${quoted(`${at.folder("data")}/notes`)}`);
      for (const kind of ["config", "log", "run"] as const) await at.host.removeTree(at.folder(kind));
      if (machine === null) {
        assert.deepEqual(await provider.tidy([{ node, role: "broker" }]), [at.folder("data")]);
        await at.host.removeTree(at.folder("data"));
        assert.deepEqual(await provider.tidy([{ node, role: "broker" }]), []);
      } else await at.host.removeTree(at.folder("data"));
      await provider.removeReceipt();
      const traces = machine === null ? [root] : [...roots, `${machine.units}/kctl-*`, "/opt/kctl"];
      const left = await byHand(
        `find ${traces.map((path) => path.replace(/[^\w/.*-]/g, "\\$&")).join(" ")} ! -name .lock 2>/dev/null || true`,
      );
      assert.deepEqual(
        left.split("\n").filter((line) => line !== "" && line !== root),
        [],
      );
    },
  },
];

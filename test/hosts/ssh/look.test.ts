/** The look by its real script in each shell, on a machine that a test has set up; only systemd's answers are written by hand. */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { look } from "../../../src/hosts/ssh/look.ts";
import type { ObservedHost } from "../../../src/plan/observed.ts";
import type { DesiredHost, DesiredMachine, DesiredProcess } from "../../../src/services/desired.ts";
import { faultOf } from "./support/apply-host.ts";
import { isRoot, shells, stage, type Stage, type StageOptions } from "./support/apply-shell.ts";

const { signal } = new AbortController();
const digest = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex");
const owner = { user: "root", group: "root" };

const machine: DesiredMachine = {
  user: "daemon",
  software: [{ artifact: { name: "kafka", version: "3.9.1" }, folder: "/opt/kctl/kafka-3.9.1" }],
  java: { link: "/etc/kctl/demo/java", unpacked: "/opt/kctl/java-17", least: 11, best: 17, most: null, home: null },
  hosts: { cluster: "demo", entries: [{ address: "10.0.0.1", names: ["kafka-1", "kafka-1.demo"] }] },
  sysctl: { "vm.max_map_count": "262144", "net.ipv4.tcp_rmem": "1 2 3", "vm.no_such_thing": "1" },
  units: [],
  volume: null,
};

const nothing: DesiredHost = { node: "kafka-1", folders: [], files: [], processes: [], storedIds: [], storage: [] };

function process(key: string, mark: string, ports: Readonly<Record<string, number>> = {}): DesiredProcess {
  const role = key.split("/")[1] === "broker" ? "broker" : "zookeeper";
  return {
    key,
    node: "kafka-1",
    role,
    argv: ["/bin/java"],
    programFrom: "java",
    env: {},
    folder: "/run",
    mark,
    inputs: "x",
    console: "",
    log: "",
    pidFile: "",
    ports,
    probe: { kind: "zookeeper", address: "127.0.0.1", port: 1 },
    stopSeconds: 1,
  };
}

function plant({ root }: Stage, path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  chmodSync(join(root, path), mode);
}

const lookAt = async ({ shell }: Stage, desired: Partial<DesiredHost>): Promise<ObservedHost> =>
  look(shell, { ...nothing, ...desired }, signal);

const wanted = (path: string, content = "wanted\n"): DesiredHost["files"][number] => ({
  path,
  mode: 0o644,
  content,
  member: null,
});

const kinds = Object.keys(shells) as (keyof typeof shells)[];
const tools: readonly [string, StageOptions][] = [
  ...kinds.map((kind): [string, StageOptions] => [kind, { kind }]),
  ["busybox with its own tools", { kind: "busybox", busyboxTools: true }],
];

describe.skipIf(!isRoot).each(tools)("%s", (_, options) => {
  test("files, whatever is in them and whatever they are called", async () => {
    const on = stage(options);
    const binary = randomBytes(3000);
    const large = "x".repeat(64 * 1024 + 1);
    const full = "y".repeat(64 * 1024);
    const odd = "/etc/kctl/demo/a b'\"$(x)\\n*ä\t;end\t";
    plant(on, "/etc/kctl/demo/same", "wanted\n", 0o640);
    plant(on, "/etc/kctl/demo/empty", "");
    plant(on, "/etc/kctl/demo/crlf", "a=b\r\nend\t\r\n");
    plant(on, "/etc/kctl/demo/binary", binary);
    plant(on, "/etc/kctl/demo/large", large);
    plant(on, "/etc/kctl/demo/large-same", large);
    plant(on, "/etc/kctl/demo/full", full);
    plant(on, odd, "odd");
    plant(on, `${odd}same`, "wanted\n");
    chownSync(join(on.root, "/etc/kctl/demo/binary"), 1, 2);
    // A change of owner took that bit.
    chmodSync(join(on.root, "/etc/kctl/demo/binary"), 0o4755);
    mkdirSync(join(on.root, "/etc/kctl/demo/folder"));
    symlinkSync("/etc/passwd", join(on.root, "/etc/kctl/demo/link"));
    await on.shell.run("mkfifo /etc/kctl/demo/pipe; mknod /etc/kctl/demo/device c 1 3", { signal });
    const names = ["same", "empty", "crlf", "binary", "large", "full", "folder", "link", "pipe", "device", "none"];
    const { files } = await lookAt(on, {
      files: [
        ...names.map((name) => wanted(`/etc/kctl/demo/${name}`)),
        wanted("/etc/kctl/demo/large-same", large),
        wanted("/etc/kctl/demo/same/below"),
        wanted(odd),
        wanted(`${odd}same`),
      ],
    });
    const file = (content: string | Buffer, shown: string | null, mode = 0o644): unknown => ({
      kind: "file",
      digest: digest(content),
      mode,
      owner,
      content: shown,
    });
    expect(files).toEqual({
      "/etc/kctl/demo/same": file("wanted\n", "wanted\n", 0o640),
      "/etc/kctl/demo/empty": file("", ""),
      "/etc/kctl/demo/crlf": file("a=b\r\nend\t\r\n", "a=b\r\nend\t\r\n"),
      "/etc/kctl/demo/binary": {
        kind: "file",
        digest: digest(binary),
        mode: 0o4755,
        owner: { user: "daemon", group: "bin" },
        content: binary.toString(),
      },
      "/etc/kctl/demo/large": file(large, null),
      "/etc/kctl/demo/large-same": file(large, null),
      "/etc/kctl/demo/full": file(full, full),
      "/etc/kctl/demo/folder": { kind: "other", what: "a folder" },
      "/etc/kctl/demo/link": { kind: "other", what: "a symbolic link" },
      "/etc/kctl/demo/pipe": { kind: "other", what: "a named pipe" },
      "/etc/kctl/demo/device": { kind: "other", what: "a device" },
      "/etc/kctl/demo/none": { kind: "absent" },
      "/etc/kctl/demo/same/below": { kind: "absent" },
      [odd]: file("odd", "odd"),
      [`${odd}same`]: file("wanted\n", "wanted\n"),
    });
  });

  test("folders, ids, and links that somebody planted on the way", async () => {
    const on = stage(options);
    plant(on, "/var/lib/kctl/demo/broker/meta.properties", "#x\r\nversion=1\r\nnode.id=3\r\ncluster.id=abc\r\n");
    plant(on, "/var/lib/kctl/demo/zookeeper/myid", "\xff\n");
    plant(on, "/etc/passwd-of-another/server.properties", "wanted\n");
    chmodSync(join(on.root, "/var/lib/kctl/demo/broker"), 0o750);
    chownSync(join(on.root, "/var/lib/kctl/demo/broker"), 1, 1);
    mkdirSync(join(on.root, "/etc/kctl/demo"), { recursive: true });
    symlinkSync("/etc/passwd-of-another", join(on.root, "/etc/kctl/demo/broker"));
    symlinkSync("/etc/passwd", join(on.root, "/var/lib/kctl/demo/link"));
    const id = (member: string, path: string, form: "myid" | "meta.properties"): DesiredHost["storedIds"][number] => ({
      member,
      path,
      form,
    });
    const seen = await lookAt(on, {
      folders: ["/var/lib/kctl/demo/broker", "/etc/kctl/demo/broker", "/var/lib/kctl/none", "/etc/hosts"].map(
        (path) => ({ path, mode: 0o755 }),
      ),
      files: [wanted("/etc/kctl/demo/broker/server.properties")],
      storedIds: [
        id("a", "/var/lib/kctl/demo/broker/meta.properties", "meta.properties"),
        id("b", "/var/lib/kctl/demo/zookeeper/myid", "myid"),
        id("c", "/var/lib/kctl/demo/none", "myid"),
        id("d", "/var/lib/kctl/demo/link", "myid"),
      ],
    });
    expect(seen.folders).toEqual({
      "/var/lib/kctl/demo/broker": { kind: "folder", mode: 0o750, owner: { user: "daemon", group: "daemon" } },
      "/etc/kctl/demo/broker": { kind: "other", what: "a symbolic link" },
      "/var/lib/kctl/none": { kind: "absent" },
      "/etc/hosts": { kind: "other", what: "a file" },
    });
    expect(seen.files).toEqual({
      "/etc/kctl/demo/broker/server.properties": {
        kind: "other",
        what: "behind a symbolic link (/etc/kctl/demo/broker)",
      },
    });
    const none = { id: null, clusterId: null, directoryId: null };
    expect(seen.identities).toEqual({ a: { id: 3, clusterId: "abc", directoryId: null }, b: none, d: none });
    expect(seen.machine).toBeUndefined();
  });

  test("the machine: user, software, Java, names, kernel, receipts", async () => {
    const on = stage(options);
    const release = (version: string): string => `IMPLEMENTOR="x"\nJAVA_VERSION="${version}"\nOS_NAME="Linux"\n`;
    const jdk = (home: string, version: string | null, says = ""): void => {
      plant(on, `${home}/bin/java`, `#!/bin/sh\nprintf '%s\\n' '${says}' >&2\n`, 0o755);
      if (version !== null) plant(on, `${home}/release`, release(version));
    };
    jdk("/opt/jdk-17", "17.0.13");
    jdk("/opt/jdk 21", "21");
    jdk("/opt/jdk8", "1.8.0_392");
    jdk("/opt/jdk-11", null, 'openjdk version "11.0.25" 2024-10-15');
    jdk("/opt/broken", null, "Error: could not find libjvm");
    symlinkSync("/opt/jdk-17", join(on.root, "/opt/default"));
    jdk("/etc/elsewhere/jdk-18", "18.0.2");
    symlinkSync("/etc/elsewhere/jdk-18/bin/java", join(on.root, "/usr/local/sbin/java"));
    plant(on, "/opt/kctl/kafka-3.9.1/.kctl", `${"a".repeat(128)}\n`);
    plant(on, "/etc/kctl/demo/receipt.json", '{"a":"ä"}\n', 0o600);
    plant(on, "/etc/kctl/other/receipt.json", "{}", 0o600);
    plant(on, "/etc/hosts", "# mine\r\n10.0.0.9\tkafka-1\n10.0.0.7 elsewhere kafka-7\n127.0.0.1 localhost\nno end");
    symlinkSync("/opt/jdk 21", join(on.root, "/etc/kctl/demo/java"));
    const desired = {
      ...machine,
      hosts: {
        ...machine.hosts,
        entries: [...machine.hosts.entries, { address: "10.0.0.2", names: ["no-such.invalid"] }],
      },
    };
    const { machine: seen } = await lookAt(on, { machine: desired });
    expect(seen).toMatchObject({
      user: true,
      software: { "/opt/kctl/kafka-3.9.1": true },
      java: { home: "/opt/jdk 21", major: 21 },
      hostsFile: "# mine\r\n10.0.0.9\tkafka-1\n10.0.0.7 elsewhere kafka-7\n127.0.0.1 localhost\nno end",
      resolves: { "kafka-1": "10.0.0.9", "no-such.invalid": null },
      units: {},
      receipt: '{"a":"ä"}\n',
      otherReceipts: { other: "{}" },
    });
    // One that is called otherwise, with and without one that nobody knows.
    const entries = (...names: readonly string[]) => names.map((name) => ({ address: "10.0.0.2", names: [name] }));
    const resolvedOf = async (...names: readonly string[]): Promise<unknown> => {
      const asked = { ...machine, hosts: { ...machine.hosts, entries: entries(...names) } };
      return (await lookAt(on, { machine: asked })).machine?.resolves;
    };
    expect(await resolvedOf("kafka-7", "kafka-1")).toEqual({ "kafka-7": "10.0.0.7", "kafka-1": "10.0.0.9" });
    expect(await resolvedOf("no-such.invalid", "kafka-7")).toEqual({ "no-such.invalid": null, "kafka-7": "10.0.0.7" });
    expect(seen?.sysctl).toEqual({
      "vm.max_map_count": readFileSync("/proc/sys/vm/max_map_count", "utf8").trim(),
      "net.ipv4.tcp_rmem": readFileSync("/proc/sys/net/ipv4/tcp_rmem", "utf8").trim().replaceAll(/\s+/g, " "),
      "vm.no_such_thing": null,
    });
    expect(seen?.loginShell).toBeUndefined();
    const asRoot = { ...machine, user: "root" };
    const rootsShell = readFileSync("/etc/passwd", "utf8").split("\n")[0]?.split(":").at(-1);
    expect((await lookAt(on, { machine: asRoot })).machine?.loginShell).toBe(rootsShell);
    const ours = seen?.javas.filter(({ home }) => /^\/(opt|etc)\//u.test(home));
    expect(ours).toEqual([
      { home: "/opt/jdk-17", major: 17 },
      { home: "/opt/jdk 21", major: 21 },
      // The one on the PATH.
      { home: "/etc/elsewhere/jdk-18", major: 18 },
      { home: "/opt/jdk-11", major: 11 },
    ]);
    // What the spec itself names is told as it is named there, and no other will do.
    const own = { ...machine, java: { ...machine.java, home: "/opt/default" } };
    expect((await lookAt(on, { machine: own })).machine?.javas).toEqual([{ home: "/opt/default", major: 17 }]);
  });

  test("software that is not wanted, and of what is to go whether a process runs from it", async () => {
    const on = stage(options);
    const folders = ["kafka-3.7.2", "kafka-3.7", "a b", "java-17"].map((name) => `/opt/kctl/${name}`);
    for (const folder of ["/opt/kctl/kafka-3.9.1", ...folders]) plant(on, `${folder}/.kctl`, `${"a".repeat(128)}\n`);
    plant(on, "/opt/kctl/file", "");
    symlinkSync("/opt/kctl/a b", join(on.root, "/opt/kctl/link"));
    const [used, idle] = [{ inUse: true }, { inUse: false }];
    const others = async (retired: readonly string[]): Promise<unknown> =>
      (await lookAt(on, { machine: { ...machine, retired } })).machine?.otherSoftware;
    const none = Object.fromEntries(folders.map((folder) => [folder, idle]));
    expect(await others(folders)).toEqual(none);
    await Promise.all([run(["-cp", "/opt/kctl/kafka-3.7.2/libs/*"])].map(started));
    // As a JVM has a jar, whose class path is in a file.
    const opened = Promise.withResolvers<void>();
    const reading = on.shell.run('exec 7<"/opt/kctl/a b/.kctl"; echo open; sleep 4', {
      signal,
      onStdout: () => opened.resolve(),
    });
    await opened.promise;
    expect(await others(folders)).toEqual({ ...none, "/opt/kctl/kafka-3.7.2": used, "/opt/kctl/a b": used });
    expect(await others(folders.slice(1))).toEqual({ ...none, "/opt/kctl/a b": used });
    await reading;
  });

  test("a machine on which nothing is", async () => {
    const on = stage(options);
    await on.shell.run("rm /etc/hosts; mkdir -p /opt/kctl/kafka-3.9.1; echo half >/opt/kctl/kafka-3.9.1/.kctl", {
      signal,
    });
    const { machine: seen } = await lookAt(on, { machine: { ...machine, user: "no-such-user" } });
    expect(seen).toMatchObject({
      user: false,
      software: { "/opt/kctl/kafka-3.9.1": false },
      java: null,
      hostsFile: null,
      receipt: null,
      otherReceipts: {},
    });
  });

  test("processes: the unit's own, one too many, one that another user plays; and who holds ports", async () => {
    const mark = `@/etc/kctl/demo/broker/jvm ${randomBytes(4).toString("hex")}.args`;
    const main = run(["-Dkctl.inputs=abc", mark]);
    const second = run([mark]);
    const foreign = run(["-x", mark], 65534);
    const server = await listening();
    const { port } = server.address() as { port: number };
    await Promise.all([main, second, foreign].map(started));
    const state = (name: string, pid: number, active: string): string =>
      `printf 'MainPID=${pid}\\nId=${name}\\nActiveState=${active}\\nSubState=x\\nUnitFileState=enabled\\nNeedDaemonReload=no\\n'`;
    const systemctl = [
      state("kctl-demo-broker.service", second.pid ?? 0, "active"),
      "echo",
      state("kctl-demo-zookeeper.service", 0, "failed"),
    ].join("\n");
    const on = stage({ ...options, programs: { systemctl } });
    const seen = await lookAt(on, {
      machine: {
        ...machine,
        units: [
          { name: "kctl-demo-broker.service", path: "", member: "kafka-1/broker" },
          { name: "kctl-demo-zookeeper.service", path: "", member: "kafka-1/zookeeper" },
        ],
      },
      processes: [
        process("kafka-1/broker", mark, { client: 9 }),
        process("kafka-1/zookeeper", "@/no/such/mark", { client: port, peer: 1 }),
      ],
    });
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const birth = (child: ChildProcess): string =>
      `${boot} ${readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19]}`;
    expect(seen.processes).toEqual({
      "kafka-1/broker": {
        state: "running",
        pid: second.pid,
        birth: birth(second),
        inputs: null,
        program: "/bin/sh",
        extras: [{ pid: main.pid, birth: birth(main), inputs: "abc", program: "/bin/sh" }],
      },
      "kafka-1/zookeeper": { state: "dead" },
    });
    expect(seen.ports).toEqual({
      [port]: { pid: globalThis.process.pid, command: expect.stringMatching(/^node/) as string },
      1: null,
      // It runs with other inputs than are wanted: it is to be started anew.
      9: null,
    });
    expect(seen.machine?.units).toEqual({
      "kctl-demo-broker.service": { active: "active", enabled: true, needsReload: false },
      "kctl-demo-zookeeper.service": { active: "failed", enabled: true, needsReload: false },
    });
  });
});

describe.skipIf(!isRoot)("what goes wrong", () => {
  test("a script that ended early is not believed, and what it said is shown", async () => {
    const { shell } = stage();
    const cut = { ...shell, run: async () => ({ code: 0, stdout: "user\t\n", stderr: "sh: killed" }) };
    expect(await faultOf(look(cut, nothing, signal))).toMatchObject({
      code: "host-io",
      node: "kafka-1",
      detail: "sh: killed",
    });
  });

  test("a tool that is missing is named", async () => {
    const on = stage({ setUp: "rm /etc/alternatives/awk" });
    const fault = await faultOf(lookAt(on, {}));
    expect(fault).toMatchObject({ code: "host-io", detail: "awk: not found" });
  });

  test("a path that cannot be looked at is not taken for absent", async () => {
    const on = stage();
    await on.shell.run("ln -s loop /var/lib/loop", { signal });
    const fault = await faultOf(lookAt(on, { files: [wanted("/var/lib/loop/x")] }));
    expect(fault.what).toContain("Too many levels of symbolic links");
  });

  test("without ss, the holder of a port is found as well", async () => {
    const server = await listening();
    const { port } = server.address() as { port: number };
    const on = stage();
    const hidden = {
      ...on.shell,
      run: (script: string, options: { signal: AbortSignal }) =>
        on.shell.run(script.replace("command -v ss", "false"), options),
    };
    const seen = await look(
      hidden,
      { ...nothing, processes: [process("kafka-1/zookeeper", "@/no/such/mark", { client: port })] },
      signal,
    );
    expect(seen.ports[port]).toMatchObject({ pid: globalThis.process.pid });
  });
});

function run(args: readonly string[], uid = 0): ChildProcess {
  const child = spawn("/bin/sh", ["-c", "echo; read -r line", ...args], { stdio: ["pipe", "pipe", "ignore"], uid });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function started(child: ChildProcess): Promise<void> {
  await new Promise((resolve) => child.stdout?.once("data", resolve));
}

async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return server;
}

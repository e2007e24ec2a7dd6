/** Faults of Kafka, ZooKeeper and KRaft: servers that never start, foreign data, stale registrations, servers that are deaf. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { injectFault } from "../faults/fault.ts";
import { configure, endBy, kctl, processes, start, type Place, type Quorum } from "./kctl.ts";
import { allOf, codesOf, errorsOf, heals, placeWithSecret } from "./law.ts";
import { reached } from "./moment.ts";

const names: Readonly<Record<Quorum, readonly [title: string, mode: string]>> = {
  zookeeper: ["ZooKeeper server", "with ZooKeeper"],
  controller: ["controller", "with KRaft"],
};

async function clusterOf(count: number, quorum: Quorum, config: Record<string, number> = {}): Promise<Place> {
  const at = await placeWithSecret({ count, quorum });
  await configure(at, config);
  const up = await kctl(at, "up", "--json");
  expect({ exit: up.exit, errors: errorsOf(up) }).toEqual({ exit: 0, errors: [] });
  return at;
}

async function send(at: Place, key: string, signal: NodeJS.Signals): Promise<void> {
  const pid = (await processes(at)).get(key)?.pid;
  if (pid === undefined) throw new Error(`${key} does not run`);
  process.kill(pid, signal);
}

const dataOf = (at: Place, node: string, role: string): string => join(at.folder, ".kctl/demo", node, role, "data");

/** `up` stops before it touches anything, and names these nodes. */
async function conflicts(at: Place, nodes: readonly string[]): Promise<void> {
  const before = await processes(at);
  const refused = await kctl(at, "up", "--json");
  expect({
    exit: refused.exit,
    codes: [...new Set(codesOf(refused))],
    nodes: errorsOf(refused).map(({ node }) => node),
  }).toEqual({ exit: 1, codes: ["identity-conflict"], nodes });
  expect(await processes(at)).toEqual(before);
}

/** Those that a cluster of either kind may meet. */
export function faultsOfClusters(quorum: Quorum): void {
  const [title, mode] = names[quorum];
  describe(`a cluster of ${quorum}`, () => {
    injectFault(67, `one of three ${title}s never starts`, async () => {
      const at = await placeWithSecret({ quorum });
      const console = join(at.folder, ".kctl/demo/kafka-1", quorum, "log/console.log");
      await mkdir(console, { recursive: true });
      const up = await kctl(at, "up", "--json");
      expect({ exit: up.exit, nodes: errorsOf(up).map(({ node }) => node) }).toEqual({ exit: 1, nodes: ["kafka-1"] });
      const rest = allOf(3, quorum).filter((key) => key !== `kafka-1/${quorum}`);
      expect([...(await processes(at)).keys()].toSorted()).toEqual(rest);
      await rm(console, { recursive: true });
      await heals(at, { count: 3, quorum });
      return "the other two have a quorum, all brokers come up; exit 1, and the one is named; mended, the next `up` starts it";
    });

    injectFault(69, `meta.properties of another broker, ${mode}`, async () => {
      const at = await clusterOf(1, quorum);
      await endBy("SIGKILL", at, ["kafka-1/broker"]);
      const meta = join(dataOf(at, "kafka-1", "broker"), "meta.properties");
      const own = await readFile(meta, "utf8");
      const others = own.replace(/^(broker|node)\.id=1$/m, "$1.id=7");
      expect(others).not.toBe(own);
      await writeFile(meta, others);
      await conflicts(at, ["kafka-1"]);
      expect(await readFile(meta, "utf8")).toBe(others);
      await writeFile(meta, own);
      await heals(at, { count: 1, quorum });
      return "exit 1, the node and both ids are named, nothing is touched";
    });

    injectFault(69, `meta.properties of another cluster, ${mode}`, async () => {
      const at = await clusterOf(3, quorum);
      await endBy("SIGKILL", at, ["kafka-2/broker"]);
      const meta = join(dataOf(at, "kafka-2", "broker"), "meta.properties");
      const own = await readFile(meta, "utf8");
      const others = own.replace(/^cluster\.id=.*$/m, "cluster.id=AnotherClustersOwnId_-");
      expect(others).not.toBe(own);
      await writeFile(meta, others);
      await conflicts(at, ["kafka-2"]);
      expect(await readFile(meta, "utf8")).toBe(others);
      await writeFile(meta, own);
      await heals(at, { count: 3, quorum });
      return "exit 1, the node and both clusters' ids are named, nothing is touched";
    });

    injectFault(71, `a broker's process runs, its port is not open yet, ${mode}`, async () => {
      const at = await clusterOf(1, quorum);
      // Ended in order, so that no registration is waited for.
      await endBy("SIGTERM", at, ["kafka-1/broker"]);
      const run = start(at, "up", "--json", "--timeout", "5s");
      await reached(run, { type: "change-started", key: /^start kafka-1\/broker$/ });
      await expect
        .poll(async () => (await processes(at)).has("kafka-1/broker"), { interval: 20, timeout: 20_000 })
        .toBe(true);
      await send(at, "kafka-1/broker", "SIGSTOP");
      const up = await run.ended;
      expect({ exit: up.exit, codes: codesOf(up), what: errorsOf(up)[0]?.what }).toEqual({
        exit: 1,
        codes: ["service-not-ready"],
        what: "kafka-1/broker runs but did not serve within 5 s",
      });
      const status = await kctl(at, "status", "--json");
      expect({ exit: status.exit, healthy: status.result?.["healthy"] }).toEqual({ exit: 1, healthy: false });
      await send(at, "kafka-1/broker", "SIGCONT");
      await heals(at, { count: 1, quorum });
      return "not ready: exit 1, `status` says unhealthy; once it serves, the next `up` finds all well";
    });

    injectFault(71, `a ${title} is alive and answers nobody`, async () => {
      const at = await clusterOf(3, quorum);
      await send(at, `kafka-3/${quorum}`, "SIGSTOP");
      const status = await kctl(at, "status", "--json");
      expect({ exit: status.exit, healthy: status.result?.["healthy"] }).toEqual({ exit: 1, healthy: false });
      expect(JSON.stringify(status.result)).toContain(`${quorum} on kafka-3 runs but does not serve`);
      await send(at, `kafka-3/${quorum}`, "SIGCONT");
      await heals(at, { count: 3, quorum });
      return "`status` exits 1 and says that it runs but does not serve";
    });
  });
}

/** Of brokers that end or hang, and are missed: most of their time goes by with waiting. */
export function faultsOfMissedBrokers(quorum: Quorum): void {
  const [, mode] = names[quorum];
  describe(`brokers that are missed, in a cluster of ${quorum}`, () => {
    injectFault(70, `a broker was killed, and its registration still stands, ${mode}`, async () => {
      // Longer than the next `up` may take to come to it.
      const session = quorum === "zookeeper" ? { "zookeeper.session.timeout.ms": 18_000 } : {};
      const at = await clusterOf(1, quorum, session);
      await endBy("SIGKILL", at, ["kafka-1/broker"]);
      const up = await kctl(at, "up", "--json");
      expect({ exit: up.exit, changed: up.result?.["changed"] }).toEqual({ exit: 0, changed: 1 });
      const waits = up.lines.filter(({ type }) => type === "waiting").map((line) => line["what"]);
      if (quorum === "zookeeper") expect(waits).toContain("ZooKeeper to forget the kafka-1/broker that was killed");
      await heals(at, { count: 1, quorum });
      return quorum === "zookeeper"
        ? "exit 0: it is waited for ZooKeeper to forget it, then the broker is started once"
        : "exit 0: the broker is started once, and serves as soon as the controllers let it in";
    });

    injectFault(72, `a broker is to be restarted while another one is deaf, ${mode}`, async () => {
      const at = await clusterOf(3, quorum);
      expect((await kctl(at, "smoke-test", "--keep", "--json")).exit).toBe(0);
      await send(at, "kafka-3/broker", "SIGSTOP");
      const missing = async (): Promise<number> => {
        const { result } = await kctl(at, "status", "--json");
        return (result?.["partitions"] as { underReplicated: number }).underReplicated;
      };
      await expect.poll(missing, { timeout: 60_000, interval: 500 }).toBeGreaterThan(0);
      const before = await processes(at);
      const spec = await readFile(at.spec, "utf8");
      const node = (name: string, more = ""): string => `  - { name: ${name}, roles: [${quorum}, broker]${more} }`;
      const nodes = [node("kafka-1", ", config: { queued.max.requests: 400 }"), node("kafka-2"), node("kafka-3")];
      await writeFile(at.spec, spec.replace(/^ {2}- \{ group.*$/m, nodes.join("\n")));
      const stopped = await kctl(at, "up", "--json", "--timeout", "15s");
      expect({ exit: stopped.exit, code: codesOf(stopped)[0] }).toEqual({ exit: 1, code: "roll-stopped" });
      expect(errorsOf(stopped)[0]?.what).toMatch(/^kafka-1\/broker may not be restarted.*test_log-\d/);
      expect(await processes(at)).toEqual(before);
      await send(at, "kafka-3/broker", "SIGCONT");
      await heals(at, { count: 3, quorum });
      return "the roll stops before it restarts anything, exit 1, and names the partitions; once all are in sync the next `up` goes on";
    });

    injectFault(75, `the leader of a partition is killed in the smoke test, ${mode}`, async () => {
      const at = await clusterOf(3, quorum);
      const run = start(at, "smoke-test", "--json");
      await reached(run, { type: "check", key: /^topic-created$/ });
      await send(at, "kafka-2/broker", "SIGKILL");
      const ended = await run.ended;
      expect(ended.exit).toBe(1);
      expect(errorsOf(ended).map(({ what }) => what)).toContainEqual(
        expect.stringMatching(/^broker 2 at 127\.0\.0\.1:\d+ stopped answering during the smoke test: /),
      );
      const checks = ended.result?.["checks"] as { name: string; ok: boolean }[];
      expect(checks.at(-1)).toMatchObject({ name: "cleaned-up", ok: true });
      await heals(at, { count: 3, quorum });
      return "exit 1, the broker is named as the cause, and `test_log` is removed";
    });
  });
}

/** Those of the file that says which ZooKeeper server it is. */
export function faultsOfMyid(): void {
  describe("myid", () => {
    const myid = (at: Place, node: string): string => join(dataOf(at, node, "zookeeper"), "myid");

    injectFault(68, "myid of two ZooKeeper servers swapped", async () => {
      const at = await clusterOf(3, "zookeeper");
      const swap = async (): Promise<void> => {
        const [one, two] = await Promise.all([myid(at, "kafka-1"), myid(at, "kafka-2")].map((path) => readFile(path)));
        await Promise.all([writeFile(myid(at, "kafka-1"), two ?? ""), writeFile(myid(at, "kafka-2"), one ?? "")]);
      };
      await swap();
      await conflicts(at, ["kafka-1", "kafka-2"]);
      expect(await readFile(myid(at, "kafka-1"), "utf8")).toBe("2\n");
      await swap();
      await heals(at, { count: 3 });
      return "exit 1, both nodes are named with both ids, nothing is touched";
    });

    for (const [what, content] of [
      ["empty", ""],
      ["of bytes that are no number", "\0\u00ff1"],
    ] as const) {
      injectFault(68, `myid is ${what}, and its ZooKeeper server was killed`, async () => {
        const at = await clusterOf(3, "zookeeper");
        await endBy("SIGKILL", at, ["kafka-2/zookeeper"]);
        await writeFile(myid(at, "kafka-2"), content);
        const up = await kctl(at, "up", "--json");
        expect({ exit: up.exit, errors: errorsOf(up) }).toEqual({ exit: 0, errors: [] });
        expect(await readFile(myid(at, "kafka-2"), "utf8")).toBe("2\n");
        await heals(at, { count: 3 });
        return "written anew with the id that the receipt holds, and the server started";
      });
    }
  });
}

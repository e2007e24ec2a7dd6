/** What clients are told of a running cluster, and why one cannot connect: each fault a real one, found by `kctl doctor`. */
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withBroker } from "../../src/kafka/wire/exchange.ts";
import { incrementalAlterConfigs } from "../../src/kafka/wire/incremental-alter-configs.ts";
import { metadata } from "../../src/kafka/wire/metadata.ts";
import { cleanUp, kctl, kill, newPlace, place, processes, type Ended, type Place } from "./kctl.ts";

const never = new AbortController().signal;

type Broker = {
  readonly node: string | null;
  readonly address: string;
  readonly id: number | null;
  readonly ok: boolean;
};

/** Each broker of each listener: its node, address and id, and whether it works. */
function met({ result }: Ended): readonly unknown[] {
  const listeners = (result?.["listeners"] ?? []) as readonly { name: string; brokers: readonly Broker[] }[];
  return listeners.flatMap(({ name, brokers }) =>
    brokers.map(({ node, address, id, ok }) => [name, node, address, id, ok]),
  );
}

function faults({ result }: Ended): readonly unknown[] {
  const errors = (result?.["errors"] ?? []) as readonly {
    code: string;
    where: string;
    node: string | null;
    what: string;
  }[];
  return errors.map(({ code, where, node, what }) => [code, where, node, what]);
}

async function specOf(at: Place, version: string, nodes: string): Promise<void> {
  await writeFile(
    at.spec,
    `name: demo
provider: { type: local, port: ${at.port} }
kafka: { version: ${version}, external: {} }
nodes: [${nodes}]
topics: [{ name: orders, partitions: 3 }]
`,
  );
}

describe("Kafka 3.9.1 with a zookeeper and two brokers", () => {
  let at: Place;
  let [one, two, oneOutside, twoOutside] = ["", "", "", ""];
  beforeAll(async () => {
    at = await place();
    await specOf(at, "3.9.1", "{ name: one, roles: [zookeeper, broker] }, { name: two, roles: [broker] }");
    [one, two, oneOutside, twoOutside] = [0, 10, 2, 12].map((more) => `127.0.0.1:${at.port + more}`) as [
      string,
      string,
      string,
      string,
    ];
  });
  afterAll(() => cleanUp(at));

  const doctor = () => kctl(at, "doctor", "--json", "--timeout", "3s");

  /** What broker 1 tells clients, set live as somebody might do by hand; null takes it back. */
  async function tell(advertised: string | null): Promise<void> {
    const listeners = `INTERNAL://127.0.0.1:${at.port - 1},EXTERNAL://${oneOutside},CLIENTS://${advertised}`;
    const settings = { "advertised.listeners": advertised === null ? null : listeners };
    const address = { host: "127.0.0.1", port: at.port };
    const [answer] = await withBroker(address, never, 5000, (ask) =>
      ask(incrementalAlterConfigs([{ type: "broker", name: "1", settings }], false)),
    );
    expect(answer).toMatchObject({ error: 0 });
    const seen = async () => {
      const { brokers } = await withBroker(address, never, 5000, (ask) => ask(metadata([])));
      return brokers.find(({ id }) => id === 1);
    };
    const [host, port] = (advertised ?? one).split(":");
    await expect.poll(seen, { timeout: 10_000 }).toMatchObject({ host, port: Number(port) });
  }

  test("before up nothing listens, and client-config knows the servers already", async () => {
    const ended = await doctor();
    expect(ended.exit).toBe(1);
    expect(met(ended)).toEqual([
      ["clients", "one", one, null, false],
      ["clients", "two", two, null, false],
      ["external", "one", oneOutside, null, false],
      ["external", "two", twoOutside, null, false],
    ]);
    const config = await kctl(at, "client-config", "--format", "env");
    expect(config.exit).toBe(0);
    expect(config.out).toContain(`\nKAFKA_BOOTSTRAP_SERVERS=${one},${two}\n`);
    expect(config.out).toContain("\nKAFKA_GROUP_ID=demo-app\n");
  });

  test("where every broker works, so do clients", async () => {
    expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true });
    const ended = await doctor();
    expect(faults(ended)).toEqual([]);
    expect(met(ended)).toEqual([
      ["clients", "one", one, 1, true],
      ["clients", "two", two, 2, true],
      ["external", "one", oneOutside, 1, true],
      ["external", "two", twoOutside, 2, true],
    ]);
    expect(ended.exit).toBe(0);
    const shown = await kctl(at, "doctor");
    expect(shown.exit).toBe(0);
    expect(shown.out).toMatch(/^demo: clients on this machine can work\n\nlistener clients\n {2}✓ {2}one {2}127/);
  });

  test("outside, clients have another server to begin with", async () => {
    const { result } = await kctl(
      at,
      "client-config",
      "--format",
      "properties",
      "--external",
      "--group",
      "g",
      "--json",
    );
    expect(result).toMatchObject({ bootstrap: [oneOutside, twoOutside], group: "g", library: { version: "3.9.1" } });
    expect(result?.["content"]).toContain(`\nbootstrap.servers=${oneOutside},${twoOutside}\n`);
  });

  test("a group that would be another setting is refused", async () => {
    const ended = await kctl(at, "client-config", "--format", "env", "--group", "a\nb=c", "--json");
    expect(ended.exit).toBe(2);
    expect(faults(ended)).toEqual([
      ["usage", null, null, 'the group "a\\nb=c" cannot stand in every form of a client\'s settings'],
    ]);
  });

  test("no lines in /etc/hosts are needed, and none are printed", async () => {
    const ended = await kctl(at, "hosts");
    expect(ended).toMatchObject({ exit: 0, out: "" });
    expect(ended.err).toMatch(
      /(^|\n)clients need no lines in \/etc\/hosts: brokers tell them this machine's own address\n$/,
    );
  });

  test("a broker tells a name that does not resolve", async () => {
    await tell("no-such-host.invalid:9092");
    const ended = await doctor();
    expect(ended.exit).toBe(1);
    expect(faults(ended)).toEqual([
      [
        "listener-unusable",
        "no-such-host.invalid:9092",
        null,
        expect.stringMatching(
          /^broker 1 tells clients of `clients` to come here, which the spec does not, and cannot be used from here: its name cannot be resolved/,
        ),
      ],
    ]);
    expect(met(ended)).toEqual([
      ["clients", "one", one, null, false],
      ["clients", "two", two, 2, true],
      ["clients", null, "no-such-host.invalid:9092", 1, false],
      ["external", "one", oneOutside, 1, true],
      ["external", "two", twoOutside, 2, true],
    ]);
  });

  test("a broker tells an address that nobody can reach", async () => {
    await tell("255.255.255.255:9092");
    expect(faults(await doctor())).toEqual([
      [
        "listener-unusable",
        "255.255.255.255:9092",
        null,
        "broker 1 tells clients of `clients` to come here, which the spec does not, and cannot be used from here: there is no route to it",
      ],
    ]);
    await tell(null);
    expect((await doctor()).exit).toBe(0);
  });

  test("a stopped broker is named, and the other one works", async () => {
    await kill(at, ["two/broker"]);
    const ended = await doctor();
    expect(ended.exit).toBe(1);
    expect(faults(ended)).toEqual(
      [
        ["clients", two],
        ["external", twoOutside],
      ].map(([listener, where]) => [
        "listener-unusable",
        where,
        "two",
        `nothing listens where clients of \`${listener}\` are sent: the broker does not run, or not with this listener`,
      ]),
    );
    expect(met(ended)).toMatchObject([
      ["clients", "one", one, 1, true],
      ["clients", "two", two, expect.anything(), false],
      ["external", "one", oneOutside, 1, true],
      ["external", "two", twoOutside, expect.anything(), false],
    ]);
  });

  test("something that is not Kafka has a broker's port", async () => {
    const server = createServer((_, answer) => answer.end()).listen(at.port + 10, "127.0.0.1");
    await once(server, "listening");
    const ended = await doctor();
    server.close();
    server.closeAllConnections();
    await once(server, "close");
    expect(ended.exit).toBe(1);
    expect(faults(ended)[0]).toEqual([
      "listener-unusable",
      two,
      "two",
      "a web server, or a proxy on the way, answers in the place of the broker",
    ]);
    expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true });
    expect((await doctor()).exit).toBe(0);
  });
});

describe("Kafka 4.3.1 with a controller and a broker", () => {
  let at: Place;
  beforeAll(async () => {
    at = await place();
    await specOf(at, "4.3.1", "{ name: solo, roles: [controller, broker] }");
  });
  afterAll(() => cleanUp(at));

  test("a broker that works, and one that hangs", async () => {
    expect((await kctl(at, "up", "--json")).result).toMatchObject({ ok: true });
    const well = await kctl(at, "doctor", "--json");
    expect(met(well)).toEqual([
      ["clients", "solo", `127.0.0.1:${at.port}`, 1, true],
      ["external", "solo", `127.0.0.1:${at.port + 2}`, 1, true],
    ]);
    const pid = (await processes(at)).get("solo/broker")?.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    const hung = await kctl(at, "doctor", "--json", "--timeout", "1s");
    process.kill(pid, "SIGCONT");
    expect(hung.exit).toBe(1);
    const what = "it takes connections and gives no answer: the broker hangs, or something else has the port";
    expect(faults(hung).map((fault) => (fault as unknown[]).slice(2))).toEqual([
      ["solo", what],
      ["solo", what],
    ]);
  });

  test("the cluster is drawn as it is", async () => {
    const drawn = await kctl(at, "diagram", "--out", "cluster.svg", "--json");
    expect(drawn.result).toMatchObject({ ok: true, cluster: "demo", topics: 1, out: "cluster.svg" });
    const file = await readFile(join(at.folder, "cluster.svg"), "utf8");
    expect(file).toContain(`<title>solo, 127.0.0.1:${at.port}: controller 3001, broker 1</title>`);
    expect(file).toContain("★ leader");
    expect(file.match(/<title>orders, partition [0-2]: broker 1 leads<\/title>/g)).toHaveLength(3);
    expect((await kctl(at, "diagram")).out).toBe(file);
    const nowhere = await kctl(at, "diagram", "--out", "nowhere/cluster.svg", "--json");
    expect(nowhere.exit).toBe(2);
    expect(faults(nowhere)).toEqual([
      ["usage", "nowhere/cluster.svg", null, "cannot write the picture: there is no folder nowhere"],
    ]);
  });

  test("older clients are told apart", async () => {
    const { result } = await kctl(at, "client-config", "--format", "gradle", "--json");
    expect(result).toMatchObject({
      library: {
        name: "org.apache.kafka:kafka-clients",
        version: "4.3.1",
        fits: [{ fits: "no" }, { fits: "no" }, { fits: "partly" }, { fits: "yes" }],
      },
    });
    expect(result?.["content"]).toContain('implementation "org.apache.kafka:kafka-clients:4.3.1"');
  });
});

describe("machines reached over SSH, which are not asked", () => {
  async function machines(kafka: string, ...nodes: readonly string[]): Promise<Place> {
    const at = await newPlace();
    const lines = nodes.map((node, index) => `  - { name: kafka-${index + 1}, ${node}, roles: [zookeeper, broker] }\n`);
    await writeFile(
      at.spec,
      `name: demo\nprovider: { type: ssh, user: root }\nkafka: { version: 3.9.1, ${kafka} }\nnodes:\n${lines.join("")}`,
    );
    return at;
  }

  test("the names that clients are told, inside and outside", async () => {
    const at = await machines(
      "clients: { advertise: name }, external: { advertise: name }",
      "address: 192.0.2.11, publicAddress: 198.51.100.11",
      "address: 192.0.2.12, publicAddress: 198.51.100.12",
    );
    expect(await kctl(at, "hosts")).toMatchObject({ exit: 0, out: "192.0.2.11\tkafka-1\n192.0.2.12\tkafka-2\n" });
    const outside = await kctl(at, "hosts", "--external", "--json");
    expect(outside.result).toMatchObject({
      listener: "external",
      entries: [
        { address: "198.51.100.11", names: ["kafka-1"] },
        { address: "198.51.100.12", names: ["kafka-2"] },
      ],
      why: null,
    });
    const config = await kctl(at, "client-config", "--format", "librdkafka");
    expect(config.out).toContain("\nbootstrap.servers=kafka-1:9092,kafka-2:9092\n");
  });

  test("clients outside have no listener", async () => {
    const at = await machines("clients: { port: 9092 }", "address: 192.0.2.11");
    const ended = await kctl(at, "hosts", "--external", "--json");
    expect(ended.exit).toBe(2);
    expect(faults(ended)).toEqual([["usage", null, null, "demo has no listener for clients outside"]]);
  });

  test("there is nothing to write where an address cannot be resolved", async () => {
    const at = await machines("clients: { advertise: name }", "address: no-such-host.invalid");
    const ended = await kctl(at, "hosts", "--json");
    expect(ended.exit).toBe(1);
    expect(faults(ended)).toEqual([
      [
        "no-address",
        "no-such-host.invalid",
        "kafka-1",
        "no-such-host.invalid, the address of kafka-1, cannot be resolved from here, so there is nothing to write for kafka-1",
      ],
    ]);
  });

  test("doctor connects straight, as a client without SSH would", async () => {
    const at = await machines("clients: { advertise: address, port: 20999 }", "address: 127.0.0.1");
    const ended = await kctl(at, "doctor", "--json");
    expect(ended.exit).toBe(1);
    expect(faults(ended)).toEqual([
      [
        "listener-unusable",
        "127.0.0.1:20999",
        "kafka-1",
        "nothing listens where clients of `clients` are sent: the broker does not run, or not with this listener",
      ],
    ]);
  });
});

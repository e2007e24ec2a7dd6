/**
 * A cluster that kctl does not manage, whose listeners want TLS and a login: a real broker, bootstrapped as `localhost` and advertised as
 * 127.0.0.1, so that every connection but the first goes to a name that the spec does not have.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeBatch } from "../../src/kafka/canary/batch.ts";
import { until } from "../../src/kafka/until.ts";
import { createTopics } from "../../src/kafka/wire/create-topics.ts";
import { withBroker } from "../../src/kafka/wire/exchange.ts";
import { findCoordinator } from "../../src/kafka/wire/find-coordinator.ts";
import { metadata } from "../../src/kafka/wire/metadata.ts";
import { nobodyOf, offsetCommitTopics } from "../../src/kafka/wire/offset-commit.ts";
import { produce } from "../../src/kafka/wire/produce.ts";
import type { GroupLag } from "../../src/report/lag-shown.ts";
import { makeCertificates } from "../kafka/support/certificates.ts";
import { kafkaJars } from "../kafka/support/jars.ts";
import { startServers, type Servers } from "../kafka/support/servers.ts";
import { cleanUp, kctl, place, type Ended, type Place } from "./kctl.ts";

const never = new AbortController().signal;
const password = "a long password of tests";
let at: Place;
let servers: Servers;
/** Told to clients of one listener. */
const nowhere = "127.0.0.1:1";

/** Of the broker's listeners. */
const ports = () => ({
  controller: at.port + 1,
  login: at.port,
  mutual: at.port + 2,
  open: at.port - 1,
  lost: at.port + 10,
});
const open = () => ({ host: "127.0.0.1", port: ports().open });

beforeAll(async () => {
  at = await place({ count: 1 });
  servers = await startServers(await kafkaJars("4.3.1"));
  await servers.write("broker", {});
  const folder = join(servers.folder, "broker");
  await makeCertificates(folder, "DNS:localhost,IP:127.0.0.1");
  await servers.write("broker", { "server.properties": properties(folder) });
  const users = ["SCRAM-SHA-256", "SCRAM-SHA-512"].map((how) => `${how}=[name=alice,password="${password}"]`);
  const scram = users.flatMap((user) => ["--add-scram", user]);
  const format = ["format", "--cluster-id", "kExternalClusterOfTest", "--config", "server.properties"];
  await servers.tool("broker", "kafka.tools.StorageTool", ...format, ...scram);
  servers.run("broker", "kafka.Kafka", "server.properties");
  await servers.ready("broker", async () => {
    const { brokers } = await withBroker(open(), never, 1000, (ask) => ask(metadata([])));
    return brokers.length === 1;
  });
  await fill();
});
afterAll(async () => {
  await servers.stop();
  await cleanUp(at);
});

function properties(folder: string): string {
  const { controller, login, mutual, open: plain, lost } = ports();
  const jaas = "org.apache.kafka.common.security";
  const settings = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "OPEN",
    listeners: `CONTROLLER://127.0.0.1:${controller},LOGIN://:${login},MUTUAL://:${mutual},OPEN://127.0.0.1:${plain},LOST://127.0.0.1:${lost}`,
    "advertised.listeners": `LOGIN://127.0.0.1:${login},MUTUAL://127.0.0.1:${mutual},OPEN://127.0.0.1:${plain},LOST://${nowhere}`,
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,OPEN:PLAINTEXT,LOST:PLAINTEXT,LOGIN:SASL_SSL,MUTUAL:SSL",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    "listener.name.login.plain.sasl.jaas.config": `${jaas}.plain.PlainLoginModule required user_alice="${password}";`,
    "listener.name.login.scram-sha-256.sasl.jaas.config": `${jaas}.scram.ScramLoginModule required;`,
    "listener.name.login.scram-sha-512.sasl.jaas.config": `${jaas}.scram.ScramLoginModule required;`,
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": join(folder, "server-both.pem"),
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": join(folder, "ca.pem"),
    "listener.name.mutual.ssl.client.auth": "required",
    "log.dirs": join(folder, "data"),
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

/** Ten records, of which the group g has read three. */
async function fill(): Promise<void> {
  const layout = { partitions: 1, replicas: 1 };
  const values = Array.from({ length: 10 }, () => Buffer.from("x"));
  const batch = encodeBatch(values, { id: -1n, epoch: -1 }, -1, BigInt(Date.now()));
  const commit = offsetCommitTopics(nobodyOf("g"), new Map([["orders", new Map([[0, 3n]])]]));
  await withBroker(open(), never, 30_000, async (ask) => {
    await ask(createTopics([{ name: "orders", layout, settings: {} }], 5000, false));
    const taken = async (what: string, error: () => Promise<number | undefined>): Promise<void> =>
      until(what, 20, never, async () => {
        const code = await error();
        return code === 0 ? { done: undefined } : { still: `error ${code}` };
      });
    await taken("the leader", async () => (await ask(produce("orders", 0, batch, 5000))).error);
    await taken("the coordinator", async () => (await ask(findCoordinator("g"))).error);
    await taken("the commit", async () => (await ask(commit))[0]?.error);
  });
}

type Way = {
  readonly host?: string;
  readonly port?: number;
  /** YAML. */
  readonly tls?: string;
  readonly mechanism?: string;
  readonly secret?: string;
};

const file = (name: string): string => join(servers.folder, "broker", name);
const own = (): string => `{ ca: "${file("ca.pem")}" }`;

let specs = 0;

/** kctl with a spec of its own. The password is in `KAFKA_PASSWORD`. */
async function reach(way: Way, args: readonly string[] = ["lag"], given = password, from = at): Promise<Ended> {
  specs += 1;
  const spec = join(at.folder, `external-${specs}.yaml`);
  const { host = "localhost", port = ports().login, tls, mechanism, secret = "{ env: KAFKA_PASSWORD }" } = way;
  const sasl = `  sasl: { mechanism: ${mechanism}, username: alice, password: { secret: ${secret} } }\n`;
  const text = `name: theirs\nprovider:\n  type: external\n  bootstrap: ${host}:${port}\n`;
  await writeFile(spec, `${text}${tls === undefined ? "" : `  tls: ${tls}\n`}${mechanism === undefined ? "" : sasl}`);
  const env = { ...at.env, KAFKA_PASSWORD: given };
  const ended = await kctl({ ...from, env }, ...args, "-f", spec, "--json", "--verbose", "--timeout", "10s");
  for (const output of [ended.out, ended.err]) expect(output).not.toContain(given);
  return ended;
}

/** Without what they do not have. */
function errorsOf({ exit, result }: Ended) {
  const errors = (result?.["errors"] ?? []) as readonly Readonly<Record<string, unknown>>[];
  const said = (error: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(error).filter(([, value]) => value !== null));
  return { exit, errors: errors.map(said) };
}

const lagged = { exit: 0, err: "", group: "g", lag: 7, end: 10 };

function lagOf({ exit, err, result }: Ended): typeof lagged {
  const [group] = (result?.["groups"] ?? []) as readonly GroupLag[];
  return {
    exit: exit ?? -1,
    err,
    group: group?.group ?? "",
    lag: group?.lag ?? -1,
    end: group?.partitions[0]?.end ?? -1,
  };
}

describe("the way in", () => {
  test.each(["plain", "scram-sha-256", "scram-sha-512"])("by TLS and %s", async (mechanism) => {
    expect(lagOf(await reach({ tls: own(), mechanism }))).toEqual(lagged);
  });

  test("by a password in a file, with a path from the spec's folder", async () => {
    await writeFile(join(at.folder, "password"), `${password}\n`);
    expect(lagOf(await reach({ tls: own(), mechanism: "plain", secret: "{ file: password }" }))).toEqual(lagged);
  });

  test("by a certificate of the client", async () => {
    const tls = `{ ca: "${file("ca.pem")}", cert: "${file("client.pem")}", key: "${file("client-key.pem")}" }`;
    expect(lagOf(await reach({ port: ports().mutual, tls }))).toEqual(lagged);
  });

  test("open to everybody", async () => {
    expect(lagOf(await reach({ port: ports().open }))).toEqual(lagged);
  });

  test("leads to what changes the cluster as well", async () => {
    const way = { tls: own(), mechanism: "scram-sha-512" };
    const { exit, result } = await reach(way, ["offsets", "reset", "g", "--to", "latest", "--yes"]);
    expect({ exit, changed: result?.["changed"] }).toEqual({ exit: 0, changed: 1 });
    const back = await reach(way, ["offsets", "reset", "g", "--to", "3", "--yes"]);
    expect(back.exit).toBe(0);
  });
});

test("a cluster that is down does not hide another's lag", async () => {
  const down = join(at.folder, "down.yaml");
  await writeFile(down, "name: down\nprovider: { type: external, bootstrap: 127.0.0.1:1 }\n");
  const { exit, result } = await reach({ port: ports().open }, ["lag", "-f", down]);
  expect({ exit, result }).toMatchObject({
    exit: 1,
    result: {
      groups: [{ cluster: "theirs", group: "g", lag: 7 }],
      errors: [{ code: "kafka-unreachable", what: "no broker of down answers: 127.0.0.1:1 (connection refused)" }],
    },
  });
});

test("topics are listed and described, with what is in them", async () => {
  const way = { tls: own(), mechanism: "scram-sha-512" };
  const listed = await reach(way, ["topics", "list"]);
  expect(listed.result).toMatchObject({ ok: true, topics: [{ name: "orders", partitions: 1, replicas: 1 }] });
  const described = await reach(way, ["topics", "describe", "orders"]);
  expect(described.result).toMatchObject({ ok: true, topics: [{ name: "orders", records: 10 }] });
});

describe("what shuts it", () => {
  const where = () => `localhost:${ports().login}`;

  test.each([
    ["plain", "Authentication failed: Invalid username or password"],
    [
      "scram-sha-512",
      "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512",
    ],
  ])("a wrong password: %s", async (mechanism, why) => {
    const ended = await reach({ tls: own(), mechanism }, ["lag"], "another-password");
    expect(errorsOf(ended)).toEqual({
      exit: 1,
      errors: [
        {
          code: "kafka-auth-refused",
          what: `${where()} does not let alice in: ${why}`,
          where: where(),
          fix: "see that the name, the password and the mechanism are right",
        },
      ],
    });
  });

  const untrusted = (server: string, why: string, fix: string) => ({
    exit: 1,
    errors: [{ code: "kafka-untrusted", what: `no TLS connection to ${server}: ${why}`, where: server, fix }],
  });

  const silent = (why: string) => ({
    exit: 1,
    errors: [
      {
        code: "kafka-unreachable",
        what: `no broker of theirs answers: ${where()} (${why})`,
        fix: "see that this machine can reach them; a listener that wants TLS or a login hangs up without `provider.tls` or `provider.sasl`",
      },
    ],
  });

  test.each([
    ["topics", "list"],
    ["lag"],
    ["consume", "orders"],
    ["produce", "orders"],
    ["offsets", "reset", "g", "--to", "latest", "--yes"],
  ])("the broker sends clients where nobody is: %s %s", async (...args) => {
    const { exit, errors } = errorsOf(await reach({ port: ports().lost, host: "127.0.0.1" }, args));
    const by = `, where 127.0.0.1:${ports().lost} sends clients`;
    expect({ exit, errors }).toMatchObject({
      exit: 1,
      errors: [
        {
          code: "kafka-unreachable",
          what: expect.stringMatching(`^no broker (of theirs )?answers.* ${nowhere}.*${by}$`) as string,
          fix: "their `advertised.listeners` must name addresses that this machine can reach",
        },
      ],
    });
  });

  test.each([
    ["another authority's certificate", () => `{ ca: "${file("other-ca.pem")}" }`],
    ["those of Node.js", () => "true"],
  ])("an authority that is not known: %s", async (_name, tls) => {
    expect(errorsOf(await reach({ tls: tls(), mechanism: "plain" }))).toEqual(
      untrusted(
        where(),
        "its certificate was signed by an authority that is not known here",
        "write the file with the certificate of that authority as `provider.tls.ca`",
      ),
    );
  });

  test("a name that the certificate does not have", async () => {
    expect(errorsOf(await reach({ host: "127.0.0.2", tls: own(), mechanism: "plain" }))).toEqual(
      untrusted(
        `127.0.0.2:${ports().login}`,
        "its certificate is not for 127.0.0.2, but for localhost, 127.0.0.1",
        "reach it by a name that its certificate has; what brokers advertise is their `advertised.listeners`",
      ),
    );
  });

  test("no certificate where one is wanted", async () => {
    expect(errorsOf(await reach({ port: ports().mutual, tls: own() }))).toEqual(
      untrusted(
        `localhost:${ports().mutual}`,
        "it wants a certificate of its clients, signed by an authority that it knows",
        "write the files of one as `provider.tls.cert` and `provider.tls.key`",
      ),
    );
  });

  test("TLS where there is none, and none where there is", async () => {
    expect(errorsOf(await reach({ host: "127.0.0.1", port: ports().open, tls: own() }))).toEqual(
      untrusted(
        `127.0.0.1:${ports().open}`,
        "it does not speak TLS there",
        "name the port of a listener with TLS, or take `provider.tls` out",
      ),
    );
    const { exit, errors } = errorsOf(await reach({}));
    expect({ exit, code: errors[0]?.["code"] }).toEqual({ exit: 1, code: "kafka-unreachable" });
    // Java may hang up without its alert.
    expect(errors[0]?.["what"]).toMatch(
      /: localhost:\d+ \(.*(?:it speaks TLS there|it closed the connection without an answer|the connection was cut)\)$/,
    );
  });

  test("no login where one is wanted, and one where none is", async () => {
    expect(errorsOf(await reach({ tls: own() }))).toEqual(silent("it closed the connection without an answer"));
    const none = `127.0.0.1:${ports().open}`;
    expect(errorsOf(await reach({ port: ports().open, host: "127.0.0.1", mechanism: "scram-sha-256" }))).toEqual({
      exit: 1,
      errors: [
        {
          code: "kafka-auth-refused",
          what: `${none} does not let alice in: nobody logs in at this listener`,
          where: none,
          fix: "take `provider.sasl` out, or name another port",
        },
      ],
    });
  });

  test("a secret that is not there", async () => {
    const ended = await reach({ tls: own(), mechanism: "plain", secret: "{ env: NOT_SET }" });
    expect(errorsOf(ended)).toEqual({
      exit: 2,
      errors: [
        {
          code: "secret-missing",
          what: "the password is to be in the variable NOT_SET, which is not set or empty",
          fix: "set it: `export NOT_SET=...`",
        },
      ],
    });
  });
});

test("its status is what its brokers tell", async () => {
  const way = { tls: own(), mechanism: "scram-sha-512" };
  const { exit, result } = await reach(way, ["status"]);
  expect({ exit, result }).toMatchObject({
    exit: 0,
    result: {
      cluster: "theirs",
      healthy: true,
      versions: {
        kafka: null,
        zookeeper: null,
      },
      nodes: [],
      brokers: [
        {
          id: 1,
          node: "127.0.0.1",
          address: `127.0.0.1:${ports().login}`,
        },
      ],
      controller: { id: 1 },
      partitions: {
        underReplicated: 0,
        offline: 0,
      },
    },
  });
  const untilRates = (argv: readonly string[]) => ["sh", "-c", `"$@" | sed '/"rates":{/q'`, "sh", ...argv] as const;
  const watched = await reach(way, ["status", "--watch", "--interval", "1s"], password, { ...at, inside: untilRates });
  expect(watched.lines.at(-1)).toMatchObject({ type: "status", healthy: true, rates: { records: 0 }, events: [] });
});

test("commands that need its machines refuse, and say which do not", async () => {
  const commands = [
    ["up"],
    ["plan"],
    ["check"],
    ["destroy", "--yes"],
    ["restart"],
    ["stop"],
    ["start"],
    ["ssh", "kafka-1"],
    ["exec", "true"],
    ["logs"],
    ["history"],
    ["render"],
    ["fetch"],
    ["smoke-test"],
    ["topics", "apply"],
    ["diagram"],
    ["doctor"],
  ];
  const what = "theirs is a cluster that kctl does not manage (`type: external`), and this command needs its machines";
  for (const command of commands) {
    const { exit, result } = await reach({}, command);
    expect({ command, exit, errors: result?.["errors"] }).toMatchObject({
      command,
      exit: 2,
      errors: [{ code: "not-managed", what }],
    });
  }
});

test("records are written and read there, in a group too", async () => {
  const way = { tls: own(), mechanism: "scram-sha-512" };
  const input = { ...at, inside: (argv: readonly string[]) => ["sh", "-c", 'seq 3 | "$@"', "sh", ...argv] as const };
  const written = await reach(way, ["produce", "orders"], password, input);
  expect({ ...errorsOf(written), records: written.result?.["records"] }).toEqual({ exit: 0, errors: [], records: 3 });
  const read = await reach(way, ["consume", "orders", "--group", "readers", "--from-beginning"]);
  const values = read.lines.flatMap(({ type, value }) => (type === "record" ? [value] : []));
  expect({ ...errorsOf(read), values }).toEqual({
    exit: 0,
    errors: [],
    values: [...Array<string>(10).fill("x"), "1", "2", "3"],
  });
});

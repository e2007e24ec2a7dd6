/** Ways to servers: which tunnel is taken, and what is told where there is none. */
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { KctlError } from "../../src/fault.ts";
import { dial, hasTunnel, layTunnel, takeUpTunnel, routesApart, type Tunnel } from "../../src/kafka/dial.ts";
import { withBroker } from "../../src/kafka/wire/exchange.ts";
import { metadata } from "../../src/kafka/wire/metadata.ts";

const never = new AbortController().signal;
const at = { host: "kafka-1", port: 9092 };

/** Whoever comes is told where, and shown out. */
const to =
  (where: string): Tunnel =>
  async (port) => {
    const far = new PassThrough();
    far.end(`${where}:${port}`);
    return far;
  };

test("two clusters have machines of the same names, each its own way to them", async () => {
  const [here, there] = [routesApart(), routesApart()];
  here(() => layTunnel("kafka-1", to("here")));
  there(() => layTunnel("kafka-1", to("there")));
  expect(hasTunnel("kafka-1")).toBe(false);
  const answers = await Promise.all(
    [here, there, here].map(async (apart) =>
      apart(async () => {
        // Some turns later as well.
        await once(new PassThrough().end().resume(), "end");
        return text(dial(at));
      }),
    ),
  );
  expect(answers).toEqual(["here:9092", "there:9092", "here:9092"]);
});

test("who has none of their own shares those of the command", async () => {
  const tunnel = to("shared");
  layTunnel("kafka-1", tunnel);
  expect(routesApart()(() => hasTunnel("kafka-1"))).toBe(false);
  expect(await text(dial(at))).toBe("shared:9092");
  takeUpTunnel("kafka-1", tunnel);
  expect(hasTunnel("kafka-1")).toBe(false);
});

const ask = (tunnel: Tunnel): Promise<unknown> =>
  routesApart()(async () => {
    layTunnel("kafka-1", tunnel);
    return withBroker(at, never, 5000, (broker) => broker(metadata([])));
  });

test("a server that does not listen is told apart from a way that is not there", async () => {
  const refused = Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
  await expect(ask(() => Promise.reject(refused))).rejects.toMatchObject({
    faults: [
      {
        code: "kafka-unreachable",
        what: "kafka-1:9092 does not answer as a Kafka broker: connection refused",
        fix: "see with `kctl status` whether the broker runs, and that this machine can reach its address",
      },
    ],
  });
  const lost = new KctlError({
    code: "ssh-unreachable",
    node: "kafka-1",
    what: "no SSH to kafka-1",
    fix: "switch it on",
  });
  await expect(ask(() => Promise.reject(lost))).rejects.toMatchObject({
    faults: [
      {
        code: "kafka-unreachable",
        node: "kafka-1",
        where: "kafka-1:9092",
        what: "kafka-1:9092 cannot be asked: no SSH to kafka-1",
        fix: "switch it on",
      },
    ],
  });
});

/** What a client meets at ports where no Kafka listens, each a real one on this machine. */
import { once } from "node:events";
import { createServer as createHttp } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { layTunnel, takeUpTunnel } from "../../../src/kafka/dial.ts";
import { probe } from "../../../src/operations/doctor/probe.ts";
import { speakerOf } from "../../../src/operations/doctor/speaker.ts";

const patience = { signal: new AbortController().signal, timeoutMs: 1000 };
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const onConnection = (what: (socket: Socket) => void): Promise<number> =>
  portOf(
    createServer((socket) => {
      socket.on("error", () => undefined);
      what(socket);
    }),
  );

describe("a port where", () => {
  test.each<readonly [string, () => Promise<number>, string]>([
    ["a web server listens", () => portOf(createHttp()), "http"],
    ["an SSH server listens", () => onConnection((socket) => void socket.write("SSH-2.0-OpenSSH_9.2\r\n")), "ssh"],
    [
      "a server of TLS complains",
      () => onConnection((socket) => socket.on("data", () => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 70])))),
      "tls",
    ],
    [
      "another protocol is spoken",
      () => onConnection((socket) => void socket.write("220 mail.example ESMTP\r\n")),
      "other",
    ],
    ["nothing is said", () => onConnection((socket) => void socket.resume()), "silent"],
    ["connections are closed", () => onConnection((socket) => socket.destroy()), "closed"],
  ])("%s", async (_, listen, speaker) => {
    const seen = await probe({ host: "127.0.0.1", port: await listen() }, patience);
    expect(seen.connection?.trouble).toBeNull();
    expect(seen.kafka).toMatchObject({ speaker });
    expect(seen.kafka?.why).not.toBeNull();
    expect(seen.told).toBeNull();
  });

  test("nobody listens", async () => {
    const port = await onConnection((socket) => socket.destroy());
    const server = servers.pop();
    server?.close();
    const seen = await probe({ host: "127.0.0.1", port }, patience);
    expect(seen).toMatchObject({
      connection: { trouble: { kind: "refused", why: "connection refused" } },
      kafka: null,
    });
  });
});

test("a name that nobody knows ends it", async () => {
  const seen = await probe({ host: "no-such-host.invalid", port: 9092 }, patience);
  expect(seen.name.why).toMatch(/^its name cannot be resolved/);
  expect(seen).toMatchObject({ connection: null, kafka: null, told: null });
});

test("a tunnel to the machine is not used", async () => {
  const tunnel = (): Promise<never> => Promise.reject(new Error("the tunnel was used"));
  layTunnel("127.0.0.1", tunnel);
  try {
    const seen = await probe({ host: "127.0.0.1", port: await portOf(createHttp()) }, patience);
    expect(seen).toMatchObject({ connection: { trouble: null }, kafka: { speaker: "http" } });
  } finally {
    takeUpTunnel("127.0.0.1", tunnel);
  }
});

test("an answer of Kafka's is known by the request that it is to", () => {
  const answer = Buffer.from([0, 0, 0, 10, 0, 0, 0, 7, 0, 0]);
  expect(speakerOf(answer, 7, false)).toBe("kafka");
  expect(speakerOf(answer, 8, false)).toBe("other");
});

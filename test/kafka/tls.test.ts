/** Brokers that speak TLS, played by a server of Node.js: which are believed, and what is said of the others. */
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { KctlError } from "../../src/fault.ts";
import { dialTls, tlsContext } from "../../src/kafka/tls.ts";
import { openWay } from "../../src/kafka/ways-in.ts";
import { askApiVersions } from "../../src/kafka/wire/api-versions.ts";
import { withBroker } from "../../src/kafka/wire/exchange.ts";
import { makeCertificates } from "./support/certificates.ts";
import { answering, fakeServer } from "./support/fake-server.ts";

const never = new AbortController().signal;
let folder: string;
const closing: (() => void)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kctl-test-tls-"));
  await makeCertificates(folder, "DNS:localhost,IP:127.0.0.1");
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pem = (name: string) => readFile(join(folder, `${name}.pem`), "utf8");

/** ApiVersions of nothing, for any request. */
const answer = () => Buffer.from([0, 35]);

async function tlsBroker(more: TlsOptions = {}): Promise<number> {
  const identity = { cert: await pem("server"), key: await pem("server-key") };
  const server = createTlsServer({ ...identity, ...more }, (socket) => {
    socket.on("error", () => undefined);
    answering(answer)(socket);
  });
  server.on("tlsClientError", () => undefined);
  server.listen(0);
  await once(server, "listening");
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function plainBroker(): Promise<number> {
  // A frame of that many bytes is none of Kafka's: it hangs up.
  const server = createServer(
    (socket) => void socket.on("error", () => undefined).once("data", () => socket.destroy()),
  );
  server.listen(0);
  await once(server, "listening");
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

type Way = { readonly host?: string; readonly ca?: string; readonly client?: string };

async function reach(port: number, { host = "localhost", ca = "ca", client }: Way = {}): Promise<string> {
  const own = client === undefined ? [null, null] : await Promise.all([pem(client), pem(`${client}-key`)]);
  const context = tlsContext({ ca: ca === "" ? null : await pem(ca), cert: own[0] ?? null, key: own[1] ?? null });
  const address = { host, port };
  openWay(address, { dial: (at) => dialTls(at, context), login: null });
  try {
    await withBroker(address, never, 5000, async (ask) => askApiVersions(ask));
    return "answered";
  } catch (error) {
    if (!(error instanceof KctlError)) throw error;
    const [fault] = error.faults;
    return `${fault?.code}: ${fault?.what.replace(`${host}:${port}`, "BROKER")}`;
  }
}

describe("a broker with TLS", () => {
  it.each(["localhost", "127.0.0.1"])("is believed by the name that its certificate has: %s", async (host) => {
    expect(await reach(await tlsBroker(), { host })).toBe("answered");
  });

  it("is shown a certificate where it wants one", async () => {
    const port = await tlsBroker({ requestCert: true, ca: await pem("ca") });
    expect(await reach(port, { client: "client" })).toBe("answered");
  });

  it.each([
    ["another authority", "other-ca"],
    ["those of Node.js", ""],
  ])("is not believed by %s", async (_name, ca) => {
    expect(await reach(await tlsBroker(), { ca })).toBe(
      "kafka-untrusted: no TLS connection to BROKER: its certificate was signed by an authority that is not known here",
    );
  });

  it("is not believed under another name", async () => {
    expect(await reach(await tlsBroker(), { host: "127.0.0.2" })).toBe(
      "kafka-untrusted: no TLS connection to BROKER: its certificate is not for 127.0.0.2, but for localhost, 127.0.0.1",
    );
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)("says that it wants a certificate: %s", async (maxVersion) => {
    const port = await tlsBroker({ requestCert: true, ca: await pem("ca"), maxVersion });
    expect(await reach(port)).toBe(
      "kafka-untrusted: no TLS connection to BROKER: it wants a certificate of its clients, signed by an authority that it knows",
    );
  });

  it("is missed where there is none", async () => {
    expect(await reach(await plainBroker())).toBe(
      "kafka-untrusted: no TLS connection to BROKER: it does not speak TLS there",
    );
  });

  it("is told from one that is not there", async () => {
    const port = await plainBroker();
    closing.splice(0).forEach((close) => close());
    expect(await reach(port, { host: "127.0.0.1" })).toBe(
      "kafka-unreachable: BROKER does not answer as a Kafka broker: connection refused",
    );
  });

  it("is recognised by its alert where it is not expected", async () => {
    const alert = Buffer.from([0x15, 3, 3, 0, 2, 2, 10]);
    const server = await fakeServer((socket) => void socket.once("data", () => socket.end(alert)));
    closing.push(() => void server.close());
    await expect(withBroker(server, never, 5000, askApiVersions)).rejects.toThrow(
      "does not answer as a Kafka broker: what it sent is no answer of Kafka's: it speaks TLS there",
    );
  });
});

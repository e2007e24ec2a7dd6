/** Brokers that want a login: who is told what, and who never is. */
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { KctlError } from "../../src/fault.ts";
import { addressText, type Address } from "../../src/kafka/address.ts";
import { layTunnel, routesApart } from "../../src/kafka/dial.ts";
import { logIn } from "../../src/kafka/sasl/login.ts";
import { openWay, sentBy, wayInto, type WayIn } from "../../src/kafka/ways-in.ts";
import { compose } from "../../src/kafka/wire/compose.ts";
import { withBroker } from "../../src/kafka/wire/exchange.ts";
import { metadata } from "../../src/kafka/wire/metadata.ts";
import { withStandingBroker } from "../../src/kafka/wire/standing.ts";
import { answering, fakeServer, type FakeServer } from "./support/fake-server.ts";

const never = new AbortController().signal;
const password = "never to be seen";
const servers: FakeServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A broker; `keys` are the API keys of the requests that it got. */
async function broker(
  options: { readonly names?: Address; readonly handshake?: number; readonly login?: number } = {},
) {
  const keys: number[] = [];
  const texts: string[] = [];
  const { names, handshake = 0, login = 0 } = options;
  const server: FakeServer = await fakeServer(
    answering((request) => {
      const key = request.readInt16BE();
      keys.push(key);
      texts.push(request.toString("latin1"));
      if (key === 17)
        return compose()
          .int16(handshake)
          .array(["GSSAPI"], (name, part) => void part.string(name))
          .done();
      if (key === 36) return compose().int16(login).nullableString("no such user").bytes(null).int64(0n).done();
      return metadataOf(names ?? server);
    }),
  );
  servers.push(server);
  return { at: { host: server.host, port: server.port }, keys, texts };
}

function metadataOf({ host, port }: Address): Buffer {
  const list = compose()
    .noTags()
    .int32(0)
    .compactArray([1], (id, part) => {
      part.int32(id).compactString(host).int32(port).compactString(null).noTags();
    });
  return list
    .compactString("c")
    .int32(1)
    .compactArray([], () => undefined)
    .int32(0)
    .noTags()
    .done();
}

function way(): WayIn {
  const login = { mechanism: "plain", username: "alice", password } as const;
  return { dial: ({ host, port }) => connect({ host, port }), login: (ask, address) => logIn(ask, address, login) };
}

const ask = (at: Address) => withBroker(at, never, 2000, (one) => one(metadata([])));

describe("a way in", () => {
  it("is taken before the first request, and leads to the brokers that are named", async () => {
    const second = await broker();
    const first = await broker({ names: second.at });
    openWay(first.at, way());
    const { brokers } = await ask(first.at);
    expect(first.keys).toEqual([17, 36, 3]);
    expect(first.texts[1]).toContain(`\0alice\0${password}`);
    for (const { host, port } of brokers) await ask({ host, port });
    expect(second.keys).toEqual([17, 36, 3]);
  });

  it("leads nowhere else", async () => {
    const other = await broker();
    const first = await broker();
    openWay(first.at, way());
    await ask(first.at);
    await ask(other.at);
    expect(other.keys).toEqual([3]);
    expect(other.texts.join("")).not.toContain(password);
  });

  it("is not told to brokers that a server names to which none leads", async () => {
    const second = await broker();
    const first = await broker({ names: second.at });
    await ask(first.at);
    expect(wayInto(second.at)).toBeNull();
  });

  it("is one: a second spec cannot lay another to the same server", () => {
    const at = { host: "one.example.com", port: 9092 };
    const first = way();
    openWay(at, first);
    openWay(at, first);
    expect(() => openWay(at, way())).toThrow(/^two specs reach one\.example\.com:9092 with different `tls` or `sasl`$/);
  });

  it("is of one cluster among several: the same address is reached by another's tunnel, or by its own way", async () => {
    const second = await broker();
    const first = await broker({ names: second.at });
    const machine = await broker();
    const [theirs, ours, plain] = [routesApart(), routesApart(), routesApart()];
    theirs(() => openWay(first.at, way()));
    ours(() => layTunnel(first.at.host, async () => connect(machine.at)));
    // Another cluster of others on the same server: as somebody else.
    plain(() => openWay(first.at, { ...way(), login: null }));
    await Promise.all(
      [theirs, ours, plain].map((apart) =>
        apart(async () => {
          const { brokers } = await ask(first.at);
          for (const { host, port } of brokers) await ask({ host, port });
        }),
      ),
    );
    expect(first.keys.toSorted((a, b) => a - b)).toEqual([3, 3, 17, 36]);
    expect(second.keys.toSorted((a, b) => a - b)).toEqual([3, 3, 17, 36]);
    expect(machine.keys).toEqual([3, 3]);
    expect(machine.texts.join("")).not.toContain(password);
    expect([wayInto(first.at), wayInto(second.at), theirs(() => sentBy(second.at)), sentBy(second.at)]).toEqual([
      null,
      null,
      addressText(first.at),
      null,
    ]);
  });

  it("is not waited for without end, however long the connection is to stand", async () => {
    const mute = await fakeServer(() => undefined);
    servers.push(mute);
    openWay(mute, way());
    const used = withStandingBroker(mute, never, 100, (one) => one(metadata([])));
    await expect(used).rejects.toThrow(/^127\.0\.0\.1:\d+: no answer within 0\.1 s$/);
  });

  it("once open stays so for longer than a request may take", async () => {
    const { at, keys } = await broker();
    openWay(at, way());
    await withStandingBroker(at, never, 200, async (one) => {
      await one(metadata([]));
      await setTimeout(300);
      await one(metadata([]));
    });
    expect(keys).toEqual([17, 36, 3, 3]);
  });

  it.each([
    [{ handshake: 33 }, "it does not take PLAIN, but GSSAPI"],
    [{ handshake: 34 }, "nobody logs in at this listener"],
    [{ handshake: 5 }, "it answers LEADER_NOT_AVAILABLE"],
    [{ login: 58 }, "no such user"],
  ])("says why it is shut: %o", async (options, why) => {
    const { at } = await broker(options);
    openWay(at, way());
    const error: unknown = await ask(at).catch((reason: unknown) => reason);
    if (!(error instanceof KctlError)) throw new Error("it let us in");
    const where = `${at.host}:${at.port}`;
    expect(error.faults).toMatchObject([
      { code: "kafka-auth-refused", what: `${where} does not let alice in: ${why}`, where },
    ]);
    expect(`${error.stack ?? ""}${JSON.stringify(error.faults)}`).not.toContain(password);
  });
});

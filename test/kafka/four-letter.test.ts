import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ephemeralNodes, ephemeralsIn, modeIn, zookeeperMode } from "../../src/kafka/four-letter.ts";
import { fakeServer, type FakeServer } from "./support/fake-server.ts";

const never = new AbortController().signal;
let server: FakeServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function modeOf(onConnection: (socket: Socket) => void): Promise<string> {
  server = await fakeServer(onConnection);
  return zookeeperMode(server.host, server.port, never, 300);
}

const srvr = (mode: string) =>
  `Zookeeper version: 3.8.4, built on 2024-02-12 22:16 UTC\nLatency min/avg/max: 0/0.0/0\nReceived: 1\nSent: 0\nZxid: 0x0\nMode: ${mode}\nNode count: 5\n`;

describe("modeIn", () => {
  it.each(["leader", "follower", "observer", "standalone"])("reads %s", (mode) => {
    expect(modeIn(srvr(mode))).toBe(mode);
  });

  it.each([
    ["no quorum", "This ZooKeeper instance is not currently serving requests\n"],
    ["nothing", ""],
    ["an unknown mode", srvr("read-only")],
    ["another program", "HTTP/1.1 400 Bad Request\r\n\r\nMode: no"],
  ])("takes %s for not serving", (_name, answer) => {
    expect(modeIn(answer)).toBe("not-serving");
  });
});

describe("zookeeperMode", () => {
  it("sends srvr, and reads an answer that comes in pieces", async () => {
    const got: string[] = [];
    const mode = await modeOf((socket) => {
      socket.on("data", (chunk: Buffer) => {
        got.push(chunk.toString());
        const [first, second] = [srvr("follower").slice(0, 40), srvr("follower").slice(40)];
        socket.write(first, () => setImmediate(() => socket.end(second)));
      });
    });
    expect(mode).toBe("follower");
    expect(got.join("")).toBe("srvr");
  });

  it.each([
    ["accepts and never answers", () => undefined],
    ["closes at once", (socket: Socket) => void socket.end()],
    ["resets", (socket: Socket) => void socket.resetAndDestroy()],
    ["sends bytes without end", (socket: Socket) => void socket.write(Buffer.alloc(1024 * 1024, 255))],
    ["greets like another program", (socket: Socket) => void socket.end("SSH-2.0-OpenSSH_9.8\r\n")],
  ])("is not-serving where somebody %s", async (_name, behave) => {
    expect(await modeOf(behave)).toBe("not-serving");
  });

  it("is refused where nobody listens", async () => {
    server = await fakeServer(() => undefined);
    const { host, port } = server;
    await server.close();
    server = undefined;
    expect(await zookeeperMode(host, port, never)).toBe("refused");
    expect(await zookeeperMode("no-such-host.invalid", 2181, never)).toBe("refused");
  });

  it("says what to do where the word is not allowed", async () => {
    const mode = modeOf((socket) => void socket.end("srvr is not executed because it is not in the whitelist.\n"));
    await expect(mode).rejects.toThrow("does not allow the four-letter word srvr");
  });

  it("ends at once when aborted, before and while it asks", async () => {
    const control = new AbortController();
    server = await fakeServer(() => control.abort());
    const { host, port } = server;
    await expect(zookeeperMode(host, port, control.signal, 60_000)).rejects.toThrow("aborted");
    await expect(zookeeperMode(host, port, control.signal, 60_000)).rejects.toThrow("aborted");
  });
});

const dump = `SessionTracker dump:
Global Sessions(2):
0x100000e5e3d0000	6000ms
ephemeral nodes dump:
Sessions with Ephemerals (2):
0x100000e5e3d0000:
	/brokers/ids/1
	/controller
0x200000e5e3d0001:
	/brokers/ids/2
`;

describe("ephemeral nodes", () => {
  it("are read from a dump", () => {
    expect([...ephemeralsIn(dump)]).toEqual(["/brokers/ids/1", "/controller", "/brokers/ids/2"]);
    expect([...ephemeralsIn("ephemeral nodes dump:\nSessions with Ephemerals (0):\n")]).toEqual([]);
  });

  it("of a server that does not serve are unknown, not absent", async () => {
    server = await fakeServer((socket) => socket.end("This ZooKeeper instance is not currently serving requests\n"));
    expect(await ephemeralNodes(server.host, server.port, never, 300)).toBeNull();
  });

  it("are asked of a server that serves", async () => {
    server = await fakeServer((socket) => socket.end(dump));
    expect((await ephemeralNodes(server.host, server.port, never, 300))?.has("/controller")).toBe(true);
  });
});

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import type { Address } from "../../src/kafka/address.ts";
import { workerServes } from "../../src/kafka/connect-rest.ts";
import { workersAt } from "../../src/kafka/connectors.ts";

const never = new AbortController().signal;
const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** A worker that answers everything alike; it tells what it was asked. */
async function worker(
  status: number,
  body: unknown,
): Promise<{ readonly address: Address; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push(`${request.method} ${request.url} ${await text(request)}`.trim());
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  };
  const server = createServer((request, response) => void answer(request, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = server.address();
  return { address: { host: "127.0.0.1", port: typeof at === "object" && at !== null ? at.port : 0 }, asked };
}

const nobody: Address = { host: "127.0.0.1", port: 1 };

describe("a worker serves", () => {
  test.each<[number, unknown, boolean]>([
    [200, [], true],
    [409, { error_code: 409, message: "rebalance" }, false],
    [500, "", false],
  ])("that answers %d", async (status, body, serves) => {
    const { address } = await worker(status, body);
    expect(await workerServes({ address: address.host, port: address.port }, never)).toBe(serves);
  });

  test("no, where nobody listens", async () => {
    expect(await workerServes({ address: nobody.host, port: nobody.port }, never)).toBe(false);
  });
});

describe("what workers are asked", () => {
  test("each question, by a name that may be anything", async () => {
    const { address, asked } = await worker(200, { configs: [] });
    const workers = workersAt([address], never);
    const config = { "connector.class": "org.A", topics: "t" };
    expect(await workers.validate("a/b", config)).toEqual([]);
    expect(await workers.put("a/b c", config)).toBe(true);
    for (const action of ["restart", "pause", "resume", "delete"] as const) await workers.act("a/b", action);
    expect(asked).toEqual([
      'PUT /connector-plugins/org.A/config/validate {"connector.class":"org.A","topics":"t","name":"a/b"}',
      'PUT /connectors/a%2Fb%20c/config {"connector.class":"org.A","topics":"t"}',
      "POST /connectors/a%2Fb/restart?includeTasks=true&onlyFailed=false",
      "PUT /connectors/a%2Fb/pause",
      "PUT /connectors/a%2Fb/resume",
      "DELETE /connectors/a%2Fb",
    ]);
  });

  test("what is wrong with settings, also where a connector leaves holes in what it says", async () => {
    const { address } = await worker(200, {
      configs: [
        { value: { name: "topics", errors: ["missing"] } },
        { value: { name: "x", errors: null } },
        { definition: {}, value: null },
        { value: { name: "y", errors: [null] } },
      ],
    });
    expect(await workersAt([address], never).validate("a", { "connector.class": "A" })).toEqual([
      { setting: "topics", why: "missing" },
      { setting: "y", why: "it is not taken" },
    ]);
  });

  test("another one, where the first does not answer", async () => {
    const { address } = await worker(200, [
      { class: "B", type: "sink", version: null },
      { class: "C", type: "converter" },
    ]);
    expect(await workersAt([nobody, address], never).classes()).toEqual(["B"]);
  });

  test("to wait, while they share out their tasks", async () => {
    const { address } = await worker(409, { error_code: 409, message: "Cannot complete request" });
    const workers = workersAt([address], never);
    expect([await workers.all(), await workers.put("a", {}), await workers.act("a", "pause")]).toEqual([
      null,
      false,
      false,
    ]);
  });

  test("connectors, in the order of their names; of one that is just being deleted nothing", async () => {
    const status = {
      connector: { state: "RUNNING", worker_id: "w:1" },
      tasks: [
        { id: 1, state: "FAILED", worker_id: "w:2", trace: "no" },
        { id: 0, state: "RUNNING", worker_id: "w:1" },
      ],
    };
    const { address } = await worker(200, {
      b: { info: { name: "b", config: { x: null }, type: "sink" }, status },
      a: { info: { name: "a", config: { x: "1" }, type: null }, status: { ...status, tasks: [] } },
      c: { status },
    });
    const own = { state: "RUNNING", worker: "w:1", trace: null };
    expect(await workersAt([address], never).all()).toEqual([
      { name: "a", type: "unknown", config: { x: "1" }, ...own, tasks: [] },
      {
        name: "b",
        type: "sink",
        config: { x: "" },
        ...own,
        tasks: [
          { id: 0, ...own },
          { id: 1, state: "FAILED", worker: "w:2", trace: "no" },
        ],
      },
    ]);
  });
});

describe("what goes wrong is told", () => {
  test("that nobody answers, and why", async () => {
    await expect(workersAt([nobody], never).all()).rejects.toMatchObject({
      faults: [
        {
          code: "connect-unreachable",
          what: "no Connect worker answers",
          fix: "`kctl status` says which of them run; `kctl up` starts those that do not",
          detail: "127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1",
        },
      ],
    });
  });

  test("with what the worker says", async () => {
    const { address } = await worker(500, { error_code: 500, message: "Request timed out" });
    await expect(workersAt([address], never).put("a", {})).rejects.toMatchObject({
      faults: [{ code: "connect-refused", what: "the Connect worker answers with HTTP 500: Request timed out" }],
    });
  });

  test("that it is something else that answers", async () => {
    const { address } = await worker(200, "<html>It works!</html>");
    const at = `127.0.0.1:${address.port}`;
    await expect(workersAt([address], never).classes()).rejects.toMatchObject({
      faults: [{ code: "connect-refused", where: at, what: `${at} does not answer as a Connect worker does` }],
    });
  });
});

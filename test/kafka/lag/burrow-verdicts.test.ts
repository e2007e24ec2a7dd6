/** What Burrow's HTTP API answers, as its wiki has it, and what is made of it; answers that are not Burrow's. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Cluster, Member } from "../../../src/cluster/cluster.ts";
import type { Address } from "../../../src/kafka/address.ts";
import { burrowVerdicts } from "../../../src/kafka/lag/burrow-verdicts.ts";
import { askBurrow } from "../../../src/operations/ask-burrow.ts";

const never = new AbortController().signal;
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

type Answer = readonly [status: number, body: unknown];

/** It never answers that. */
const silent = 0;

/** What is not named it answers as Burrow does. */
async function burrow(answers: Readonly<Record<string, Answer>>): Promise<{ at: Address; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    asked.push(url);
    const [status, body] = answers[url] ?? [404, { error: true, message: "invalid request type", result: {} }];
    if (status !== silent) response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { at: { host: "127.0.0.1", port: (server.address() as AddressInfo).port }, asked };
}

const consumers = "/v3/kafka/demo/consumer";
const listed = (...names: readonly string[]): Answer => [
  200,
  { error: false, message: "consumer list returned", consumers: names, request: { url: consumers, host: "h" } },
];
const commit = { offset: 3, timestamp: 1511780580382, lag: 7 };
const judged = (...statuses: readonly string[]): Answer => [
  200,
  {
    error: false,
    message: "consumer status returned",
    status: {
      cluster: "demo",
      group: "g",
      status: "ERR",
      complete: 0.75,
      maxlag: null,
      totallag: 7,
      partition_count: 2,
      partitions: statuses.map((status, partition) => ({
        topic: "orders",
        partition,
        status,
        owner: "",
        client_id: "",
        current_lag: 7,
        complete: 1,
        start: commit,
        end: commit,
      })),
    },
  },
];
const notFound: Answer = [
  404,
  { error: false, message: "consumer status returned", status: { status: "NOTFOUND", complete: 1, partitions: [] } },
];

test("a group that it cannot tell of hides no other", async () => {
  const { at } = await burrow({
    [consumers]: listed("g", "h"),
    [`${consumers}/g/lag`]: [500, "trouble"],
    [`${consumers}/h/lag`]: judged("OK"),
  });
  expect([...(await burrowVerdicts(at, "demo", ["g", "h"], never)).keys()]).toEqual(["h"]);
  await expect(burrowVerdicts(at, "demo", ["g"], never)).rejects.toThrow("answers with HTTP 500");
});

test("once it keeps one question waiting, it is asked no further", async () => {
  const groups = Array.from({ length: 40 }, (_, index) => `g${index}`);
  const answers = groups.map((group): [string, Answer] => [`${consumers}/${group}/lag`, [silent, null]]);
  const { at, asked } = await burrow({ [consumers]: listed(...groups), ...Object.fromEntries(answers) });
  await expect(burrowVerdicts(at, "demo", groups, never, 300)).rejects.toThrow(
    /^Burrow at .* gives no answer in time$/,
  );
  const before = asked.length;
  expect(before).toBeLessThan(20);
  await expect(burrowVerdicts(at, "other", groups, never)).rejects.toThrow("does not know the cluster");
  expect(asked.length).toBe(before + 1);
});

test("statuses of partitions, of the groups that it knows; one that kctl does not know is left out", async () => {
  const { at, asked } = await burrow({
    [consumers]: listed("g", "a b?c", "gone", "others"),
    [`${consumers}/g/lag`]: judged("OK", "WARN", "STOP", "STALL", "REWIND", "ERRATIC"),
    [`${consumers}/a%20b%3Fc/lag`]: judged(),
    [`${consumers}/gone/lag`]: notFound,
  });
  const verdicts = await burrowVerdicts(at, "demo", ["g", "a b?c", "gone", "unheard"], never);
  const partitions = ["OK", "WARN", "STOP", "STALL", "REWIND"].map((status, index) => [`orders ${index}`, status]);
  expect([...verdicts].map(([group, { complete, partitions: its }]) => [group, complete, [...its]])).toEqual([
    ["g", 0.75, partitions],
    ["a b?c", 0.75, []],
  ]);
  expect(asked.toSorted()).toEqual([consumers, ...["a%20b%3Fc", "g", "gone"].map((one) => `${consumers}/${one}/lag`)]);
});

test("a Go program writes a list of nothing as null", async () => {
  const { at } = await burrow({ [consumers]: [200, { error: false, consumers: null }] });
  expect(await burrowVerdicts(at, "demo", ["g"], never)).toEqual(new Map());
});

describe("nothing is believed of one", () => {
  test.each<[what: string, answers: Readonly<Record<string, Answer>>, why: string]>([
    ["that does not know the cluster", {}, "does not know the cluster demo"],
    ["that fails", { [consumers]: [500, ""] }, "answers with HTTP 500"],
    ["that is a page of something else", { [consumers]: [200, "<html>"] }, "is no Burrow that kctl knows"],
    [
      "that fails for a group",
      { [consumers]: listed("g"), [`${consumers}/g/lag`]: [503, ""] },
      "answers with HTTP 503",
    ],
    [
      "that tells a group otherwise",
      { [consumers]: listed("g"), [`${consumers}/g/lag`]: [200, { status: "OK" }] },
      "is no Burrow that kctl knows",
    ],
  ])("%s", async (_, answers, why) => {
    const { at } = await burrow(answers);
    await expect(burrowVerdicts(at, "demo", ["g"], never)).rejects.toThrow(why);
  });
});

const clusterOf = (...at: readonly Address[]) => {
  const members = at.map(({ host, port }, index) => ({
    role: "burrow",
    node: `watch-${index + 1}`,
    address: host,
    ports: { http: port },
  }));
  return { name: "demo", cluster: { members: members as unknown as readonly Member[] } as Cluster };
};

describe("of several", () => {
  const nobody: Address = { host: "127.0.0.1", port: 1 };

  test("the first that answers is asked", async () => {
    const first = await burrow({ [consumers]: listed("g"), [`${consumers}/g/lag`]: judged("STALL") });
    const second = await burrow({});
    const { verdicts, warnings } = await askBurrow(clusterOf(nobody, first.at, second.at), ["g"], never);
    expect({ known: [...verdicts.keys()], warnings, asked: second.asked }).toEqual({
      known: ["g"],
      warnings: [],
      asked: [],
    });
  });

  test("none that answers is a warning that names each", async () => {
    const strange = await burrow({});
    const { verdicts, warnings } = await askBurrow(clusterOf(nobody, strange.at), ["g"], never);
    const at = `127.0.0.1:${strange.at.port}`;
    expect(verdicts.size).toBe(0);
    expect(warnings).toMatchObject([
      {
        code: "burrow-unreachable",
        what: `the Burrow of demo tells nothing, so its groups are judged by what kctl sees: watch-1: connection refused; watch-2: Burrow at ${at} does not know the cluster demo`,
      },
    ]);
  });

  test("without any, and without groups, nobody is asked", async () => {
    expect(await askBurrow(clusterOf(), ["g"], never)).toEqual({ verdicts: new Map(), warnings: [] });
    expect(await askBurrow(clusterOf(nobody), [], never)).toEqual({ verdicts: new Map(), warnings: [] });
  });
});

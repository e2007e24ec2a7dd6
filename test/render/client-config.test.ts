/** Settings for clients, in every form, as they are printed; and which servers are named to begin with. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { bootstrapAmong, clientFormats, type Client } from "../../src/render/client-config/client.ts";
import { renderClient } from "../../src/render/client-config/render.ts";

const golden = join(import.meta.dirname, "../golden/clients");
const three: Client = {
  cluster: "demo",
  kafkaVersion: "4.3.1",
  bootstrap: ["10.0.0.11:9092", "10.0.0.12:9092", "10.0.0.13:9092"],
  group: "billing",
};

test.each(clientFormats)("%s", async (format) => {
  await expect(renderClient(format, three)).toMatchFileSnapshot(join(golden, `4.3.1-${format}.txt`));
});

test.each(["properties", "gradle"] as const)("%s of brokers that take every client", async (format) => {
  const one: Client = { ...three, kafkaVersion: "3.9.1", bootstrap: ["127.0.0.1:9092"] };
  await expect(renderClient(format, one)).toMatchFileSnapshot(join(golden, `3.9.1-${format}.txt`));
});

test("a name with two dashes is no end of a comment", () => {
  const [first] = renderClient("maven", { ...three, cluster: "a--b---c" }).split("\n");
  expect(first).toBe("<!-- Clients of a- -b- - -c, whose brokers are Kafka 4.3.1. -->");
});

test("what is YAML is read as such", () => {
  expect(parse(renderClient("spring", three))).toMatchObject({
    spring: {
      kafka: {
        "bootstrap-servers": three.bootstrap,
        producer: { acks: "all", properties: { "enable.idempotence": true } },
        consumer: { "group-id": "billing", "auto-offset-reset": "earliest", "enable-auto-commit": false },
      },
    },
  });
});

describe("servers to begin with", () => {
  const broker = (host: string, rack: string | null = null) => ({ host, port: 9092, rack });

  test.each([
    ["the only one", [broker("a")], ["a:9092"]],
    ["both of two", [broker("a"), broker("b")], ["a:9092", "b:9092"]],
    ["three of many", ["a", "b", "c", "d"].map((host) => broker(host)), ["a:9092", "b:9092", "c:9092"]],
    [
      "one of each rack first",
      [broker("a", "x"), broker("b", "x"), broker("c", "x"), broker("d", "y"), broker("e", "z")],
      ["a:9092", "d:9092", "e:9092"],
    ],
    ["an address of IPv6 in brackets", [broker("fd00::1")], ["[fd00::1]:9092"]],
  ])("%s", (_, brokers, wanted) => {
    expect(bootstrapAmong(brokers)).toEqual(wanted);
  });
});

import { describe, expect, test } from "vitest";
import { connectorChanges, shownSetting, type WantedConnector } from "../../src/plan/connector-difference.ts";

const reference = (digest: string): string => `\${kctl:/data/secrets/a.properties:x.password.${digest}}`;
const one = (config: Record<string, string>, name = "a"): WantedConnector => ({ name, config });

describe("what differs", () => {
  test.each<[string, readonly WantedConnector[], readonly WantedConnector[], readonly string[]]>([
    ["nothing, where the worker added the name", [one({ topics: "t" })], [one({ topics: "t", name: "a" })], []],
    ["those that the spec does not have are left alone", [], [one({ topics: "t" })], []],
    ["one that is not there", [one({ topics: "t" })], [one({}, "b")], ["create connector a", "+topics=t"]],
    [
      "settings that are other, new and gone, in their order",
      [one({ a: "1", b: "2" })],
      [one({ b: "3", c: "4", name: "a" })],
      ["update connector a", "+a=1", "-b=3", "+b=2", "-c=4"],
    ],
    [
      "a secret that is another",
      [one({ "x.password": reference("0123456789ab") })],
      [one({ "x.password": reference("ba9876543210") })],
      ["update connector a", "-x.password=(secret ba9876543210)", "+x.password=(secret 0123456789ab)"],
    ],
    [
      "a secret that was plain text, whatever its name",
      [one({ user: reference("0123456789ab") })],
      [one({ user: "hunter2" })],
      ["update connector a", "-user=(hidden)", "+user=(secret 0123456789ab)"],
    ],
    [
      "what its name says is secret",
      [one({ "ssl.key.password": "new", "sasl.jaas.config": "x" })],
      [one({ "ssl.key.password": "old" })],
      ["update connector a", "+sasl.jaas.config=(hidden)", "-ssl.key.password=(hidden)", "+ssl.key.password=(hidden)"],
    ],
  ])("%s", (_, wanted, seen, expected) => {
    expect(connectorChanges(wanted, seen).flatMap(({ title, diff }) => [title, ...diff])).toEqual(expected);
  });
});

test("a reference to somebody else's provider is no secret itself", () => {
  expect(shownSetting("x.password", "${vault:x:y}")).toBe("${vault:x:y}");
});

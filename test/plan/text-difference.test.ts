/** Which keys of the spec a difference of two files is put down to: those that changed, and no other. */
import { expect, test } from "vitest";
import { differenceLines, reasons } from "../../src/plan/text-difference.ts";
import type { Origin } from "../../src/services/desired.ts";

const port: readonly Origin[] = [
  { field: "provider.port", reads: { kind: "number", of: "A:([0-9]+)", plus: 1 } },
  { field: "kafka.clients.port", reads: { kind: "number", of: "B:([0-9]+)", less: "A:([0-9]+)", plus: 9091 } },
];
const origins = {
  copies: [{ field: "nodes", reads: { kind: "value" } }],
  peers: [{ field: "nodes", reads: { kind: "items" } }],
  "server.2": [{ field: "nodes", reads: { kind: "presence" } }],
  "-cp": [{ field: "zookeeper.version", reads: { kind: "part", of: "zookeeper-([0-9.]+)" } }],
  ports: port,
} satisfies Record<string, readonly Origin[]>;

const cases: readonly (readonly [
  string,
  string,
  string,
  readonly (readonly [string, string | null, string | null])[],
])[] = [
  ["a line of kctl's own that no key decides", "own=1\n", "own=2\n", []],
  [
    "one of two tables that have the same key",
    '# burrow.clusters\n[a]\nservers=["x"]\n[b]\nservers=["y"]\n',
    '# burrow.clusters\n[a]\nservers=["z"]\n[b]\nservers=["y"]\n',
    [["burrow.clusters", '["x"]', '["z"]']],
  ],
  ["a setting", "# kafka.config\na=1\n", "# kafka.config\na=2\n", [["kafka.config.a", "1", "2"]]],
  ["a setting that went away", "# kafka.config\na=1\nb=1\n", "# kafka.config\nb=1\n", [["kafka.config.a", "1", null]]],
  [
    "a setting over one of kctl's own",
    "copies=3\n",
    "# kafka.config\ncopies=1\n",
    [["kafka.config.copies", null, "1"]],
  ],
  ["kctl's own again", "# kafka.config\ncopies=1\n", "copies=3\n", [["kafka.config.copies", "1", null]]],
  ["a node's over the cluster's", "# kafka.config\na=1\n", "# nodes.config\na=2\n", [["nodes.config.a", null, "2"]]],
  ["the cluster's again", "# controller.config\na=1\n", "# kafka.config\na=2\n", [["controller.config.a", "1", null]]],
  ["a node's heap taken back", "# nodes.heap\n-Xms9m\n-Xmx9m\n", "-Xms5m\n-Xmx5m\n", [["nodes.heap", "-Xmx9m", null]]],
  [
    "a name that is escaped",
    "# kafka.config\na\\:b=1\n",
    "# kafka.config\na\\:b=2\n",
    [["kafka.config.a:b", "1", "2"]],
  ],
  ["flags", "# kafka.jvm\n-Da=1\n", '# kafka.jvm\n"-Da=x y"\n-XX:+Z\n', [["kafka.jvm", "1", "x y -XX:+Z"]]],
  ["more brokers", "copies=1\npeers=a,b\n", "copies=3\npeers=a,b,c\n", [["nodes", "1", "3"]]],
  ["peers that moved", "peers=a,b\nserver.2=x:1\n", "peers=c,d\nserver.2=x:2\n", []],
  ["a peer more", "peers=a\n", "peers=a\nserver.2=x:1\n", [["nodes", null, "server.2"]]],
  ["all ports moved", "ports=A:10,B:11\n", "ports=A:20,B:21\n", [["provider.port", "11", "21"]]],
  ["one port moved", "ports=A:10,B:11\n", "ports=A:10,B:31\n", [["kafka.clients.port", "9092", "9112"]]],
  ["another cache", "-cp\n/a/zookeeper-3.8.4/lib/*\n", "-cp\n/b/zookeeper-3.8.4/lib/*\n", []],
  ["a version", "-cp\n/a/kafka/libs/*\n", "-cp\n/a/zookeeper-3.8.4/lib/*\n", [["zookeeper.version", null, "3.8.4"]]],
];

test.each(cases)("%s", (_, before, after, expected) => {
  expect(reasons(before, after, origins)).toEqual(expected.map(([field, from, to]) => ({ field, from, to })));
});

test("the comments that name sections are not shown", () => {
  expect(differenceLines("# c\na=1\n", "# d\na=1\n# kafka.config\nb=2\n")).toEqual(["- # c", "+ # d", "+ b=2"]);
});

/** What is at fault, from what a client met: a row a fault, with its words and its way out. */
import { isIP } from "node:net";
import { describe, expect, test } from "vitest";
import type { ClientListener } from "../../../src/cluster/client-listeners.ts";
import { judge, type RuleForClients } from "../../../src/operations/doctor/judge.ts";
import type { Probed } from "../../../src/operations/doctor/probe.ts";
import type { Speaker } from "../../../src/operations/doctor/speaker.ts";

const one = { node: "kafka-1", id: 1, rack: null, host: "10.0.0.1", port: 9092, behind: "10.0.0.1" };
const two = { node: "kafka-2", id: 2, rack: null, host: "10.0.0.2", port: 9092, behind: "10.0.0.2" };
const both: ClientListener = { name: "clients", advertise: "address", brokers: [one, two] };
const outside: ClientListener = { name: "external", advertise: "public", brokers: [one, two] };
const named: ClientListener = { ...both, advertise: "name", brokers: [{ ...one, host: "kafka-1" }, two] };
const far: ClientListener = { ...both, brokers: [{ ...one, host: "198.51.100.1", behind: "198.51.100.1" }, two] };

const told = [
  { id: 1, host: "10.0.0.1", port: 9092 },
  { id: 2, host: "10.0.0.2", port: 9092 },
];

const works: Probed = {
  name: { addresses: ["10.0.0.1"], why: null, ms: 0 },
  connection: { from: "10.0.0.9", trouble: null, ms: 1 },
  kafka: { why: null, speaker: "kafka", ms: 2 },
  told: { brokers: told, self: "itself" },
};
const unnamed: Probed = {
  name: { addresses: [], why: "its name cannot be resolved", ms: 3 },
  connection: null,
  kafka: null,
  told: null,
};
const elsewhere = { addresses: ["127.0.0.1"], why: null, ms: 0 };

type Kind = "refused" | "silent" | "no-route" | "forbidden" | "other";

function cut(kind: Kind, why: string, name = works.name): Probed {
  return { name, connection: { from: null, trouble: { kind, why }, ms: 1 }, kafka: null, told: null };
}

function deaf(speaker: Speaker, why = "it closed the connection without an answer"): Probed {
  return { ...works, kafka: { why, speaker, ms: 1 }, told: null };
}

function tells(brokers: typeof told, self: "itself" | { other: number | null } = "itself"): Probed {
  return { ...works, told: { brokers, self } };
}

/** An address is its own name. */
function called(host: string, probed: Probed): Probed {
  return isIP(host) === 0 ? probed : { ...probed, name: { ...probed.name, addresses: [host] } };
}

const inGroup: RuleForClients = { group: "kctl-demo", key: "provider.access.clients", from: [] };

/** Of the first broker; the second works, unless it is said what it is like. */
function found(listener: ClientListener, first: Probed, rule: RuleForClients | null = null, other?: Probed) {
  const [a, b] = listener.brokers;
  const second = other ?? tells(listener.brokers.map(({ id, host, port }) => ({ id, host, port })));
  const strange = new Map([
    ["192.0.2.1:9092", cut("silent", "no answer in 5 s")],
    ["far.example:9092", unnamed],
    ["10.9.9.9:9092", works],
  ]);
  return judge(
    listener,
    new Map([...strange, [`${a?.host}:${a?.port}`, called(a?.host ?? "", first)], [`${b?.host}:${b?.port}`, second]]),
    rule,
  );
}

test("where everything works nothing is at fault", () => {
  const { ok, faults, brokers } = found(both, works);
  expect({ ok, faults }).toEqual({ ok: true, faults: [] });
  expect(brokers.map(({ node, id, address }) => [node, id, address])).toEqual([
    ["kafka-1", 1, "10.0.0.1:9092"],
    ["kafka-2", 2, "10.0.0.2:9092"],
  ]);
  expect(brokers[0]?.steps).toEqual([
    { step: "name", ok: true, detail: "10.0.0.1", ms: 0 },
    { step: "connect", ok: true, detail: "from 10.0.0.9", ms: 1 },
    { step: "kafka", ok: true, detail: "it answers", ms: 2 },
    { step: "told", ok: true, detail: "1 at 10.0.0.1:9092, 2 at 10.0.0.2:9092", ms: 0 },
  ]);
});

describe("at fault is", () => {
  test.each<readonly [string, ReturnType<typeof found>, string, string]>([
    [
      "a name of a node",
      found(named, unnamed),
      "brokers tell clients of `clients` the name kafka-1, and this machine does not know it: its name cannot be resolved",
      "write what `kctl hosts` prints into /etc/hosts here, or let brokers tell an address (`kafka.clients.advertise`)",
    ],
    [
      "a name of DNS",
      found({ ...outside, brokers: [{ ...one, host: "k1.example" }, two] }, unnamed),
      "brokers tell clients of `external` the name k1.example, and this machine does not know it: its name cannot be resolved",
      "see that the DNS that this machine asks knows k1.example, or write the IP address into the spec",
    ],
    [
      "a stale line in /etc/hosts",
      found(named, cut("refused", "connection refused", elsewhere)),
      "kafka-1 is 127.0.0.1 here, and 10.0.0.1 in the spec: clients of `clients` are led elsewhere",
      "mend the line of kafka-1 in /etc/hosts here: `kctl hosts` prints it",
    ],
    [
      "a server that does not run",
      found(both, cut("refused", "connection refused")),
      "nothing listens where clients of `clients` are sent: the broker does not run, or not with this listener",
      "`kctl status` shows whether it runs; `kctl up` starts it, with the listeners of the spec",
    ],
    [
      "a firewall",
      found(both, cut("silent", "no answer in 5 s")),
      "no answer in 5 s where clients of `clients` are sent: the machine is off, or a rule on the way drops it",
      "let TCP from here to port 9092 through: on kafka-1 itself (nftables, firewalld, ufw), and in the network",
    ],
    [
      "a security group's rule, from outside the VPC",
      found(both, cut("silent", "no answer in 5 s"), { ...inGroup, from: ["10.0.0.0/8"] }),
      "no answer in 5 s where clients of `clients` are sent: the machine is off, or a rule on the way drops it",
      "the security group kctl-demo lets only 10.0.0.0/8 and the cluster's own machines come to port 9092: add this machine's address to `provider.access.clients` and run `kctl up`; 10.0.0.1 is an address inside the VPC, for clients elsewhere there is the listener `kafka.external`",
    ],
    [
      "the rule of the listener for clients outside",
      found({ ...outside, brokers: far.brokers }, cut("silent", "no answer in 5 s"), {
        ...inGroup,
        key: "kafka.external.from",
      }),
      "no answer in 5 s where clients of `external` are sent: the machine is off, or a rule on the way drops it",
      "the security group kctl-demo lets nobody come to port 9092: add this machine's address to `kafka.external.from` and run `kctl up`",
    ],
    [
      "a route to a private network",
      found(both, cut("no-route", "there is no route to it")),
      "clients of `clients` cannot get there from here: there is no route to it",
      "10.0.0.1 is a private address of kafka-1's network: the listener `kafka.external` is for clients outside; or give this machine a way there (a VPN, a route)",
    ],
    [
      "a route to a public network",
      found(far, cut("no-route", "there is no route to it")),
      "clients of `clients` cannot get there from here: there is no route to it",
      "see that kafka-1 is up and that its network is reached from here (`kafka.clients.advertise` says what clients are told)",
    ],
    [
      "a firewall of this machine",
      found(both, cut("forbidden", "a firewall of this machine forbids it")),
      "clients of `clients` may not go there from here: a firewall of this machine forbids it",
      "let TCP to port 9092 out, here",
    ],
    [
      "something else of the network",
      found(both, cut("other", "the connection was cut")),
      "clients of `clients` get no connection: the connection was cut",
      "see the network between here and there",
    ],
    [
      "a broker that hangs",
      found(both, deaf("silent")),
      "it takes connections and gives no answer: the broker hangs, or something else has the port",
      "`kctl restart kafka-1` restarts a broker that hangs; `ss -ltnp` there shows who has port 9092",
    ],
    [
      "one that closes the connection",
      found(both, deaf("closed")),
      "it takes connections and does not serve: it closed the connection without an answer",
      "it may be starting, or end soon: `kctl status`, `kctl logs kafka-1`; `ss -ltnp` there shows who has port 9092",
    ],
    ...(
      [
        ["http", "a web server, or a proxy on the way, answers"],
        ["tls", "something that speaks TLS answers, and this listener is without"],
        ["ssh", "an SSH server answers"],
        ["other", "something that is not Kafka answers"],
      ] as const
    ).map(
      ([speaker, who]) =>
        [
          `what speaks ${speaker}`,
          found(both, deaf(speaker)),
          `${who} in the place of the broker`,
          "end what has port 9092 there (`ss -ltnp` shows it) or move the listener, then `kctl up`",
        ] as const,
    ),
    [
      "whatever stands for the address",
      found(both, tells(told, { other: 2 })),
      "broker 2 answers where clients are told to find broker 1",
      "see what stands for that address on the way: a port forward, a load balancer, or an address that two machines have",
    ],
  ])("%s", (_, { ok, faults, brokers }, what, fix) => {
    expect(ok).toBe(false);
    expect(brokers[0]?.ok).toBe(false);
    expect(brokers[1]?.ok).toBe(true);
    expect(faults.map((fault) => [fault.code, fault.node, fault.what, fault.fix])).toEqual([
      ["listener-unusable", "kafka-1", what, fix],
    ]);
  });
});

describe("addresses that brokers tell", () => {
  const second = told.slice(1);

  test("one that nobody tells of", () => {
    const { faults } = found(both, tells(second), null, tells(second));
    expect(faults.map(({ node, what }) => [node, what])).toEqual([
      ["kafka-1", "it serves, and no broker tells clients of `clients` of it: they are told 10.0.0.2:9092"],
    ]);
  });

  test.each([
    ["that works", "10.9.9.9", ""],
    ["that is not reached", "192.0.2.1", ", and cannot be used from here: no answer in 5 s"],
    ["whose name is unknown", "far.example", ", and cannot be used from here: its name cannot be resolved"],
  ])("one that the spec does not have, %s", (_, host, more) => {
    const met = tells([{ id: 1, host, port: 9092 }, ...second]);
    const { ok, faults, brokers } = found(both, met, null, met);
    expect(ok).toBe(false);
    expect(faults.map(({ where, what }) => [where, what])).toEqual([
      [`${host}:9092`, `broker 1 tells clients of \`clients\` to come here, which the spec does not${more}`],
    ]);
    expect(brokers.map(({ node, id, ok: its }) => [node, id, its])).toEqual([
      ["kafka-1", null, false],
      ["kafka-2", 2, true],
      [null, 1, false],
    ]);
  });
});

test("a name that leads elsewhere and works all the same is no fault", () => {
  const met: Probed = { ...tells([{ id: 1, host: "kafka-1", port: 9092 }, ...told.slice(1)]), name: elsewhere };
  expect(found(named, met, null, met)).toMatchObject({ ok: true, faults: [] });
});

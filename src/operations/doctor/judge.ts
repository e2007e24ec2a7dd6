/** From what a client met at each address of a listener to what is at fault: a listener, a name, a rule or a route. Pure. */
import { isIP } from "node:net";
import type { ClientListener, ListenerName, ToldBroker } from "../../cluster/client-listeners.ts";
import type { Fault } from "../../fault.ts";
import { addressText } from "../../kafka/address.ts";
import type { Probed, ToldAddress, Trouble } from "./probe.ts";
import type { Speaker } from "./speaker.ts";

export type StepName = "name" | "connect" | "kafka" | "told";

/** `ok` is null where it was not come to. */
export type Step = {
  readonly step: StepName;
  readonly ok: boolean | null;
  readonly detail: string;
  readonly ms: number;
};

export type JudgedBroker = {
  /** null: the spec has no such address, and brokers tell it nonetheless. */
  readonly node: string | null;
  readonly address: string;
  /** As Kafka tells it; null: it does not. */
  readonly id: number | null;
  readonly ok: boolean;
  readonly steps: readonly Step[];
};

export type JudgedListener = {
  readonly name: ListenerName;
  readonly advertise: ClientListener["advertise"];
  readonly ok: boolean;
  readonly brokers: readonly JudgedBroker[];
  readonly faults: readonly Fault[];
};

/** What was met at each address, by its text. */
export type Met = ReadonlyMap<string, Probed>;

/** The rule of the security group that lets a listener's clients in, as the spec has it. */
export type RuleForClients = {
  readonly group: string;
  /** The key of the spec that has the ranges. */
  readonly key: string;
  readonly from: readonly string[];
};

/** @param rule null: no security group of kctl's stands before the machines */
export function judge(listener: ClientListener, met: Met, rule: RuleForClients | null): JudgedListener {
  const told = toldAnywhere(listener, met);
  const expected = listener.brokers.map((broker) => judgeBroker(broker, { listener, met, told, rule }));
  const strange = strangeAddresses(listener, met).map((one) => judgeStrange(one, listener, met));
  const all = [...expected, ...strange];
  return {
    name: listener.name,
    advertise: listener.advertise,
    ok: all.every(({ broker }) => broker.ok),
    brokers: all.map(({ broker }) => broker),
    faults: all.flatMap(({ fault }) => fault ?? []),
  };
}

type Judged = { readonly broker: JudgedBroker; readonly fault: Fault | null };

type Around = {
  readonly listener: ClientListener;
  readonly met: Met;
  readonly told: readonly ToldAddress[];
  readonly rule: RuleForClients | null;
};

/** Every address that any of the listener's brokers tells clients. */
function toldAnywhere({ brokers }: ClientListener, met: Met): readonly ToldAddress[] {
  const all = brokers.flatMap((broker) => met.get(addressText(broker))?.told?.brokers ?? []);
  return [...new Map(all.map((one) => [`${one.id} ${addressText(one)}`, one])).values()];
}

/** Those that brokers tell and the spec does not have: clients go there all the same. */
export function strangeAddresses(listener: ClientListener, met: Met): readonly ToldAddress[] {
  const known = new Set(listener.brokers.map(addressText));
  return toldAnywhere(listener, met).filter((one) => !known.has(addressText(one)));
}

function judgeBroker(broker: ToldBroker, around: Around): Judged {
  const address = addressText(broker);
  const probed = around.met.get(address);
  if (probed === undefined) throw new RangeError(`${address} was not probed`);
  const id = around.told.find((one) => addressText(one) === address)?.id ?? null;
  const found =
    nameFault(broker, probed, around) ??
    connectionFault(broker, probed, around) ??
    kafkaFault(broker, probed) ??
    toldFault(probed, id, around);
  const steps = stepsOf(probed, id);
  const ok = found === null && steps.every((step) => step.ok === true);
  return {
    broker: { node: broker.node, address, id, ok, steps },
    fault: found === null ? null : { code: "listener-unusable", node: broker.node, where: address, ...found },
  };
}

type Found = Pick<Fault, "what" | "fix">;

function keyOf({ name }: ClientListener): string {
  return `kafka.${name}.advertise`;
}

/** A name that leads elsewhere is only to blame where what is there does not do. */
function nameFault(broker: ToldBroker, { name, connection, kafka, told }: Probed, { listener }: Around): Found | null {
  const { host, behind } = broker;
  const byName = listener.advertise === "name";
  if (name.why !== null)
    return {
      what: `brokers tell clients of \`${listener.name}\` the name ${host}, and this machine does not know it: ${name.why}`,
      fix: byName
        ? `write what \`kctl hosts${outside(listener)}\` prints into /etc/hosts here, or let brokers tell an address (\`${keyOf(listener)}\`)`
        : `see that the DNS that this machine asks knows ${host}, or write the IP address into the spec`,
    };
  const works = connection?.trouble === null && kafka?.why === null && told?.self === "itself";
  if (works || isIP(behind) === 0 || name.addresses.includes(behind)) return null;
  return {
    what: `${host} is ${name.addresses.join(", ")} here, and ${behind} in the spec: clients of \`${listener.name}\` are led elsewhere`,
    fix: byName
      ? `mend the line of ${host} in /etc/hosts here: \`kctl hosts${outside(listener)}\` prints it`
      : `see what DNS says of ${host}`,
  };
}

function outside({ name }: ClientListener): string {
  return name === "external" ? " --external" : "";
}

function connectionFault(broker: ToldBroker, { connection }: Probed, around: Around): Found | null {
  const trouble = connection?.trouble ?? null;
  if (trouble === null) return null;
  const name = `\`${around.listener.name}\``;
  switch (trouble.kind) {
    case "refused":
      return {
        what: `nothing listens where clients of ${name} are sent: the broker does not run, or not with this listener`,
        fix: "`kctl status` shows whether it runs; `kctl up` starts it, with the listeners of the spec",
      };
    case "silent":
      return {
        what: `${trouble.why} where clients of ${name} are sent: the machine is off, or a rule on the way drops it`,
        fix: ruleFix(broker, around),
      };
    case "no-route":
      return { what: `clients of ${name} cannot get there from here: ${trouble.why}`, fix: routeFix(broker, around) };
    case "forbidden":
      return {
        what: `clients of ${name} may not go there from here: ${trouble.why}`,
        fix: `let TCP to port ${broker.port} out, here`,
      };
    case "other":
      return {
        what: `clients of ${name} get no connection: ${trouble.why}`,
        fix: "see the network between here and there",
      };
  }
}

function ruleFix(broker: ToldBroker, { listener, rule }: Around): string {
  const { node, port, behind } = broker;
  if (rule !== null) {
    const { group, key, from } = rule;
    const members = listener.name === "clients" ? ["the cluster's own machines"] : [];
    const who = [from.join(", "), ...members].filter((one) => one !== "").join(" and ");
    const inside = isPrivate(behind)
      ? `; ${behind} is an address inside the VPC, for clients elsewhere there is the listener \`kafka.external\``
      : "";
    return `the security group ${group} lets ${who === "" ? "nobody" : `only ${who}`} come to port ${port}: add this machine's address to \`${key}\` and run \`kctl up\`${inside}`;
  }
  return `let TCP from here to port ${port} through: on ${node} itself (nftables, firewalld, ufw), and in the network`;
}

function routeFix({ behind, node }: ToldBroker, { listener }: Around): string {
  const other = listener.name === "clients" ? "the listener `kafka.external` is for clients outside; or " : "";
  return isPrivate(behind)
    ? `${behind} is a private address of ${node}'s network: ${other}give this machine a way there (a VPN, a route)`
    : `see that ${node} is up and that its network is reached from here (\`${keyOf(listener)}\` says what clients are told)`;
}

/** RFC 1918 and RFC 4193. */
function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|f[cd][0-9a-f]{2}:)/i.test(address);
}

const speakers: Readonly<Record<Exclude<Speaker, "kafka" | "silent" | "closed">, string>> = {
  http: "a web server, or a proxy on the way, answers",
  tls: "something that speaks TLS answers, and this listener is without",
  ssh: "an SSH server answers",
  other: "something that is not Kafka answers",
};

function kafkaFault(broker: ToldBroker, { kafka }: Probed): Found | null {
  if (kafka === null || kafka.why === null) return null;
  const { node, port } = broker;
  switch (kafka.speaker) {
    case "silent":
      return {
        what: `it takes connections and gives no answer: the broker hangs, or something else has the port`,
        fix: `\`kctl restart ${node}\` restarts a broker that hangs; \`ss -ltnp\` there shows who has port ${port}`,
      };
    case "kafka":
    case "closed":
      return {
        what: `it takes connections and does not serve: ${kafka.why}`,
        fix: `it may be starting, or end soon: \`kctl status\`, \`kctl logs ${node}\`; \`ss -ltnp\` there shows who has port ${port}`,
      };
    default:
      return {
        what: `${speakers[kafka.speaker]} in the place of the broker`,
        fix: `end what has port ${port} there (\`ss -ltnp\` shows it) or move the listener, then \`kctl up\``,
      };
  }
}

/** Where brokers tell addresses that the spec does not have, those are what is told of. */
function toldFault({ told }: Probed, id: number | null, { listener, met }: Around): Found | null {
  if (told === null) return null;
  if (told.self !== "itself") {
    const other = told.self.other === null ? "another broker" : `broker ${told.self.other}`;
    return {
      what: `${other} answers where clients are told to find broker ${id ?? "?"}`,
      fix: "see what stands for that address on the way: a port forward, a load balancer, or an address that two machines have",
    };
  }
  if (id !== null || strangeAddresses(listener, met).length > 0) return null;
  const others = told.brokers.map(addressText).join(", ");
  return {
    what: `it serves, and no broker tells clients of \`${listener.name}\` of it: they are told ${others === "" ? "nothing" : others}`,
    fix: `it may just have started: \`kctl status\`; ${advertisedFix}`,
  };
}

const advertisedFix =
  "`kctl plan` shows what differs from the spec and `kctl up` mends it; an `advertised.listeners` that was set live counts more than the file: take it back with kafka-configs.sh --delete-config";

function judgeStrange(one: ToldAddress, listener: ClientListener, met: Met): Judged {
  const address = addressText(one);
  const probed = met.get(address);
  if (probed === undefined) throw new RangeError(`${address} was not probed`);
  const why = troubleOf(probed);
  const what = `broker ${one.id} tells clients of \`${listener.name}\` to come here, which the spec does not`;
  return {
    broker: { node: null, address, id: one.id, ok: false, steps: stepsOf(probed, one.id) },
    fault: {
      code: "listener-unusable",
      where: address,
      what: why === null ? what : `${what}, and cannot be used from here: ${why}`,
      fix: advertisedFix,
    },
  };
}

function troubleOf({ name, connection, kafka }: Probed): string | null {
  return name.why ?? connection?.trouble?.why ?? kafka?.why ?? null;
}

function stepsOf({ name, connection, kafka, told }: Probed, id: number | null): readonly Step[] {
  const trouble: Trouble | null = connection?.trouble ?? null;
  const notCome = (step: StepName): Step => ({ step, ok: null, detail: "not come to", ms: 0 });
  return [
    { step: "name", ok: name.why === null, detail: name.why ?? name.addresses.join(", "), ms: name.ms },
    connection === null
      ? notCome("connect")
      : {
          step: "connect",
          ok: trouble === null,
          detail: trouble === null ? `from ${connection.from ?? "here"}` : trouble.why,
          ms: connection.ms,
        },
    kafka === null
      ? notCome("kafka")
      : { step: "kafka", ok: kafka.why === null, detail: kafka.why ?? "it answers", ms: kafka.ms },
    told === null
      ? notCome("told")
      : {
          step: "told",
          ok: told.self === "itself" && id !== null,
          detail: told.brokers.map((one) => `${one.id} at ${addressText(one)}`).join(", "),
          ms: 0,
        },
  ];
}

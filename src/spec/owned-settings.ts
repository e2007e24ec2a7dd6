/** Settings and JVM flags that kctl writes itself, each with what to use instead. */

type Owned = readonly (readonly [pattern: RegExp, instead: string])[];

const takeOut = "take it out";

const ofBroker: Owned = [
  [/^(broker|node)\.id$/, "take it out: kctl gives each broker its id once and for all"],
  [/^(advertised\.)?listeners$/, "take it out; the clients' port is `kafka.clients.port`"],
  [
    /^(port|host\.name|advertised\.port|advertised\.host\.name)$/,
    "take it out; the clients' port is `kafka.clients.port`",
  ],
  [/^listener\.security\.protocol\.map$|^inter\.broker\.listener\.name$|^control\.plane\.listener\.name$/, takeOut],
  [/^security\.inter\.broker\.protocol$/, takeOut],
  [/^log\.dirs?$|^metadata\.log\.dir$/, "take it out: kctl gives each broker a data folder of its own"],
  [/^broker\.rack$/, "write `rack` at the node"],
  [/^zookeeper\.connect$/, "take it out: kctl lists the ZooKeeper servers of this spec"],
  [/^process\.roles$/, "write `roles` at the node"],
  [/^controller\.(listener\.names|quorum\.(voters|bootstrap\.servers))$/, takeOut],
  [/^(broker\.id\.generation\.enable|reserved\.broker\.max\.id)$/, "take it out: kctl gives each broker its id"],
];

const ofZookeeper: Owned = [
  [/^(secure)?clientPort(Address)?$/i, "take it out; on `local` all ports move along with `provider.port`"],
  [/^data(Log)?Dir$/i, "take it out: kctl gives each server a data folder of its own"],
  [/^server\.\d+$|^(group|weight)\.\d+$/, "take it out: kctl lists the servers of this spec"],
  [/^4lw\.commands\.whitelist$/, "take it out: kctl allows the commands that it asks with"],
  [
    /^admin\.(enableServer|serverPort|serverAddress)$/,
    "take it out: kctl turns the admin server off, since it would take port 8080",
  ],
  [/^(dynamicConfigFile|standaloneEnabled|reconfigEnabled|skipACL)$/i, takeOut],
];

const ofConnect: Owned = [
  [/^bootstrap\.servers$/, "take it out: kctl lists the brokers of this spec"],
  [/^group\.id$/, "take it out: kctl calls the workers' group `connect-` and the cluster's name"],
  [/^(config|offset|status)\.storage\.topic$/, "take it out: kctl calls Connect's topics by the cluster's name"],
  [
    /^(listeners|rest\.(host\.name|port|advertised\.(host\.name|port|listener)))$/,
    "take it out: workers listen on 8083; on `local` all ports move along with `provider.port`",
  ],
  [/^admin\.listeners$/, takeOut],
  [/^plugin\.path$/, "write `connect.plugins`"],
  [/^config\.providers\.kctl\./, takeOut],
];

const jvmFlags: Owned = [
  [/^-(Xmx|Xms|XX:MaxHeapSize=|XX:InitialHeapSize=)/, "write `heap`, such as `heap: 1GiB`"],
  [/^-Dkctl\./, "take it out"],
  [/^-D(log4j2?|logback)\.configuration(File)?=/, "take it out: kctl writes the logging settings"],
  [/^-Djava\.io\.tmpdir=/, "take it out: kctl gives each server a folder of its own"],
  [/^-(cp|classpath|-class-path|jar|m|-module)\b/, "take it out: kctl starts the servers' own classes"],
  [
    /^-(version|showversion|fullversion|help|\?|h|X|-version|-help|-dry-run|-list-modules)$/,
    "take it out: Java would print and end",
  ],
];

function insteadOf(owned: Owned, name: string): string | null {
  return owned.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

const ofRole = { broker: ofBroker, zookeeper: ofZookeeper, connect: ofConnect } as const;

/** Null for a setting that is the user's to make. */
export function insteadOfSetting(of: keyof typeof ofRole, name: string): string | null {
  return insteadOf(ofRole[of], name);
}

export function insteadOfFlag(flag: string): string | null {
  return insteadOf(jvmFlags, flag);
}

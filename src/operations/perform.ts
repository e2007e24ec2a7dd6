/** Makes one change of a plan true: the only place where a kind of change meets the thing that carries it out. */
import { isKnown } from "../cluster/known-after-up.ts";
import { KctlError } from "../fault.ts";
import type { Host } from "../hosts/host.ts";
import type { Change } from "../plan/change.ts";
import { gateState } from "../plan/gates.ts";
import { receiptText, type Receipt } from "../plan/receipt.ts";
import { withTopicId } from "../plan/topic-changes.ts";
import { mustStillHold } from "../providers/must-still-hold.ts";
import type { Lock, Provider } from "../providers/provider.ts";
import type { DesiredFile, DesiredFolder, DesiredProcess } from "../services/desired.ts";
import { service } from "../services/registry.ts";
import { changeKafka, type RecordTopic } from "./change-kafka.ts";
import { tryToMake } from "./class-archives.ts";
import type { Context } from "./context.ts";
import type { ExecuteOptions, Perform } from "./execute.ts";
import { serves } from "./probe.ts";
import { roll, type RollOptions } from "./roll.ts";
import { prefetchable } from "./prefetchable.ts";
import { setUpMachine } from "./set-up-machine.ts";
import { allAtOnce } from "./roll/steps.ts";
import { explained } from "./server-java.ts";
import { startService } from "./start-service.ts";
import type { Survey } from "./survey.ts";
import { waitUntil } from "./wait-until.ts";

/** Looks up what a change names; a plan names only what its own survey holds. */
function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RangeError(`the plan names ${what}, which is not wanted`);
  return value;
}

/** Machines of their own work side by side, however many they are. */
export function paceOf({ platform }: Pick<Provider, "platform">): Pick<ExecuteOptions, "isLight" | "perNode"> {
  return platform.machine === null ? {} : { isLight, perNode: true };
}

/** Small changes of machines, asked for together, go in one script to each. */
function isLight({ kind, ...change }: Change): boolean {
  if (kind === "folder" || kind === "file") return true;
  return "step" in change && !["software", "java", "volume"].includes(change.step.kind);
}

/** By node and path, since machines have file systems of their own; processes by their member's key. */
function wantedOf({ hosts }: Survey["desired"]): {
  readonly files: ReadonlyMap<string, DesiredFile>;
  readonly folders: ReadonlyMap<string, DesiredFolder>;
  readonly processes: ReadonlyMap<string, DesiredProcess>;
} {
  return {
    files: new Map(hosts.flatMap(({ node, files }) => files.map((file) => [`${node} ${file.path}`, file]))),
    folders: new Map(hosts.flatMap(({ node, folders }) => folders.map((folder) => [`${node} ${folder.path}`, folder]))),
    processes: new Map(hosts.flatMap((host) => host.processes.map((process) => [process.key, process]))),
  };
}

/** Servers that this run starts, by key: those whose start has begun, and those of them that were seen to serve. */
type Starts = { readonly begun: Set<string>; readonly serving: Set<string> };

async function noted(starts: Starts, { key }: DesiredProcess, start: () => Promise<unknown>): Promise<void> {
  starts.begun.add(key);
  await start();
  starts.serving.add(key);
}

/** How servers are restarted. */
type Rolling = Pick<RollOptions, "steps" | "watch">;

const carefully: Rolling = { steps: allAtOnce };

export function performer(survey: Survey, context: Context, lock: Lock, rolling = carefully): Perform {
  const { desired, hosts } = survey;
  const { files, folders, processes } = wantedOf(desired);
  const record = receiptWriter(survey);
  const hostOf = (change: Change): Host => must(hosts.get(change.node ?? ""), change.key);
  const starts: Starts = { begun: new Set(), serving: new Set() };

  return async (change, begun, failed) => {
    await mustStillHold(lock);
    mustBeKnown(change);
    switch (change.kind) {
      case "cloud":
        return inTheCloud(change, survey, context, begun);
      case "receipt":
        return record.write();
      case "artifact":
        return fetchArtifact(change, begun, survey, context);
      case "class-archive":
        await tryToMake(change.archive, { ...context, cache: survey.cache, java: survey.java }, begun);
        return;
      case "folder":
        return hostOf(change).makeFolder(must(folders.get(`${change.node} ${change.path}`), change.path));
      case "file":
        return hostOf(change).writeFile(must(files.get(`${change.node} ${change.path}`), change.path));
      case "machine":
        return setUpMachine(change, survey, context, { begun, record });
      case "storage": {
        const storage = must(
          desired.hosts.flatMap((host) => host.storage).find(({ member }) => member === change.member),
          change.member,
        );
        await hostOf(change).run(storage.argv, storage.folder, context.signal);
        return record.formatted(change.member);
      }
      case "process": {
        const process = must(processes.get(change.member), change.member);
        const options = { begun, hopeless: () => hopeless(process, survey, failed) };
        return noted(starts, process, () => startService(process, hostOf(change), context, options));
      }
      case "extra": {
        const { stopSeconds } = must(processes.get(change.member), change.member);
        return stopExtras(change, survey, hostOf(change), stopSeconds, context.signal);
      }
      case "voter":
      case "setting":
      case "topic":
      case "partitions":
      case "topic-settings":
        begun();
        return changeKafka(change, survey.cluster, survey.receipt.next.clusterId, record.topic, context);
      case "gate":
        begun();
        return gate(change, survey, context, { ...starts, failed });
      case "roll":
        begun();
        return roll(
          change.members.map((member) => must(processes.get(member), member)),
          survey,
          context,
          { ...rolling, lock, goOn: () => "the next `kctl up` goes on with them" },
        );
      case "reassignment":
      case "topic-deletion":
        // See topics/apply-topics.ts.
        throw new RangeError(`${change.key} is not for \`up\``);
      case "note":
        return;
    }
  };
}

async function inTheCloud(
  change: Extract<Change, { kind: "cloud" }>,
  survey: Survey,
  { emit }: Context,
  begun: () => void,
): Promise<void> {
  const { provider, cluster } = survey;
  const prefetch = change.step.kind === "instance" ? await prefetchable(survey, change.node) : [];
  const waiting = (what: string, seconds: number): void => emit({ type: "waiting", key: change.key, what, seconds });
  await provider.fleet?.carryOut(change, cluster, { begun, waiting, prefetch });
}

async function fetchArtifact(
  { artifact: { name, version }, key }: Extract<Change, { kind: "artifact" }>,
  begun: () => void,
  { cache, mirror, java, provider, desired }: Survey,
  { env, emit, signal }: Context,
): Promise<void> {
  const { fetchArtifact: archive, prepareArtifact } = await import("../artifacts/fetch.ts");
  // The plan has it as a reader may see it.
  const artifact = must(
    desired.artifacts.find((one) => one.name === name && one.version === version),
    key,
  );
  begun();
  // What is sent to other machines is not unpacked here.
  const get = provider.platform.machine === null ? prepareArtifact : archive;
  await get(artifact, { cache, mirror, env, emit, signal }).catch((error: unknown) => {
    throw explained(error, artifact, java);
  });
}

type ReceiptWriter = {
  readonly write: () => Promise<void>;
  readonly formatted: (member: string) => Promise<void>;
  readonly made: (node: string, what: readonly string[]) => Promise<void>;
  readonly notMade: (node: string, what: readonly string[]) => Promise<void>;
  readonly software: (node: string, folder: string) => Promise<void>;
  readonly topic: RecordTopic;
};

type RecordedMachine = NonNullable<Receipt["machines"]>[string];

/** Writes the receipt as it stands, one write after the other; what is recorded during one goes with the next, all of it. */
function receiptWriter({ provider, receipt }: Survey): ReceiptWriter {
  let current = receipt.next;
  const bumped = (one: Receipt): Receipt => (one.revision === undefined ? one : { ...one, revision: one.revision + 1 });
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  const writeAfter = async (former: Promise<void>): Promise<void> => {
    await former;
    next = null;
    await provider.writeReceipt(receiptText(current));
  };
  const write = (): Promise<void> => {
    next ??= writeAfter(writing);
    writing = next;
    return writing;
  };
  const ofMachine = (node: string, its: Partial<Pick<RecordedMachine, "made" | "software">>): Promise<void> => {
    const machine = current.machines?.[node];
    if (machine === undefined) return Promise.resolve();
    current = bumped({ ...current, machines: { ...current.machines, [node]: { ...machine, ...its } } });
    return write();
  };
  return {
    write,
    // Recorded at once: storage that is gone later is then known to have been there.
    formatted: (member) => {
      current = bumped({ ...current, formatted: [...new Set([...current.formatted, member])].toSorted() });
      return write();
    },
    made: (node, what) => {
      const made = current.machines?.[node]?.made ?? [];
      return what.length === 0
        ? Promise.resolve()
        : ofMachine(node, { made: [...new Set([...made, ...what])].toSorted() });
    },
    notMade: (node, what) => {
      const made = current.machines?.[node]?.made ?? [];
      const left = made.filter((one) => !what.includes(one));
      return left.length === made.length ? Promise.resolve() : ofMachine(node, { made: left });
    },
    software: (node, folder) => {
      const software = current.machines?.[node]?.software ?? [];
      return software.includes(folder) ? Promise.resolve() : ofMachine(node, { software: [...software, folder] });
    },
    topic: (name, id) => {
      current = bumped({ ...current, topics: withTopicId(current.topics, name, id) });
      return write();
    },
  };
}

async function stopExtras(
  { node, member }: Extract<Change, { kind: "extra" }>,
  { observed }: Survey,
  host: Host,
  graceSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const seen = observed.hosts[node ?? ""]?.processes[member];
  const extras = seen?.state === "running" ? (seen.extras ?? []) : [];
  await Promise.all(extras.map((extra) => host.stop(extra, graceSeconds, signal)));
}

/** Why a server can never serve: what it needs does not, or too many of its ensemble's peers failed to start. */
function hopeless(process: DesiredProcess, { cluster }: Survey, failed: ReadonlySet<string>): string | null {
  const peers = cluster.members.filter(({ role }) => role === process.role);
  const { needs, quorum, title } = service(process.role);
  const lacking = needs(cluster).find((role) => failed.has(`gate ${role}`));
  if (lacking !== undefined) return `too few ${service(lacking).title}s serve`;
  // Where every one counts for itself (brokers), the others' failure does not keep this one from serving.
  if (quorum(peers.length) === peers.length && peers.length > 1) return null;
  const left = peers.filter(({ key }) => !failed.has(`start ${key}`)).length;
  if (left >= quorum(peers.length)) return null;
  return `only ${left} of ${peers.length} ${title}s started, and ${quorum(peers.length)} are needed`;
}

async function gate(
  change: Extract<Change, { kind: "gate" }>,
  { desired, cluster }: Survey,
  context: Context,
  { begun, serving: started, failed }: Starts & { readonly failed: ReadonlySet<string> },
): Promise<void> {
  const { signal, emit, timeoutSeconds } = context;
  const wanted = new Set(change.members);
  const processes = desired.hosts.flatMap((host) => host.processes).filter(({ key }) => wanted.has(key));
  const role = service(cluster.members.find(({ key }) => wanted.has(key))?.role ?? "zookeeper");
  const tooFew = (why: string): KctlError =>
    new KctlError({
      code: "service-not-ready",
      what: `${change.enough} of ${change.members.length} ${role.title}s are needed to serve: ${why}`,
      fix: "mend the servers that failed, then run `kctl up` again: it goes on from here",
    });
  const all = role.quorum(change.members.length);
  let serving: ReadonlySet<string> = new Set();
  const ready = await waitUntil(
    async () => {
      const told = await Promise.all(
        processes.map(async ({ key, probe }) => {
          // Whoever starts it asks it already.
          const does = begun.has(key) ? started.has(key) : await serves(probe, signal);
          return does ? [key] : [];
        }),
      );
      serving = new Set(told.flat());
      const state = gateState(change, all, { serving, failed });
      if (state === "shut")
        throw tooFew(`only ${change.members.filter((key) => !failed.has(`start ${key}`)).length} started`);
      return state === "open";
    },
    {
      key: change.key,
      what: `${all} of ${change.members.length} ${role.title}s to serve`,
      timeoutSeconds,
      emit,
      signal,
      ...(processes.every(({ key }) => begun.has(key)) ? { longestPauseMs: 20 } : {}),
    },
  );
  if (!ready && serving.size < change.enough) throw tooFew(`they did not within ${timeoutSeconds} s`);
}

/** What is still to be made has its address first: nothing is written with a hole in it. */
function mustBeKnown(change: Change): void {
  const step = change.kind === "machine" && change.step.kind === "hosts" ? change.step : null;
  const digest = change.kind === "file" ? change.new : (step?.new ?? "");
  if (!isKnown(digest)) throw new RangeError(`${change.key} rests on what is not known yet`);
}

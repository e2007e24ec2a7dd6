/** Makes one step of a machine's set-up true, and records what it added to the machine. */
import type { FetchedArtifact } from "../artifacts/store.ts";
import type { MachineHands, SlowOptions, SoftwareArchive } from "../hosts/host.ts";
import type { Change } from "../plan/change.ts";
import type { ObservedHost } from "../plan/observed.ts";
import { recordOfVolume } from "../plan/volume-steps.ts";
import { archivePath } from "../artifacts/cache.ts";
import type { Artifact, DesiredMachine, HostJava, JavaArtifact } from "../services/desired.ts";
import { withBlock } from "../render/hosts-block.ts";
import { mustResolve } from "./must-resolve.ts";
import type { Context } from "./context.ts";
import type { Survey } from "./survey.ts";
import { writeHosts } from "./write-hosts.ts";

type MachineChange = Extract<Change, { kind: "machine" }>;

type SetUpOptions = {
  readonly begun: () => void;
  readonly record: {
    /** Writes down what was added (`user NAME`, `package NAME`, `sysctl NAME=FORMER`, `volume ID`), for `destroy` to take away again. */
    readonly made: (node: string, what: readonly string[]) => Promise<void>;
    /** Takes out again what was written down, and did not come. */
    readonly notMade: (node: string, what: readonly string[]) => Promise<void>;
    /** Writes down software that the plan did not know of, before it is there. */
    readonly software: (node: string, folder: string) => Promise<void>;
  };
};

export async function setUpMachine(
  change: MachineChange,
  survey: Survey,
  context: Context,
  { begun, record }: SetUpOptions,
): Promise<void> {
  const { step } = change;
  const node = change.node ?? "";
  const hands = survey.hosts.get(node)?.machine;
  const seen = survey.observed.hosts[node]?.machine;
  const wanted = survey.desired.hosts.find((host) => host.node === node)?.machine;
  if (hands === undefined || seen === undefined || wanted === undefined)
    throw new RangeError(`the plan sets up ${node}, which is no machine of kctl's`);
  const slow = slowly(change, context);
  const packages = (names: readonly string[]): readonly string[] => names.map((name) => `package ${name}`);
  const asPackages = (names: readonly string[]): Promise<void> => record.made(node, packages(names));
  switch (step.kind) {
    case "user":
      // It was not there. Recorded first: one that was made and not recorded would never go.
      await record.made(node, [`user ${step.user}`]);
      await hands.makeUser();
      return;
    case "java": {
      begun();
      const archive = (architecture: JavaArtifact["architecture"]): Promise<SoftwareArchive> =>
        archiveOf(jreFor(wanted.java, architecture), survey, context);
      const onNotCome = (names: readonly string[]): Promise<void> => record.notMade(node, packages(names));
      const onUse = (folder: string): Promise<void> => record.software(node, folder);
      return asPackages(
        await hands.ensureJava(wanted.java, seen, { ...slow, onComing: asPackages, onNotCome, onUse, archive }),
      );
    }
    case "software": {
      begun();
      const software = wanted.software.find(({ folder }) => folder === step.software.folder);
      if (software === undefined)
        throw new RangeError(`the plan installs ${step.software.folder}, which is not wanted`);
      return hands.installSoftware(software, await archiveOf(software.artifact, survey, context), slow);
    }
    case "old-software":
      if (!(await hands.removeOldSoftware(step.folder))) context.emit({ type: "message", text: stays(change), node });
      return;
    case "leftovers":
      return hands.removeLeftovers(step.names);
    case "hosts":
      await writeHosts(
        hands,
        { former: seen.hostsFile, content: withBlock(seen.hostsFile, wanted.hosts) },
        { node, command: "up" },
      );
      return mustResolve(wanted.hosts, survey.provider.shell(node), context);
    case "sysctl":
      await record.made(
        node,
        formerSettings(step.settings, seen.sysctl, survey.receipt.next.machines?.[node]?.made ?? []),
      );
      return setKernel(hands, step.settings, node, context);
    case "volume": {
      begun();
      const { work, volume } = step;
      await asPackages(await hands.workOnVolume(work, volume, { ...slow, onComing: asPackages }));
      // Not before: one that is blank in spite of this record has lost what it held.
      if (work === "format") await record.made(node, [recordOfVolume(volume)]);
      return;
    }
    case "unit":
      return loadUnit(step.unit, wanted, hands, survey.observed.hosts[node]?.files ?? {});
  }
}

async function loadUnit(
  unit: string,
  { units }: DesiredMachine,
  hands: MachineHands,
  files: ObservedHost["files"],
): Promise<void> {
  const path = units.find(({ name }) => name === unit)?.path ?? "";
  const isNew = files[path]?.kind === "absent";
  const read = (): Promise<void> => hands.readUnits(units.map(({ name }) => name));
  await Promise.all([hands.enableUnit(unit), isNew ? read() : hands.reloadUnits()]);
}

const stays = ({ title }: MachineChange): string =>
  `not done: ${title}: something runs from it, or another cluster needs it by now`;

/** Machines with systemd have glibc. */
const jreFor = ({ best }: HostJava, architecture: JavaArtifact["architecture"]): JavaArtifact => ({
  name: "java",
  version: String(best),
  os: "linux",
  architecture,
});

const archives = new WeakMap<Survey, Map<string, Promise<SoftwareArchive>>>();

/** Looked up and checked once, for all machines. */
function archiveOf(artifact: Artifact, survey: Survey, context: Context): Promise<SoftwareArchive> {
  const ofRun = archives.get(survey) ?? new Map<string, Promise<SoftwareArchive>>();
  archives.set(survey, ofRun);
  const key = archivePath(survey.cache, artifact);
  const archive = ofRun.get(key) ?? fetched(artifact, survey, context);
  ofRun.set(key, archive);
  return archive;
}

async function fetched(
  artifact: Artifact,
  { cache, mirror }: Survey,
  { env, emit, signal }: Context,
): Promise<SoftwareArchive> {
  const [{ fetchArtifact }, { saidToBe }] = await Promise.all([
    import("../artifacts/fetch.ts"),
    import("../artifacts/store.ts"),
  ]);
  const whole = (): Promise<FetchedArtifact> => fetchArtifact(artifact, { cache, mirror, env, emit, signal });
  // Machines check what they fetch. To check the copy that is here as well takes longer than all else that is done before they begin.
  const said = await saidToBe(cache, artifact);
  if (said !== null && isAddress(said.source)) {
    // Read once, to however many machines it is sent.
    let read: Promise<FetchedArtifact> | null = null;
    const beforeSending = (): Promise<FetchedArtifact> => (read ??= whole());
    return { path: said.path, sha512: said.sha512, urls: [said.source], beforeSending };
  }
  const { path, sha512, source } = await whole();
  return { path, sha512, urls: isAddress(source) ? [source] : [] };
}

const isAddress = (source: string): boolean => /^https?:/.test(source);

/** As they were before kctl's first change of them. */
function formerSettings(
  settings: Readonly<Record<string, string>>,
  seen: Readonly<Record<string, string | null>>,
  made: readonly string[],
): readonly string[] {
  return Object.keys(settings).flatMap((name) => {
    const [value, is] = [seen[name] ?? null, `sysctl ${name}=`];
    return value === null || made.some((what) => what.startsWith(is)) ? [] : [is + value];
  });
}

/** Servers run without them, only not as well: a kernel that refuses one (a container's) is no reason to stop. */
async function setKernel(
  hands: MachineHands,
  settings: Readonly<Record<string, string>>,
  node: string,
  { emit }: Context,
): Promise<void> {
  for (const { name, why } of await hands.setSysctls(settings))
    emit({
      type: "warning",
      fault: {
        code: "host-io",
        node,
        what: `${node} does not take ${name}: ${why}`,
        fix: "set it on the machine below, or take it out of `sysctl`",
      },
    });
}

function slowly({ key, title }: MachineChange, { emit, signal, timeoutSeconds }: Context): SlowOptions {
  return {
    signal,
    timeoutSeconds,
    onWait: (what) => emit({ type: "waiting", key, what: `${title}: ${what}`, seconds: 0 }),
  };
}

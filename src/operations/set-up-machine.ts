/** Makes one step of a machine's set-up true, and records what it added to the machine. */
import type { FetchedArtifact } from "../artifacts/store.ts";
import type { MachineHands, SlowOptions, SoftwareArchive } from "../hosts/host.ts";
import type { Change } from "../plan/change.ts";
import { recordOfVolume } from "../plan/volume-steps.ts";
import type { InstalledSoftware } from "../services/desired.ts";
import { withBlock } from "../render/hosts-block.ts";
import { mustResolve } from "./must-resolve.ts";
import type { Context } from "./context.ts";
import type { Survey } from "./survey.ts";
import { writeHosts } from "./write-hosts.ts";

type MachineChange = Extract<Change, { kind: "machine" }>;

type SetUpOptions = {
  readonly begun: () => void;
  /** Writes down what was added (`user NAME`, `package NAME`, `sysctl NAME=FORMER`, `volume ID`), for `destroy` to take away again. */
  readonly record: (node: string, what: readonly string[]) => Promise<void>;
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
  const asPackages = (names: readonly string[]): Promise<void> =>
    record(
      node,
      names.map((name) => `package ${name}`),
    );
  switch (step.kind) {
    case "user":
      // It was not there. Recorded first: one that was made and not recorded would never go.
      await record(node, [`user ${step.user}`]);
      await hands.makeUser();
      return;
    case "java": {
      begun();
      return asPackages(await hands.ensureJava(wanted.java, seen, { ...slow, onComing: asPackages }));
    }
    case "software": {
      begun();
      const software = wanted.software.find(({ folder }) => folder === step.software.folder);
      if (software === undefined)
        throw new RangeError(`the plan installs ${step.software.folder}, which is not wanted`);
      return hands.installSoftware(software, await archiveOf(software, survey, context), slow);
    }
    case "hosts":
      await writeHosts(
        hands,
        { former: seen.hostsFile, content: withBlock(seen.hostsFile, wanted.hosts) },
        { node, command: "up" },
      );
      return mustResolve(wanted.hosts, survey.provider.shell(node), context);
    case "sysctl":
      await record(node, formerSettings(step.settings, seen.sysctl, survey.receipt.next.machines?.[node]?.made ?? []));
      return setKernel(hands, step.settings, node, context);
    case "volume": {
      begun();
      const { work, volume } = step;
      await asPackages(await hands.workOnVolume(work, volume, { ...slow, onComing: asPackages }));
      // Not before: one that is blank in spite of this record has lost what it held.
      if (work === "format") await record(node, [recordOfVolume(volume)]);
      return;
    }
    case "unit":
      await Promise.all([hands.reloadUnits(), hands.enableUnit(step.unit)]);
      return;
  }
}

const archives = new WeakMap<Survey, Map<string, Promise<SoftwareArchive>>>();

/** Looked up and checked once, for all machines. */
function archiveOf(
  { artifact, folder }: InstalledSoftware,
  survey: Survey,
  context: Context,
): Promise<SoftwareArchive> {
  const ofRun = archives.get(survey) ?? new Map<string, Promise<SoftwareArchive>>();
  archives.set(survey, ofRun);
  const archive = ofRun.get(folder) ?? fetched(artifact, survey, context);
  ofRun.set(folder, archive);
  return archive;
}

async function fetched(
  artifact: InstalledSoftware["artifact"],
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
  if (said !== null && isAddress(said.source))
    return { path: said.path, sha512: said.sha512, urls: [said.source], beforeSending: whole };
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

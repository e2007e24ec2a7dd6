/** Launches the machine of a node, or starts one that is off, and waits until it lets kctl in. */
import { StartInstancesCommand } from "@aws-sdk/client-ec2";
import type { Cluster } from "../../cluster/cluster.ts";
import {
  dataDevice,
  firstKeyTag,
  idsTag,
  imageTag,
  isLive,
  nodeTag,
  protectedTag,
  userTag,
  type SeenInstance,
} from "../../ec2/seen.ts";
import { userData } from "../../ec2/user-data.ts";
import { KctlError } from "../../fault.ts";
import { newKeyPair } from "../../hosts/ssh/new-key-pair.ts";
import { readTemplate } from "../../templates.ts";
import type { FleetOptions } from "../provider.ts";
import { must, type CloudSession } from "./cloud-session.ts";
import { attachVolume } from "./data-volume.ts";
import { instancesBy } from "./observe.ts";
import { placesFor } from "./offers.ts";
import { runInstance } from "./run-instance.ts";

export async function launchMachine(
  session: CloudSession,
  node: string,
  cluster: Cluster,
  { begun, prefetch }: Pick<FleetOptions, "begun" | "prefetch">,
): Promise<void> {
  const { api, spec, provider, signal } = session;
  const machine = session.machine(node, cluster);
  const offers = must(session.offers(), "what EC2 offers");
  const hostKey = await newKeyPair(`root@${node}`);
  const images = machine.types.map((type) => {
    const { architecture, zones } = must(offers.types.get(type), type);
    return { type, zones, image: offers.image(machine.image, architecture) };
  });
  const first = must(images[0], "an instance type");
  const tags = {
    Name: `${spec.name}-${node}`,
    ...session.tags,
    [nodeTag]: node,
    [idsTag]: machine.ids,
    [imageTag]: machine.image,
    [userTag]: first.image.user,
    [firstKeyTag]: hostKey.public.split(" ")[1] ?? "",
    ...(machine.protected ? { [protectedTag]: "true" } : {}),
  };
  const template = await readTemplate("cloud-config.yaml");
  const { end, placement } = session.want(cluster);
  const endsAt = end.expires === null ? null : Date.parse(end.expires) / 1000;
  const ordered = await runInstance(
    { api, mayLaunch: session.mayLaunch },
    {
      cluster: spec.name,
      machine,
      places: placesFor(machine, offers, provider.access.via !== "private"),
      types: images.map(({ type, zones, image: { id, rootDevice } }) => ({ type, zones, image: id, rootDevice })),
      group: session.group().id,
      keyName: session.key.name,
      userData: userData(template, { hostname: node, hostKey, endsAt, prefetch }),
      tags,
      instanceProfile: provider.instanceProfile,
      placementGroup: placement?.name ?? null,
      gone: session.seen().instances.filter((one) => one.node === node && !isLive(one)).length,
    },
    signal,
  );
  session.replace(ordered);
  session.stale("machines");
  begun();
  await awaitArrival(session, node, ordered, machine.volume?.existing ?? null);
}

/** How long after a machine runs its public address may come. */
const addressMs = 10_000;

/** Until it has an address, its volume, and lets kctl in. */
export async function awaitArrival(
  session: CloudSession,
  node: string,
  ordered: SeenInstance,
  left: string | null,
): Promise<void> {
  const { api, provider, signal, watch } = session;
  const { via } = provider.access;
  session.stale("machines");
  const subnet = session.offers()?.subnets.find(({ id }) => id === ordered.subnet);
  const isPublic = via === "public" || (via === undefined && subnet?.givesPublicAddress !== false);
  let running: number | null = null;
  const instance = await watch.until(ordered.id, "running, with an address", (one) => {
    mustLive(one, node);
    if (one.state === "running") running ??= performance.now();
    if (left !== null && one.state !== "running") return false;
    if (one.privateAddress === null || one.state === "stopped") return false;
    if (!isPublic || one.publicAddress !== null) return true;
    // It may be told of without its public address for a while; one that is not to have any gets none.
    return via === undefined && running !== null && performance.now() - running > addressMs;
  });
  // The view of it that has its state may not have its tags yet.
  session.replace({ ...instance, node, tags: { ...ordered.tags, ...instance.tags } });
  if (left !== null && !instance.volumes.some(({ id }) => id === left))
    await attachVolume(api, { volume: left, instance: instance.id, device: dataDevice }, signal);
  try {
    await session.reach(node);
  } catch (error) {
    // Somebody may have ended it meanwhile, which says more than that nothing answers.
    for (const one of await instancesBy(api, [{ Name: "instance-id", Values: [ordered.id] }])) mustLive(one, node);
    throw error;
  }
}

export async function startMachine(session: CloudSession, node: string, id: string, begun: () => void): Promise<void> {
  const { api, watch } = session;
  session.stale("machines");
  await watch.until(id, "stopped", ({ state }) => state !== "stopping");
  await api.call((client, options) => client.send(new StartInstancesCommand({ InstanceIds: [id] }), options));
  begun();
  const instance = await watch.until(id, "running", (one) => {
    mustLive(one, node);
    return one.state === "running";
  });
  await awaitArrival(session, node, instance, null);
}

function mustLive(instance: SeenInstance, node: string): void {
  if (isLive(instance)) return;
  throw new KctlError({
    code: "machine-lost",
    node,
    what: `the machine of ${node} (${instance.id}) ended before it let kctl in${instance.stateReason === null ? "" : `: ${instance.stateReason}`}`,
    fix: "mend what EC2 says (a key for encrypted disks, a quota; or somebody terminated it), then run `kctl up` again: it launches another",
  });
}

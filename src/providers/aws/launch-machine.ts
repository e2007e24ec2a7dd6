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
import { loadSsh2 } from "../../hosts/ssh/load-ssh2.ts";
import { readTemplate } from "../../templates.ts";
import type { FleetOptions } from "../provider.ts";
import { must, type CloudSession } from "./cloud-session.ts";
import { attachVolume } from "./data-volume.ts";
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
  const { utils } = await loadSsh2();
  const hostKey = utils.generateKeyPairSync("ed25519", { comment: `root@${node}` });
  const images = machine.types.map((type) => {
    const { architecture } = must(offers.types.get(type), type);
    return { type, image: offers.image(machine.image, architecture) };
  });
  const first = must(images[0], "an instance type");
  const tags = {
    ...session.tags,
    Name: `${spec.name}-${node}`,
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
    api,
    {
      cluster: spec.name,
      machine,
      places: placesFor(machine, offers, first.type, provider.access.via !== "private"),
      types: images.map(({ type, image: { id, rootDevice } }) => ({ type, image: id, rootDevice })),
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

/** Until it has an address, its volume, and lets kctl in. */
export async function awaitArrival(
  session: CloudSession,
  node: string,
  ordered: SeenInstance,
  left: string | null,
): Promise<void> {
  const { api, provider, signal, watch } = session;
  const { via } = provider.access;
  const mayBePublic = via === undefined || via === "public";
  session.stale("machines");
  const instance = await watch.until(ordered.id, "running", (one) => {
    mustLive(one, node);
    if (left !== null && one.state !== "running") return false;
    const isReachable = one.publicAddress !== null || one.state === "running" || !mayBePublic;
    return one.privateAddress !== null && isReachable && one.state !== "stopped";
  });
  // The view of it that has its state may not have its tags yet.
  session.replace({ ...instance, node, tags: { ...ordered.tags, ...instance.tags } });
  if (left !== null && !instance.volumes.some(({ id }) => id === left))
    await attachVolume(api, { volume: left, instance: instance.id, device: dataDevice }, signal);
  await session.reach(node);
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
    what: `the machine of ${node} (${instance.id}) ended as it started${instance.stateReason === null ? "" : `: ${instance.stateReason}`}`,
    fix: "mend what EC2 says (a key for encrypted disks, a quota), then run `kctl up` again: it launches another",
  });
}

/** Makes one change of a cluster's machines true: the only place where a step meets the calls that carry it out. */
import { setTimeout as delay } from "node:timers/promises";
import { CreateTagsCommand } from "@aws-sdk/client-ec2";
import type { Cluster } from "../../cluster/cluster.ts";
import type { CloudChange } from "../../ec2/cloud-change.ts";
import { dataDevice, dataVolumeOf, firstKeyTag, hostKeyTag, idsTag, instanceOf, isLive } from "../../ec2/seen.ts";
import { tagDifferences } from "../../ec2/tag-differences.ts";
import { ruleDifference } from "../../ec2/security-rules.ts";
import type { FleetOptions } from "../provider.ts";
import { must, type CloudSession } from "./cloud-session.ts";
import { attachVolume, changeVolume } from "./data-volume.ts";
import { rekeyHosts } from "./host-keys.ts";
import { importKey } from "./key-pair.ts";
import { awaitArrival, launchMachine, startMachine } from "./launch-machine.ts";
import { changeLabels } from "./labels.ts";
import { makeNetwork } from "./network.ts";
import { makePlacementGroup } from "./placement-group.ts";
import { protectInstance } from "./protection.ts";
import { makeGroup, makeRules } from "./security-group.ts";
import { onceKnown, tagList, unseenMs } from "./tags.ts";

export async function carryOut(
  session: CloudSession,
  change: CloudChange,
  cluster: Cluster,
  options: FleetOptions,
): Promise<void> {
  const { step } = change;
  const node = change.node ?? "";
  switch (step.kind) {
    case "network":
      return network(session, step.cidr);
    case "group":
      return group(session, step.name);
    case "rules":
      return rules(session, cluster);
    case "key":
      return key(session, step.name);
    case "instance":
      return launchMachine(session, node, cluster, options);
    case "arrival": {
      const instance = must(instanceOf(session.seen(), node), step.instance);
      return awaitArrival(session, node, instance, session.machine(node, cluster).volume?.existing ?? null);
    }
    case "power":
      return startMachine(session, node, step.instance, options.begun);
    case "host-keys":
      return hostKeys(session);
    case "placement":
      return placement(session, step);
    case "labels":
      return changeLabels(session, tagDifferences(session.want(cluster), session.seen()));
    case "protection":
      return protectInstance(session, step.instance, step.on);
    case "tags":
      return ids(session, step.instance, session.machine(node, cluster).ids);
    case "attachment":
      return attachment(session, node, step.volume);
    case "volume":
      return volume(session, node, cluster);
    case "replacement":
      throw new RangeError("a machine is replaced by the operation that stops its servers");
  }
}

async function network(session: CloudSession, cidr: string): Promise<void> {
  const { api, spec, signal } = session;
  const tags = { ...session.tags, Name: `kctl-${spec.name}` };
  await makeNetwork(api, { cluster: spec.name, cidr, zones: session.zones() ?? [], tags }, signal);
  // Subnets that were just made may be missed by a look.
  const began = performance.now();
  for (;;) {
    await session.lookForSubnets();
    if (session.offers()?.subnets.length !== 0 || performance.now() - began > unseenMs) return;
    await delay(1000, undefined, { signal });
  }
}

async function group(session: CloudSession, name: string): Promise<void> {
  const { api, spec, tags } = session;
  const { instances, groups } = session.seen();
  const vpc = session.offers()?.subnets[0]?.vpc ?? instances.find((one) => isLive(one) && one.vpc !== null)?.vpc;
  const made = await makeGroup(api, { cluster: spec.name, name, vpc: must(vpc, "a network"), tags });
  session.update({ groups: [...groups, made] });
}

async function rules(session: CloudSession, cluster: Cluster): Promise<void> {
  const its = session.group();
  const wanted = session.want(cluster).group.rules;
  await makeRules(session.api, its, wanted, session.signal);
  const { foreign } = ruleDifference(wanted, its.rules);
  const now = { ...its, rules: [...wanted.map((rule) => ({ ...rule, id: "" })), ...foreign] };
  session.update({ groups: [...session.seen().groups.filter(({ id }) => id !== its.id), now] });
}

async function key(session: CloudSession, name: string): Promise<void> {
  const { api, spec, tags } = session;
  await importKey(api, { cluster: spec.name, name, publicKey: await session.key.publicKey(), tags });
  session.update({ keys: [...session.seen().keys, { id: "", name, tags }] });
}

async function placement(
  session: CloudSession,
  { name, strategy }: { readonly name: string; readonly strategy: "spread" | "partition" },
): Promise<void> {
  const { api, spec, tags } = session;
  const made = await makePlacementGroup(api, { cluster: spec.name, name, strategy, tags });
  session.update({ placementGroups: [...(session.seen().placementGroups ?? []), made] });
}

async function hostKeys(session: CloudSession): Promise<void> {
  const { api, shell, signal } = session;
  const all = session.seen().instances.filter((one) => isLive(one) && one.tags[firstKeyTag] !== undefined);
  const hosts = all.map(({ id, node, tags }) => ({
    instance: id,
    shell: shell(node ?? ""),
    hostKey: tags[hostKeyTag] ?? null,
  }));
  for (const [id, own] of await rekeyHosts(api, hosts, signal))
    session.patch(id, { [hostKeyTag]: own, [firstKeyTag]: undefined });
}

async function ids({ api, signal, patch }: CloudSession, instance: string, text: string): Promise<void> {
  await onceKnown(
    () =>
      api.call((client, options) =>
        client.send(new CreateTagsCommand({ Resources: [instance], Tags: tagList({ [idsTag]: text }) }), options),
      ),
    signal,
  );
  patch(instance, { [idsTag]: text });
}

async function attachment(session: CloudSession, node: string, its: string): Promise<void> {
  const { id } = must(instanceOf(session.seen(), node), node);
  await attachVolume(session.api, { volume: its, instance: id, device: dataDevice }, session.signal);
  session.stale("machines");
}

async function volume(session: CloudSession, node: string, cluster: Cluster): Promise<void> {
  const there = must(dataVolumeOf(session.seen(), node), node);
  await changeVolume(session.api, there, must(session.machine(node, cluster).volume, node), session);
  session.stale("machines");
}

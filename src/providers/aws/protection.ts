/** EC2's own protection of a machine against termination, whoever asks for it. */
import { DescribeInstanceAttributeCommand, ModifyInstanceAttributeCommand } from "@aws-sdk/client-ec2";
import { isLive, protectedTag, type SeenCloud, type SeenInstance } from "../../ec2/seen.ts";
import type { Api } from "./api.ts";
import { isNotFound } from "./api-fault.ts";
import type { CloudSession } from "./cloud-session.ts";
import { tagResources } from "./labels.ts";
import { onceKnown } from "./tags.ts";

/** A call for each machine: only where the spec wants it protected. Elsewhere kctl's own tag tells. */
export async function withProtection(api: Api, seen: SeenCloud): Promise<SeenCloud> {
  const ask = async (one: SeenInstance): Promise<SeenInstance> => {
    if (!isLive(one)) return one;
    try {
      const { DisableApiTermination } = await api.call((client, options) =>
        client.send(
          new DescribeInstanceAttributeCommand({ InstanceId: one.id, Attribute: "disableApiTermination" }),
          options,
        ),
      );
      return { ...one, protected: DisableApiTermination?.Value === true };
    } catch (error) {
      // It went just now, or is not known everywhere yet.
      if (!isNotFound(error)) throw error;
      return one;
    }
  };
  return { ...seen, instances: await Promise.all(seen.instances.map(ask)) };
}

/** The tag is there for as long as the protection may be. */
export async function protectInstance(session: CloudSession, id: string, on: boolean): Promise<void> {
  const { api, signal } = session;
  if (on) await tagResources(session, [id], { [protectedTag]: "true" });
  await onceKnown(
    () =>
      api.call((client, options) =>
        client.send(
          new ModifyInstanceAttributeCommand({ InstanceId: id, DisableApiTermination: { Value: on } }),
          options,
        ),
      ),
    signal,
  );
  if (!on) await tagResources(session, [id], { [protectedTag]: "false" });
  session.stale("machines");
}

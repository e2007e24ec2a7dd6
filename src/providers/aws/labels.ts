/** Changes of tags on what is there. */
import { CreateTagsCommand, DeleteTagsCommand } from "@aws-sdk/client-ec2";
import type { TagDifference } from "../../ec2/tag-differences.ts";
import type { CloudSession } from "./cloud-session.ts";
import { onceKnown, tagList } from "./tags.ts";

/** CreateTags takes a thousand resources (Amazon EC2 API Reference, "CreateTags"). */
const mostResources = 1000;

/** One call for all that lack the same. */
export async function changeLabels(session: CloudSession, differences: readonly TagDifference[]): Promise<void> {
  const { api, signal } = session;
  const alike = Map.groupBy(differences, ({ set, unset }) => JSON.stringify([set, unset]));
  for (const its of alike.values()) {
    const [{ set, unset } = { set: {}, unset: [] }] = its;
    const Resources = its.flatMap(({ ids }) => ids);
    if (Object.keys(set).length > 0) await tagResources(session, Resources, set);
    if (unset.length === 0) continue;
    const Tags = unset.map((Key) => ({ Key }));
    await onceKnown(
      () => api.call((client, options) => client.send(new DeleteTagsCommand({ Resources, Tags }), options)),
      signal,
    );
    for (const id of Resources) session.patch(id, Object.fromEntries(unset.map((name) => [name, undefined])));
  }
}

export async function tagResources(
  { api, signal, patch }: Pick<CloudSession, "api" | "signal" | "patch">,
  resources: readonly string[],
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  for (let at = 0; at < resources.length; at += mostResources) {
    const Resources = resources.slice(at, at + mostResources);
    await onceKnown(
      () =>
        api.call((client, options) => client.send(new CreateTagsCommand({ Resources, Tags: tagList(tags) }), options)),
      signal,
    );
  }
  for (const id of resources) patch(id, tags);
}

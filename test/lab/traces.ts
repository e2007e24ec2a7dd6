/** What is on the machine of a lab: its tests see that nothing is left. */
import { existsSync, globSync } from "node:fs";
import { devicesOf } from "./loop.ts";
import { folderOf, namespaceOf, outsideOf } from "./state.ts";

export function traces(id: string): readonly string[] {
  const paths = [folderOf(id), `/run/netns/${namespaceOf(id)}`, `/run/netns/${outsideOf(id)}`];
  return [
    ...paths.filter((path) => existsSync(path)),
    ...globSync(`/sys/fs/cgroup/{,*/}kctl-lab/${id}`),
    ...devicesOf(folderOf(id)),
  ];
}

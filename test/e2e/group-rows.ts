/** Groups as kctl and Kafka's own tool tell them, to be compared. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { GroupLag } from "../../src/report/lag-shown.ts";
import { javaEnv, javaTool } from "./java-tools.ts";
import { kctl, type Ended, type Place } from "./kctl.ts";

const run = promisify(execFile);

export const groupsOf = ({ result }: Pick<Ended, "result">): readonly GroupLag[] =>
  (result?.["groups"] ?? []) as GroupLag[];

export async function groupOf(at: Place, group: string): Promise<GroupLag | undefined> {
  return groupsOf(await kctl(at, "lag", "--json")).find((one) => one.group === group);
}

/** What the tool prints of each partition: `-` where it has nothing. */
export async function described({ port }: Place, version: string): Promise<readonly string[]> {
  const args = ["--bootstrap-server", `127.0.0.1:${port}`, "--describe", "--all-groups"];
  const { stdout } = await run(javaTool(version, "kafka-consumer-groups"), args, { env: javaEnv });
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((cells) => cells.length === 9 && cells[0] !== "GROUP")
    .map((cells) => cells.join(" "))
    .toSorted();
}

export function shown(groups: readonly GroupLag[]): readonly string[] {
  return groups
    .flatMap(({ group, partitions }) =>
      partitions.map((one) =>
        [group, one.topic, one.partition, one.committed, one.end, one.lag, one.owner, one.host, one.clientId]
          .map((cell) => cell ?? "-")
          .join(" "),
      ),
    )
    .toSorted();
}

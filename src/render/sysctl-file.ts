/** Settings of a machine's kernel for Kafka, and the file that keeps them over a reboot. */
import type { Role } from "../cluster/cluster.ts";

/**
 * Memory that is swapped out stops a JVM, and a broker maps two files a log segment: more than the kernel's 65530 (Kafka docs,
 * Operations, "Hardware and OS").
 */
export function sysctlSettings(
  roles: readonly Role[],
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { "vm.swappiness": "1", ...(roles.includes("broker") ? { "vm.max_map_count": "262144" } : {}), ...own };
}

export function sysctlFile(cluster: string, settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  return `# Written by kctl for the Kafka cluster ${cluster}.\n${lines.join("")}`;
}

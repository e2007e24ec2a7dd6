/** The machines of the ssh provider: where everything lies on them (docs/spec.md has the same paths for users). */
import type { Platform } from "../../cluster/platform.ts";

/** @param addresses of nodes, by name, once DNS was asked */
export function sshPlatform(cluster: string, addresses: Readonly<Record<string, string>> = {}): Platform {
  const below = (folder: string): string => `${folder}/${cluster}`;
  return {
    provider: "ssh",
    root: "/",
    folders: {
      config: `${below("/etc/kctl")}/{role}`,
      data: `${below("/var/lib/kctl")}/{role}`,
      log: `${below("/var/log/kctl")}/{role}`,
      run: `${below("/run/kctl")}/{role}`,
    },
    sharedAddress: null,
    nodes: null,
    portShift: 0,
    portStep: 0,
    profile: "server",
    machine: {
      user: "kctl",
      software: "/opt/kctl",
      cluster: below("/etc/kctl"),
      roots: ["/etc/kctl", "/var/lib/kctl", "/var/log/kctl", "/run/kctl"].map(below),
      units: "/etc/systemd/system",
      addresses,
      volumes: {},
    },
  };
}

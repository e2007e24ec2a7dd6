/** Who does the work: kctl, a shell script, pyinfra, Ansible; as command lines to be run inside the lab's network. */
import { join } from "node:path";
import type { Peers } from "./peers.ts";
import { hosts, type Place } from "./place.ts";

export type ToolName = "kctl" | "shell script" | "pyinfra" | "ansible-core";

export type Tool = {
  readonly name: ToolName;
  /** The same for the first run, for one that changes nothing and for one after a setting was changed. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
};

const here = import.meta.dirname;

export function kctl({ kctl: program, env }: Place): Tool {
  return { name: "kctl", argv: [...program, "up", "--yes"], env };
}

export function shellScript({ env, kafka, zookeeper }: Place): Tool {
  const given = { MIRROR: new URL(kafka.url).origin, KAFKA: kafka.sha512, ZOOKEEPER: zookeeper.sha512 };
  return { name: "shell script", argv: ["bash", join(here, "shell.sh"), ...hosts], env: { ...env, ...given } };
}

export function pyinfra({ env, kafka, zookeeper }: Place, { bin }: Peers): Tool {
  const data = { mirror: new URL(kafka.url).origin, kafka: kafka.sha256, zookeeper: zookeeper.sha256 };
  const given = Object.entries(data).flatMap(([name, value]) => ["--data", `${name}=${value}`]);
  const [inventory, deploy] = ["inventory.py", "deploy.py"].map((name) => join(here, "pyinfra", name));
  return {
    name: "pyinfra",
    argv: [join(bin, "pyinfra"), "-y", "--no-wait", inventory ?? "", deploy ?? "", ...given],
    env,
  };
}

export function ansible({ folder, env, kafka, zookeeper }: Place, { bin }: Peers): Tool {
  const data = {
    files: join(folder, "files"),
    mirror: new URL(kafka.url).origin,
    kafka: kafka.sha512,
    zookeeper: zookeeper.sha512,
  };
  const own = join(here, "ansible");
  return {
    name: "ansible-core",
    argv: [join(bin, "ansible-playbook"), join(own, "site.yml"), "-e", JSON.stringify(data)],
    // Sockets of its connections included.
    env: { ...env, ANSIBLE_CONFIG: join(own, "ansible.cfg"), ANSIBLE_HOME: join(folder, "ansible") },
  };
}

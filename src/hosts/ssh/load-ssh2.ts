/** ssh2, loaded when the first host is reached: it takes a while. */
import type { BaseAgent, Client, createAgent, utils } from "ssh2";

type Ssh2 = {
  readonly BaseAgent: typeof BaseAgent;
  readonly Client: typeof Client;
  readonly createAgent: typeof createAgent;
  readonly utils: typeof utils;
};

export async function loadSsh2(): Promise<Ssh2> {
  const loaded = await import("ssh2");
  return loaded.default;
}

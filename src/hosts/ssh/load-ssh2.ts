/** ssh2, loaded when the first host is reached: it takes a while. */
import { setFlagsFromString } from "node:v8";
import type { BaseAgent, Client, createAgent, utils } from "ssh2";

type Ssh2 = {
  readonly BaseAgent: typeof BaseAgent;
  readonly Client: typeof Client;
  readonly createAgent: typeof createAgent;
  readonly utils: typeof utils;
};

/**
 * What many connections leave behind is nearly all of it garbage at once: without this V8 makes its nursery so large, before it looks,
 * that thirty hosts cost 200 MB, of which a fifth is in use. It is read whenever the nursery would grow.
 */
const keepTheNurserySmall = "--semi-space-growth-factor=1";

export async function loadSsh2(): Promise<Ssh2> {
  setFlagsFromString(keepTheNurserySmall);
  const loaded = await import("ssh2");
  return loaded.default;
}

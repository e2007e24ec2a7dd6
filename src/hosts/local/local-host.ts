/** A node of a local cluster: a folder on this machine, with processes of this user. */
import type { Host } from "../host.ts";
import { writeAtomically } from "./atomic-file.ts";
import { makeFolder, removeFile, removeTree } from "./folders.ts";
import { look } from "./look.ts";
import { thisMachine } from "./machine.ts";
import { runToEnd } from "./run-to-end.ts";
import { start } from "./start.ts";
import { isAlive, stop } from "./stop.ts";
import { tail } from "./tail.ts";

/**
 * The hosts of these nodes: all on this machine, which is seen once where several of them look at the same time.
 * @param root the folder of the cluster; nothing outside of it is changed
 */
export function localHosts(nodes: readonly string[], root: string): readonly Host[] {
  const machine = thisMachine();
  return nodes.map((node) => ({
    node,
    look: (desired, signal) => look(machine, desired, signal),
    makeFolder: (folder) => makeFolder(root, folder),
    writeFile: (file) => writeAtomically(root, file),
    removeFile: (path) => removeFile(root, path),
    removeTree: (path) => removeTree(root, path),
    start: (process) => start(root, machine, process),
    patienceMs: 0,
    isAlive: (running) => isAlive(machine, running),
    stop: (running, graceSeconds, signal) => stop(root, machine, running, graceSeconds, signal),
    run: runToEnd,
    tail,
  }));
}

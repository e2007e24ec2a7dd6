/** Starts a service that outlives kctl, so that at no instant a process runs that nothing tells of. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { access, rm } from "node:fs/promises";
import type { Duplex } from "node:stream";
import { KctlError } from "../../fault.ts";
import type { RunningProcess } from "../../plan/observed.ts";
import type { DesiredProcess } from "../../services/desired.ts";
import { openConsole } from "./console-file.ts";
import { areFolders, parentsAreFolders } from "./inside-root.ts";
import { errnoOf, withIoFaults } from "./io-fault.ts";
import { launcher } from "./launcher.ts";
import type { Machine } from "./machine.ts";
import { readPidFile, writePidFile } from "./pid-file.ts";
import { serviceProcesses } from "./processes.ts";
import { tail } from "./tail.ts";

/**
 * Starts it unless it runs; resolves once its pid file is written and it has been seen alive.
 * 1. A shell is started in a session of its own. It waits for a word, and ends if kctl ends before giving it.
 * 2. Its pid and birth are noted in the pid file.
 * 3. The word is given. The shell becomes the service: same pid, same birth.
 */
export async function start(root: string, machine: Machine, desired: DesiredProcess): Promise<RunningProcess> {
  const { argv, mark, pidFile, leaves } = desired;
  const { noted } = await readPidFile(pidFile);
  const { main } = serviceProcesses(await machine.marked([mark]), mark, noted);
  if (main !== null) return { ...main, pidFile };

  await mustBeProgram(desired);
  if (leaves !== undefined) await rm(leaves, { force: true });
  const child = await launch(root, desired);
  const { pid = 0 } = child;
  const ended = once(child, "exit");
  const gate = child.stdio[3] as Duplex;
  const opened = new Promise((resolve) => gate.resume().once("close", resolve));
  // A launcher that is killed before it reads the word closes it too: that it ended is looked at below.
  gate.on("error", () => undefined);
  try {
    const birth = await machine.birthOf(pid);
    if (birth === null) throw await died(desired, await ended);
    await writePidFile(root, pidFile, { pid, birth });
    gate.end(launcher.word);
    // The shell lets go of the descriptor when it becomes the service, or ends.
    await opened;
    if ((await machine.birthOf(pid)) !== birth) throw await died(desired, await ended);
    const prefix = "-Dkctl.inputs=";
    const inputs = argv.find((argument) => argument.startsWith(prefix))?.slice(prefix.length) ?? null;
    return { pid, birth, inputs, program: argv[0] ?? null, pidFile };
  } finally {
    gate.destroy();
    child.unref();
  }
}

/** Said here, since a shell would say it too late to be sure who asked. */
async function mustBeProgram({ key, node, argv: [program = ""] }: DesiredProcess): Promise<void> {
  try {
    await access(program, constants.X_OK);
  } catch (error) {
    const why = errnoOf(error) === "ENOENT" ? "is not there" : "cannot be run by this user";
    throw new KctlError(
      {
        code: "service-died",
        node,
        where: program,
        what: `${key} cannot be started: ${program} ${why}`,
        fix: "put it back, then run `kctl up` again",
      },
      { cause: error },
    );
  }
}

async function launch(root: string, desired: DesiredProcess): Promise<ChildProcess> {
  const { key, node, argv, env, folder, console: consolePath } = desired;
  return withIoFaults("start a service in", folder, async () => {
    if (!((await areFolders(root, folder)) && (await parentsAreFolders(root, consolePath))))
      throw new KctlError({
        code: "local-io",
        node,
        where: folder,
        what: `cannot start ${key}: its folders are not there`,
        fix: "run `kctl up` again: it makes them first",
      });
    const output = await openConsole(consolePath);
    try {
      const child = spawn(launcher.program, launcher.argumentsFor(argv), {
        cwd: folder,
        detached: true,
        env: { ...minimalEnvironment(), ...env },
        stdio: ["ignore", output.fd, output.fd, "pipe"],
      });
      await once(child, "spawn");
      return child;
    } finally {
      await output.close();
    }
  });
}

/** What every program may rely on; nothing else of the operator's environment reaches a server: it may hold secrets. */
function minimalEnvironment(): Record<string, string> {
  const { PATH = "/usr/local/bin:/usr/bin:/bin", HOME = "/", LANG = "C.UTF-8" } = process.env;
  return { PATH, HOME, LANG };
}

async function died(desired: DesiredProcess, [code, signal]: unknown[]): Promise<KctlError> {
  const how = typeof signal === "string" ? `was ended by ${signal}` : `ended with exit code ${String(code)}`;
  const said = (await tail(desired.console, 8 * 1024)).trimEnd().split("\n").slice(-10).join("\n");
  return new KctlError({
    code: "service-died",
    node: desired.node,
    where: desired.console,
    what: `${desired.key} ${how} right after it was started`,
    fix: "mend what its console says, then run `kctl up` again: it goes on from here",
    ...(said === "" ? {} : { detail: said }),
  });
}

/** Who listens on a port, as macOS tells it: by `lsof`, in one call. */
import type { PortHolder } from "../../plan/observed.ts";
import { outputOf } from "./output-of.ts";
import { programName } from "../program-name.ts";

/** Addresses whose listener takes the port of 127.0.0.1 too. */
const inTheWay = new Set(["*", "0.0.0.0", "127.0.0.1", "[::]", "[::ffff:127.0.0.1]"]);

/** Lines of `lsof -F pcn`: a letter and its value; `n` lines belong to the `p` and `c` above them. */
export function parseLsof(output: string): ReadonlyMap<number, { readonly pid: number; readonly program: string }> {
  const listeners = new Map<number, { readonly pid: number; readonly program: string }>();
  let pid = 0;
  let program = "";
  for (const line of output.split("\n")) {
    const value = line.slice(1);
    if (line.startsWith("p")) pid = Number(value);
    if (line.startsWith("c")) program = value;
    const name = line.startsWith("n") ? /^(.*):(\d+)$/.exec(value) : null;
    if (name !== null && inTheWay.has(name[1] ?? "")) listeners.set(Number(name[2]), { pid, program });
  }
  return listeners;
}

export async function darwinPorts(ports: readonly number[]): Promise<ReadonlyMap<number, NonNullable<PortHolder>>> {
  if (ports.length === 0) return new Map();
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
  const output = await outputOf("lsof", ["-nP", `-iTCP:${ports.join(",")}`, "-sTCP:LISTEN", "-Fpcn"], env);
  const taken = [...parseLsof(output)].filter(([port]) => ports.includes(port));
  return new Map(
    await Promise.all(
      taken.map(async ([port, { pid, program }]) => [port, { pid, command: await nameOf(pid, program, env) }] as const),
    ),
  );
}

/** `ps` separates arguments by spaces only: good enough for a name. */
async function nameOf(pid: number, program: string, env: NodeJS.ProcessEnv): Promise<string> {
  if (program !== "java") return programName(program, []);
  return programName(
    program,
    (await outputOf("ps", ["-ww", "-o", "command=", "-p", String(pid)], env)).trim().split(" "),
  );
}

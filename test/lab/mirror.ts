/** The lab's mirror at http://10.77.0.1:8080, as tests see it: which folders it serves, how it misbehaves, what it was asked. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeGroup } from "./cgroups.ts";
import { until } from "./processes.ts";
import { folderOf, inside, type LabRecord } from "./state.ts";

/** Of the requests whose path ends with `path`, and of the first `times` of them; without, of all. */
export type Misbehaviour = { readonly path: string; readonly times?: number } & (
  | { readonly kind: "slow"; readonly bytesPerSecond: number }
  /** The connection is closed after so many bytes of the body. */
  | { readonly kind: "cut"; readonly after: number }
  /** One byte in the middle is another: a digest is then a lie, an archive is damaged. */
  | { readonly kind: "lie" }
  | { readonly kind: "status"; readonly status: number }
  /** It takes the request, and says nothing. */
  | { readonly kind: "silent" }
);

/** mirror.json. */
export type MirrorControl = {
  /** Address -> folder: "/apt/" -> where its files are. */
  readonly folders: Readonly<Record<string, string>>;
  readonly misbehaves: readonly Misbehaviour[];
};

export type MirrorRequest = {
  readonly method: string;
  readonly path: string;
  readonly range?: string;
  readonly from: string;
};

export type Mirror = {
  readonly url: string;
  /** Serves the folder's files at the address, "/" unless told. */
  readonly serve: (folder: string, address?: string) => void;
  /** From now on, in the place of what was said before. */
  readonly misbehave: (...how: readonly Misbehaviour[]) => void;
  readonly requests: () => readonly MirrorRequest[];
};

export function mirrorOf(id: string): Mirror {
  const file = join(folderOf(id), "mirror.json");
  const read = (): MirrorControl => JSON.parse(readFileSync(file, "utf8")) as MirrorControl;
  const write = (control: MirrorControl): void => {
    writeFileSync(`${file}.new`, JSON.stringify(control));
    renameSync(`${file}.new`, file);
  };
  return {
    url: "http://10.77.0.1:8080",
    serve: (folder, address = "/") => {
      const control = read();
      write({ ...control, folders: { ...control.folders, [address]: folder } });
    },
    misbehave: (...misbehaves) => write({ ...read(), misbehaves }),
    requests: () =>
      readFileSync(join(folderOf(id), "requests.log"), "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as MirrorRequest),
  };
}

/** Starts it in a process of its own. That process also watches this one, unless the lab outlives it, and ends the lab after it. */
export async function startMirror({ id, owner }: LabRecord, apt: string, outlives: boolean): Promise<void> {
  const folder = folderOf(id);
  const control: MirrorControl = { folders: { "/apt/": apt }, misbehaves: [] };
  writeFileSync(join(folder, "mirror.json"), JSON.stringify(control));
  writeFileSync(join(folder, "requests.log"), "");
  const log = openSync(join(folder, "mirror.log"), "a");
  const [command = "", ...args] = inside(id);
  const groups = makeGroup(`${id}/mirror`).map((group) => join(group, "cgroup.procs"));
  const script = 'for group in $1; do echo $$ >"$group"; done; shift; exec "$@"';
  const server = join(import.meta.dirname, "mirror-server.ts");
  const watch = outlives || owner === null ? [] : [String(owner.pid)];
  const child = spawn(
    command,
    [...args, "sh", "-ec", script, "sh", groups.join(" "), process.execPath, server, id, ...watch],
    {
      detached: true,
      stdio: ["pipe", log, log],
    },
  );
  closeSync(log);
  let failed: Error | null = null;
  child.once("error", (error) => (failed = error));
  child.once("exit", (status) => (failed = new Error(`the mirror ended with ${status}: see ${folder}/mirror.log`)));
  await until("the mirror serves", 120, () => {
    if (failed !== null) throw failed;
    return readFileSync(join(folder, "mirror.log"), "utf8").includes("serves");
  });
  child.unref();
  // It is held open for as long as this process lives, which is what the mirror watches.
  (child.stdin as unknown as { unref: () => void } | null)?.unref();
}

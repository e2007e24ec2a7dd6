/** Makes archives of loaded classes where they are missing. They save time and nothing else: where one cannot be made, all else goes on. */
import type { MakeOptions } from "../artifacts/class-archive.ts";
import { KctlError, faultsOf, type Fault } from "../fault.ts";
import type { ClassArchive } from "../services/desired.ts";

/**
 * The archive, or nothing: then a warning says why.
 * @param begun called once servers may start beside it
 */
export async function tryToMake(
  archive: ClassArchive,
  options: MakeOptions,
  begun: () => void = () => undefined,
): Promise<readonly ClassArchive[]> {
  const { discardClassArchive, isClassArchiveReady, makeClassArchive } = await import("../artifacts/class-archive.ts");
  const isReady = (): Promise<boolean> => isClassArchiveReady(options.cache, archive, options.java.home);
  try {
    if (!(await isReady())) await makeClassArchive(archive, options, begun);
    return [archive];
  } catch (error) {
    options.signal.throwIfAborted();
    // Where nothing can be written, a damaged one can still be removed.
    if (!(await isReady())) await discardClassArchive(archive).catch(() => undefined);
    const why =
      error instanceof KctlError ? error.faults : faultsOf(error).map((fault) => ofThisMachine(archive, fault));
    for (const fault of why) options.emit({ type: "warning", fault });
    return [];
  }
}

function ofThisMachine({ of, path }: ClassArchive, { what }: Fault): Fault {
  return {
    code: "class-archive-failed",
    where: path,
    what: `the archive of classes of ${of.name} ${of.version} could not be made: ${what}`,
    fix: "servers start without it, only slower",
  };
}

/** Moves the end of a cluster that has one. */
import { isLive } from "../../ec2/seen.ts";
import { tagDifferences } from "../../ec2/tag-differences.ts";
import { ttlFile } from "../../ec2/user-data.ts";
import { KctlError, faultsOf } from "../../fault.ts";
import type { CloudSession } from "./cloud-session.ts";
import { changeLabels } from "./labels.ts";

/**
 * The machines' own clocks first, since they end them; then the tags. Where it stops between the two, the tags have the old end still,
 * and the same command again comes to the same new one.
 */
export async function moveEnd(
  session: CloudSession,
  moment: string,
  isAbsent: (node: string) => boolean,
): Promise<void> {
  const nodes = session
    .seen()
    .instances.filter(isLive)
    .map(({ node, id }) => node ?? id);
  const away = nodes.filter(isAbsent);
  if (away.length > 0) throw new KctlError(away.map((node) => notThere(node)));
  const seconds = Date.parse(moment) / 1000;
  const script = `printf '%s\\n' ${seconds} >${ttlFile}.new && mv ${ttlFile}.new ${ttlFile}`;
  const faults = await Promise.all(
    nodes.map(async (node) => {
      try {
        const { code, stderr } = await session.shell(node).run(script, { signal: session.signal });
        return code === 0 ? [] : [notWritten(node, stderr)];
      } catch (error) {
        session.signal.throwIfAborted();
        return faultsOf(error);
      }
    }),
  );
  if (faults.flat().length > 0) throw new KctlError(faults.flat());
  const end = { expires: moment, refusals: [], obstacles: [] };
  await changeLabels(session, tagDifferences({ cluster: session.spec.name, tags: {}, end }, session.seen()));
}

function notThere(node: string): KctlError["faults"][number] {
  const what = `${node} is off, or has not let kctl in yet: it cannot be told of another end`;
  return { code: "ssh-unreachable", node, what, fix: "run `kctl up` or `kctl start --machines` first" };
}

function notWritten(node: string, stderr: string): KctlError["faults"][number] {
  const what = `${ttlFile} could not be written: ${stderr.trim()}`;
  return { code: "host-io", node, where: ttlFile, what, fix: "mend it, then run the command again" };
}

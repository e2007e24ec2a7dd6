/** Who may reach port 22: what the spec says, or this machine alone, by the address that AWS sees it at. */
import { isIPv4 } from "node:net";
import type { AwsSpec } from "../../ec2/want-cloud.ts";
import { KctlError } from "../../fault.ts";

/** AWS's own service for this question (Amazon EC2 User Guide, "Security group rules for different use cases"). */
const service = "https://checkip.amazonaws.com/";

/** Asked once, where the spec says `auto`. */
export function operatorRanges({ access }: AwsSpec, signal: AbortSignal): () => Promise<readonly string[]> {
  let asked: Promise<readonly string[]> | null = null;
  const ask = async (): Promise<readonly string[]> => {
    const ranges = access.ssh.map(async (one) => (one === "auto" ? `${await ownAddress(signal)}/32` : one));
    return [...new Set(await Promise.all(ranges))];
  };
  return () => (asked ??= ask());
}

async function ownAddress(signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(service, { signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]) });
    const text = (await answer.text()).trim();
    if (isIPv4(text)) return text;
    throw new Error(`it says ${JSON.stringify(text.slice(0, 50))}`);
  } catch (error) {
    signal.throwIfAborted();
    throw new KctlError(
      {
        code: "aws-unreachable",
        where: service,
        what: `the address that this machine is seen at could not be found out: ${(error as Error).message}`,
        fix: "write who may reach port 22: `access: { ssh: [203.0.113.7/32] }`",
      },
      { cause: error },
    );
  }
}

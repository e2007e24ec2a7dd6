/** The receipt of a cluster, as far as its machines can be asked for it. */
import type { Provider } from "../providers/provider.ts";

/**
 * Null as well where no machine of kctl's own making can be reached: what is wrong outside of them may be why, and is seen without a
 * receipt. Nothing is planned for what was not reached.
 */
export async function readReceipt(provider: Provider): Promise<string | null> {
  try {
    return await provider.readReceipt();
  } catch (error) {
    if (provider.fleet === null || !provider.unreachable(error)) throw error;
    return null;
  }
}

/** `up` stopped at ten points, in turn by SIGKILL and by SIGINT: the next `up` converges. The full run has the other half. */
import { interruptedAt, killedAt, moments } from "./stopped-at.ts";

for (const [index, moment] of moments.entries()) {
  if (index % 2 === 0) killedAt(moment);
  else interruptedAt(moment);
}

/** `up` stopped at ten points, by what test/e2e/killed.test.ts does not try there: the next `up` converges. */
import { interruptedAt, killedAt, moments } from "../e2e/stopped-at.ts";

for (const [index, moment] of moments.entries()) {
  if (index % 2 === 0) interruptedAt(moment);
  else killedAt(moment);
}

/** Builds the base image before the first test of the lab, which else would wait for it. */
import { prepareBase } from "./base.ts";

// oxlint-disable-next-line import/no-default-export -- vitest calls a global set-up by this export
export default function setup(): void {
  prepareBase();
}

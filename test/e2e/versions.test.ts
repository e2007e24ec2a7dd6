/** The newest Kafka with KRaft, up the same ladder; `npm run test:full` takes every version up it. */
import { versionLadder } from "./version-ladder.ts";

versionLadder({ version: "4.3.1", mode: "kraft" });

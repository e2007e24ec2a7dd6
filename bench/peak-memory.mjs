// Loaded before the program: tells its peak memory, in KiB, on file descriptor 3 when it ends.
import { writeSync } from "node:fs";
process.on("exit", () => {
  try {
    writeSync(3, String(process.resourceUsage().maxRSS));
  } catch {
    // Nobody listens there: a process that this one started.
  }
});

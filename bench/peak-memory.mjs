// Loaded before the program: tells its peak memory, in KiB, and the seconds of processor time that it took, on file descriptor 3 when it ends.
import { writeSync } from "node:fs";
process.on("exit", () => {
  try {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    writeSync(3, `${maxRSS} ${(userCPUTime + systemCPUTime) / 1e6}`);
  } catch {
    // Nobody listens there: a process that this one started.
  }
});

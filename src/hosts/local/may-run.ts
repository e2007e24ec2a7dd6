/** Whether a process with this pid may be running: what was left under its name is somebody's as long as it may. */
import { errnoOf } from "./io-fault.ts";

export function mayRun(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}

/** Ends one lab. Its mirror starts this when the lab's owner is gone. */
import { leaveGroups } from "./cgroups.ts";
import { removeLab } from "./state.ts";

const [id] = process.argv.slice(2);
if (id !== undefined) {
  leaveGroups();
  await removeLab(id);
}

/** A process that has a lab, says so, and lives until it is killed: lab.test.ts sees what becomes of the lab. */
import { lab } from "./lab.ts";

const { id } = await lab({ hosts: 1 });
console.log(id);
setInterval(() => undefined, 60_000);

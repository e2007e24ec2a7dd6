/**
 * `npm run bench`: figures that kctl promises, measured on the packed and installed program; exits with 1 over a limit. Those of this
 * machine, or with `--ssh` those of machines over SSH. `--write` writes them to docs/benchmarks.md or docs/benchmarks-ssh.md.
 */
if (process.argv.includes("--ssh")) await import("./ssh.ts");
else await import("./local.ts");

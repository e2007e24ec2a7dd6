#!/usr/bin/env node
// The way in. Written so that an old Node can read it: it must be able to say that it is too old.
"use strict";
var needed = [24, 12];
var found = process.versions.node.split(".").map(Number);

if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  var what = "kctl needs Node.js " + needed.join(".") + " or later, and this is " + process.versions.node;
  var fix = "install a newer Node.js (for example with `npm install --global node@24`, or from nodejs.org)";
  if (process.argv.indexOf("--json") === -1) {
    process.stderr.write("error: " + what + "\n  fix: " + fix + "\n");
  } else {
    var fault = { code: "node-too-old", what: what, where: null, fix: fix, node: null };
    process.stdout.write(JSON.stringify({ type: "result", ok: false, errors: [fault] }) + "\n");
  }
  process.exitCode = 1;
} else {
  import("./start.js");
}

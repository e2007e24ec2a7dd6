#!/usr/bin/env node
/** The way in, in the JavaScript of 2010: an old Node must get as far as saying that it is too old. */
"use strict";

var needed = require("../package.json").engines.node.replace(">=", "");

function isOld() {
  var want = needed.split(".");
  var have = process.versions.node.split(".");
  return Number(have[0]) < Number(want[0]) || (have[0] === want[0] && Number(have[1]) < Number(want[1]));
}

function refuse() {
  var what = "kctl needs Node.js " + needed + " or later, and this is " + process.versions.node;
  var fix =
    "install a newer Node.js, from nodejs.org or with your package manager (a clone brings its own: run `npx kctl` in it)";
  if (process.argv.indexOf("--json") === -1) {
    process.stderr.write("error: " + what + "\n  fix: " + fix + "\n");
  } else {
    var fault = { code: "node-too-old", what: what, where: null, fix: fix, node: null };
    process.stdout.write(JSON.stringify({ type: "result", ok: false, errors: [fault] }) + "\n");
  }
  process.exitCode = 1;
}

if (isOld()) refuse();
else require("./start.js");

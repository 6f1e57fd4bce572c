#!/usr/bin/env bash
# on-this-node.sh VERSION: runs the installed package in the current folder, by the Node of this version that is first in PATH.
set -euo pipefail
found=$(node --version)
case $found in
  "v$1" | "v$1".*) ;;
  *)
    echo "Node $found is first in PATH, not $1" >&2
    exit 1
    ;;
esac
node quick-start.mjs
node first-page.mjs
node node_modules/rollcall/dist/cli/process/main.js --version >/dev/null
node node_modules/rollcall/dist/cli/process/main.js help sync >/dev/null
# On Node 20 and 22, require() of a module prints a warning that it is experimental.
node --disable-warning=ExperimentalWarning -e "
  if (typeof require('rollcall').sync !== 'function') throw new Error('require() returns no sync');
  if (typeof require('rollcall/simulator').startOrg !== 'function') throw new Error('require() returns no startOrg');
"
echo "-- Node $found: works"

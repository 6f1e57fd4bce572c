#!/usr/bin/env bash
# Packs the package as it would be published, checks its exports and types, installs it into an empty project, and
# runs a first program there.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm run build
npx publint --strict
npm pack --pack-destination "$work" --silent >/dev/null
tarball=$(ls "$work"/rollcall-*.tgz)
npx attw "$tarball" --profile esm-only
cp test/package/quick-start.mjs "$work/"
cd "$work"
npm init -y >/dev/null
npm install --no-audit --no-fund "$tarball" >/dev/null
node quick-start.mjs

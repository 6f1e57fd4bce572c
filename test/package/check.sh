#!/usr/bin/env bash
# Packs the package as it would be published, holds its public surface, types, size and dependencies to what was agreed,
# installs it into an empty project, and runs its first programs there.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What the package may weigh: the tarball, and packages that an install brings along. These are alarms for what slips in
# unseen (a dependency, data of a test); a feature that is meant may raise them in the commit that brings it.
most_tarball_kb=750
most_packages=60
at_most() { # what, found, most
  echo "-- $1: $2"
  [ "$2" -le "$3" ] || { echo "$1: $2 is over $3, the limit that $0 sets" >&2; exit 1; }
}

npm run build
npx publint --strict
echo '-- the public surface is the one on record (after a change that is meant: npm run api)'
mkdir -p node_modules/.cache/api-extractor
for config in test/package/api-extractor*.json; do npx api-extractor run -c "$config"; done
if grep -nE '[:<|(,] any\b' test/package/api/*.api.md; then
  echo 'the public surface holds an any' >&2
  exit 1
fi

npm pack --pack-destination "$work" --silent >/dev/null
tarball=$(ls "$work"/rollcall-*.tgz)
npx attw "$tarball" --profile esm-only
size=$(($(stat -c %s "$tarball") / 1024))
at_most 'KB of the tarball' "$size" "$most_tarball_kb"

cp test/package/quick-start.mjs test/package/consumer.ts "$work/"
cd "$work"
npm init -y >/dev/null
npm install --no-audit --no-fund "$tarball" >/dev/null
packages=$(find node_modules -name package.json -path '*node_modules/*' -not -path '*/test/*' | grep -cE 'node_modules/(@[^/]+/)?[^/@]+/package.json$')
at_most 'packages installed' "$packages" "$most_packages"
node -e "
  const { scripts } = JSON.parse(require('fs').readFileSync('node_modules/rollcall/package.json', 'utf8'));
  for (const name of ['preinstall', 'install', 'postinstall'])
    if (scripts && scripts[name]) throw new Error('the package runs a script when it is installed');
"
node quick-start.mjs
npx rollcall --version
node -e "
  if (!process.features.require_module) console.log('this Node cannot require() a module: not checked');
  else if (typeof require('rollcall').sync !== 'function') throw new Error('require() gives no sync');
  else console.log('require() works');
" 2>/dev/null

echo '-- types, as the resolutions of node16, nodenext and bundlers see them'
npm pkg set type=module >/dev/null
npm install --no-audit --no-fund --save-dev "@types/node@20" >/dev/null
tsc=$root/node_modules/typescript/bin/tsc
for resolution in node16 nodenext; do
  node "$tsc" --noEmit --strict --target es2023 --module "$resolution" --types node consumer.ts
done
node "$tsc" --noEmit --strict --target es2023 --module esnext --moduleResolution bundler --types node consumer.ts
echo '-- package check done'

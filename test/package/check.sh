#!/usr/bin/env bash
# Packs the package as it would be published, holds its public surface, types, size and dependencies to what was agreed,
# installs it into an empty project, and runs its first programs there.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What the package may weigh: the code, the documentation that its first page links to, and the packages that an install brings
# along. These are alarms for what slips in unseen (a dependency, data of a test); a feature that is meant may raise them in the
# commit that brings it.
most_code_kb=800
most_docs_kb=495
most_packages=60
# The first version of each supported line of Node that can require() a module, and the newest lines.
nodes='20.19.0 22.12.0 24 26'
at_most() { # what, found, most
  echo "-- $1: $2"
  [ "$2" -le "$3" ] || { echo "$1: $2 is over $3, the limit that $0 sets" >&2; exit 1; }
}

# The versions of Node are fetched while the package is built and checked.
for version in $nodes; do npx --yes --package "node@$version" -- true; done &
fetching=$!

# As from a clean clone: npm pack must build the package itself.
rm -rf dist
npm pack --pack-destination "$work" --silent >/dev/null
tarball=$(ls "$work"/rollcall-*.tgz)
npx publint --strict "$tarball"
npx attw "$tarball" --profile esm-only
tar xzf "$tarball" -C "$work"
packed_kb() { echo $(($(tar cz -C "$work/package" "$@" | wc -c) / 1024)); }
at_most 'KB of the code, packed' "$(packed_kb dist package.json README.md LICENSE)" "$most_code_kb"
at_most 'KB of docs and examples, packed' "$(packed_kb docs examples bench src CHANGELOG.md)" "$most_docs_kb"

echo '-- the public surface is the one on record (after a change that is meant: npm run api)'
mkdir -p node_modules/.cache/api-extractor
for config in test/package/api-extractor*.json; do npx api-extractor run -c "$config"; done
if grep -nE '[:<|(,] any\b' test/package/api/*.api.md; then
  echo 'the public surface holds an any' >&2
  exit 1
fi

mkdir "$work/project"
cp test/package/quick-start.mjs test/package/first-page.mjs test/package/consumer.ts "$work/project/"
cd "$work/project"
npm init -y >/dev/null
npm install --no-audit --no-fund "$tarball" >/dev/null
packages=$(find node_modules -name package.json -path '*node_modules/*' -not -path '*/test/*' | grep -cE 'node_modules/(@[^/]+/)?[^/@]+/package.json$')
at_most 'packages installed' "$packages" "$most_packages"
node -e "
  const { scripts } = JSON.parse(require('fs').readFileSync('node_modules/rollcall/package.json', 'utf8'));
  for (const name of ['preinstall', 'install', 'postinstall'])
    if (scripts && scripts[name]) throw new Error('the package runs a script when it is installed');
"

wait "$fetching"
echo '-- the first program, the command line and require(), on each supported version of Node'
for version in $nodes; do
  npx --yes --package "node@$version" -- bash "$root/test/package/on-this-node.sh" "$version"
done

node "$root/test/package/container.mjs" "$tarball"

echo '-- types, as the resolutions of node16, nodenext and bundlers see them'
npm pkg set type=module >/dev/null
npm install --no-audit --no-fund --save-dev "@types/node@20" >/dev/null
tsc=$root/node_modules/typescript/bin/tsc
for resolution in node16 nodenext; do
  node "$tsc" --noEmit --strict --target es2023 --module "$resolution" --types node consumer.ts
done
node "$tsc" --noEmit --strict --target es2023 --module esnext --moduleResolution bundler --types node consumer.ts
echo '-- package check done'

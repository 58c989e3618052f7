#!/bin/sh
# jsfive, a reader of HDF5 in JavaScript, shows no attribute of an object that has more than eight in a file of the newer formats, without a word.
#
# Guess before running: attributes in HDF5's dense storage (fractal heap and B-tree of version 2, used from the ninth on where h5py's libver is "v108"
#   or "latest") are read, or refused by an error, as jsfive does with the chunk indices of these formats.
# Version: jsfive 0.4.2 from npm; files by Debian 12's python3-h5py-serial 3.7.0-8 with libhdf5 1.10.8+repack1-1.
# Behaviour: with eight attributes all are there; with nine, none: `attrs` is an empty object, of groups as of datasets. Values and names of members
#   are right. Files of h5py's default format are read whole. A viewer in the browser then shows runs without their settings.
# Output seen:
#   default format: 8 of 8, 9 of 9, 20 of 20 attributes; value 2.5
#   v108: 8 of 8, 0 of 9, 0 of 20 attributes; value 2.5
#   latest: 8 of 8, 0 of 9, 0 of 20 attributes; value 2.5
# What to do instead: h5wasm, which is HDF5 itself, or files of the default format.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
/usr/bin/python3 - <<'P' || { echo "finding: python3-h5py is missing; what is said here is not checked" >&2; exit 1; }
import h5py

for name, options in (("default format", {}), ("v108", {"libver": ("v108", "v108")}), ("latest", {"libver": "latest"})):
    for attributes in (8, 9, 20):
        with h5py.File(f"{name}-{attributes}.h5", "w", **options) as file:
            file["run/loss"] = 2.5
            for i in range(attributes):
                file["run"].attrs[f"setting_{i}"] = i
                file["run/loss"].attrs[f"setting_{i}"] = i
P
npm install --silent --no-save jsfive@0.4.2 > install.log 2>&1 ||
  { cat install.log >&2; echo "finding: this version cannot be had; what is said here is not checked" >&2; exit 1; }
cat > read.cjs <<'J'
const fs = require('fs'), hdf5 = require('jsfive');
for (const name of ['default format', 'v108', 'latest']) {
  let value;
  const seen = [8, 9, 20].map(attributes => {
    const file = new hdf5.File(new Uint8Array(fs.readFileSync(`${name}-${attributes}.h5`)).buffer);
    const [group, dataset] = ['run', 'run/loss'].map(path => Object.keys(file.get(path).attrs).length);
    if (group !== dataset) console.log('a group and a dataset differ');
    value = file.get('run/loss').value[0];
    return `${group} of ${attributes}`;
  });
  console.log(`${name}: ${seen.join(', ')} attributes; value ${value}`);
}
J
node read.cjs | tee seen
cat > expected <<'SEEN'
default format: 8 of 8, 9 of 9, 20 of 20 attributes; value 2.5
v108: 8 of 8, 0 of 9, 0 of 20 attributes; value 2.5
latest: 8 of 8, 0 of 9, 0 of 20 attributes; value 2.5
SEEN
cmp -s seen expected || { echo "finding: the behaviour has changed" >&2; exit 1; }
echo "finding: as stated"

#!/bin/sh
# jsfive, a reader of HDF5 in JavaScript, has holes instead of the fill value where a dataset was never written, and no error.
#
# Guess before running: elements in chunks that do not exist have the dataset's fill value, as every reader has them that is built on HDF5 itself.
# Version: jsfive 0.4.2 and h5wasm 0.10.3 from npm; the file by Debian 12's python3-h5py-serial 3.7.0-8 with libhdf5 1.10.8+repack1-1.
# Behaviour: the array has the right length, but nothing at these places: they read as undefined, `forEach` and `reduce` pass over them, so that
#   a sum or a mean is that of the other elements, and a loop by index gives NaN. A run that ended early, its later steps filled with NaN on purpose,
#   looks shorter; one whose fill value is 1 loses it. Datasets of one piece that were never written are alike.
# Output seen:
#   jsfive: length 6, sum by reduce 3, sum by index NaN, at 4: undefined; never written: undefined
#   h5wasm: length 6, sum by reduce 7, sum by index 7, at 4: 1; never written: 7
# What to do instead: h5wasm, or write every element.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
/usr/bin/python3 - <<'P' || { echo "finding: python3-h5py is missing; what is said here is not checked" >&2; exit 1; }
import h5py

with h5py.File("run.h5", "w") as file:
    loss = file.create_dataset("loss", shape=(6,), chunks=(2,), dtype="f8", fillvalue=1.0)
    loss[:2] = [2.0, 1.0]  # the first chunk of three; the others do not exist
    file.create_dataset("whole", shape=(1,), dtype="f8", fillvalue=7.0)
P
npm install --silent --no-save jsfive@0.4.2 h5wasm@0.10.3 > install.log 2>&1 ||
  { cat install.log >&2; echo "finding: these versions cannot be had; what is said here is not checked" >&2; exit 1; }
cat > read.mjs <<'J'
import fs from 'fs';
import * as jsfive from 'jsfive';
import h5wasm from 'h5wasm/node';
await h5wasm.ready;
const bytes = new Uint8Array(fs.readFileSync('run.h5')).buffer;
for (const [name, file] of [['jsfive', new jsfive.File(bytes)], ['h5wasm', new h5wasm.File('run.h5', 'r')]]) {
  const loss = file.get('loss').value;
  let byIndex = 0;
  for (let i = 0; i < loss.length; i++) byIndex += loss[i];
  console.log(`${name}: length ${loss.length}, sum by reduce ${loss.reduce((a, b) => a + b)}, sum by index ${byIndex}, at 4: ${loss[4]}; never written: ${file.get('whole').value[0]}`);
}
J
node read.mjs | tee seen
cat > expected <<'SEEN'
jsfive: length 6, sum by reduce 3, sum by index NaN, at 4: undefined; never written: undefined
h5wasm: length 6, sum by reduce 7, sum by index 7, at 4: 1; never written: 7
SEEN
cmp -s seen expected || { echo "finding: the behaviour has changed" >&2; exit 1; }
echo "finding: as stated"

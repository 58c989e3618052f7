#!/bin/sh
# Runs the commands of docs/gallery.md, writes what they print below them, and with --pictures makes its pictures anew.
#   sh scripts/gallery.sh              the commands alone: half a minute of processor time
#   sh scripts/gallery.sh --pictures   the studies behind the pictures, too: about fifteen minutes; files that exist in out/ are taken as they are
set -eu
unset CDPATH
cd "$(dirname "$0")/.."
python=${PYTHON:-/usr/bin/python3}

# Picture in out/, picture in docs/: 128 colours
reduce() {
  "$python" -c 'import sys; from PIL import Image; Image.open(sys.argv[1]).convert("RGB").quantize(128, dither=0).save(sys.argv[2], optimize=True)' "$1" "$2"
}

[ "$#" -eq 0 ] || [ "$*" = --pictures ] || { echo "usage: sh scripts/gallery.sh [--pictures]" >&2; exit 2; }
sh scripts/build.sh
mkdir -p out
if [ "${1:-}" = --pictures ]; then
  for name in coordcheck sweep compare depth granularity; do
    [ -e "out/$name.png" ] || sh scripts/study.sh "$name"
    reduce "out/$name.png" "docs/study_$name.png"
  done
  "$python" validation/transfer.py
  reduce out/transfer.png docs/transfer.png
fi

# Every block of sh with a block of text behind it: the text becomes what the commands print.
"$python" - docs/gallery.md <<'END'
import pathlib
import re
import subprocess
import sys

page = pathlib.Path(sys.argv[1])


def run(cell):
    done = subprocess.run(["sh", "-euc", cell[1]], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"gallery: {cell[1].strip()}\n{done.stderr}")
    return f"```sh\n{cell[1]}```\n\n```text\n{done.stdout.strip()}\n```"


page.write_text(re.sub(r"```sh\n(.*?)```\n\n```text\n.*?\n```", run, page.read_text(), flags=re.S))
END
echo "gallery: docs/gallery.md"

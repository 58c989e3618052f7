#!/bin/sh
# Of experts with equal scores PyTorch's topk takes others for top-2 than for top-1, often some from the middle.
#
# Guess before running: topk(1) takes index 0 among equal scores, as argmax does, and choices are nested: top-1 is one of top-2, and these are
#   two of top-4, in every row alike. (A router that starts at zero gives every token equal scores.)
# Version: Debian 12, python3-torch 1.13.1+dfsg-4, on the CPU.
# Behaviour: all rows are alike, but which experts they take depends on how many there are and how many are taken. Up to one in 64 experts it is
#   the first ones, in any order; beyond that, some from the middle. Of 64 experts top-1 takes 0 and top-2 takes 42 and 43; of 8, top-1 takes 6.
#   A router that starts at zero so sends the whole first batch to the same few experts, and not to those that argmax names.
#   The documentation of 1.13 is silent; that of later versions says that indices of ties are not stable (pytorch/pytorch 27542).
# Output seen:
#   4 experts: argmax 0; top-1 2; top-2 2, 3; top-4 2, 3, 0, 1
#   8 experts: argmax 0; top-1 6; top-2 6, 5; top-4 6, 5, 4, 7
#   64 experts: argmax 0; top-1 0; top-2 42, 43; top-4 42, 43, 44, 41
#   128 experts: argmax 0; top-1 0; top-2 0, 1; top-4 86, 85, 84, 87
#   256 experts: argmax 0; top-1 0; top-2 0, 1; top-4 1, 3, 0, 2
# What to do instead: break ties by a small noise on the scores; torch.sort(stable=True, descending=True) takes the first.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir partial
version=1.13.1+dfsg-4
apt-get -qq -y --reinstall --no-install-recommends --download-only -o Debug::NoLocking=1 -o Dir::Cache::archives="$work" \
  install python3-torch=$version libtorch1.13=$version > download.log 2>&1 ||
  { cat download.log >&2; echo "finding: these versions cannot be had; what is said here is not checked" >&2; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
cat > ties.py <<'P'
import sys
import torch

if not torch.__file__.startswith(sys.argv[1]):
    sys.exit(f"finding: not the torch that was unpacked, but {torch.__file__}")
for experts in (4, 8, 64, 128, 256):
    scores = torch.zeros(3, experts)  # (tokens, experts), all equal
    chosen = [torch.topk(scores, k).indices for k in (1, 2, 4)]
    if any((rows != rows[0]).any() for rows in chosen):
        print("rows differ")
    names = [", ".join(map(str, rows[0].tolist())) for rows in chosen]
    print(f"{experts} experts: argmax {scores.argmax(1)[0]}; top-1 {names[0]}; top-2 {names[1]}; top-4 {names[2]}")
    if torch.sort(scores, descending=True, stable=True).indices[0].tolist() != list(range(experts)):
        print("stable sort differs")
P
lib=$work/root/usr/lib/$(gcc -print-multiarch)
export LD_LIBRARY_PATH="$lib:$lib/blas:$lib/lapack" PYTHONPATH="$work/root/usr/lib/python3/dist-packages" OMP_NUM_THREADS=1
/usr/bin/python3 ties.py "$work" | tee seen
cat > expected <<'SEEN'
4 experts: argmax 0; top-1 2; top-2 2, 3; top-4 2, 3, 0, 1
8 experts: argmax 0; top-1 6; top-2 6, 5; top-4 6, 5, 4, 7
64 experts: argmax 0; top-1 0; top-2 42, 43; top-4 42, 43, 44, 41
128 experts: argmax 0; top-1 0; top-2 0, 1; top-4 86, 85, 84, 87
256 experts: argmax 0; top-1 0; top-2 0, 1; top-4 1, 3, 0, 2
SEEN
cmp -s seen expected || { echo "finding: the behaviour has changed" >&2; exit 1; }
echo "finding: as stated"

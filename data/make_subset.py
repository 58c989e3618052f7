#!/usr/bin/env python3
"""Makes data/fashion: a class-balanced subset of Fashion-MNIST, in the same format and under the same names.

Takes the first images of each class, in the order of the original files. Needs nothing but Python. The output depends
only on the input (the gzip headers hold neither name nor time).

  python3 data/make_subset.py [--source DIR] [--out DIR] [--train PER_CLASS] [--test PER_CLASS]
"""
import argparse
import gzip
import os
import struct

CLASSES = 10


def read(path, rank):
    """Extents and bytes of an IDX file of unsigned bytes."""
    with gzip.open(path, "rb") as f:
        zero, kind, dims = struct.unpack(">HBB", f.read(4))
        if (zero, kind, dims) != (0, 8, rank):
            raise SystemExit(f"{path}: not an IDX file of unsigned bytes with {rank} dimensions")
        return struct.unpack(f">{rank}I", f.read(4 * rank)), f.read()


def write(path, extents, body):
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as f:
        f.write(struct.pack(">HBB", 0, 8, len(extents)) + struct.pack(f">{len(extents)}I", *extents) + body)


def first_of_each(labels, per_class):
    """Indices of the first per_class samples of every class, ascending."""
    left = [per_class] * CLASSES
    kept = []
    for index, label in enumerate(labels):
        if left[label]:
            left[label] -= 1
            kept.append(index)
    if any(left):
        raise SystemExit(f"fewer than {per_class} samples in class {left.index(max(left))}")
    return kept


def subset(source, out, part, per_class):
    images, labels = f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz"
    (count, height, width), pixels = read(os.path.join(source, images), 3)
    (labelled,), label = read(os.path.join(source, labels), 1)
    size = height * width
    if count != labelled or len(label) != count or len(pixels) != count * size:
        raise SystemExit(f"{source}: {images} and {labels} do not fit together")
    kept = first_of_each(label, per_class)
    write(os.path.join(out, images), (len(kept), height, width), b"".join(pixels[i * size:(i + 1) * size] for i in kept))
    write(os.path.join(out, labels), (len(kept),), bytes(label[i] for i in kept))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist", help="folder of the original files")
    parser.add_argument("--out", default=os.path.join(here, "fashion"), help="folder to write to")
    parser.add_argument("--train", type=int, default=160, help="train images per class")
    parser.add_argument("--test", type=int, default=40, help="test images per class")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    subset(args.source, args.out, "train", args.train)
    subset(args.source, args.out, "t10k", args.test)


if __name__ == "__main__":
    main()

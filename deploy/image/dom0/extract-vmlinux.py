"""Writes the uncompressed ELF kernel inside a vmlinuz: extract-vmlinux.py VMLINUZ VMLINUX"""

import lzma
import subprocess
import sys
import zlib


def unzstd(data):
    return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True).stdout


FORMATS = [
    (b"\xfd7zXZ\0", lambda data: lzma.LZMADecompressor().decompress(data)),
    (b"\x1f\x8b\x08", lambda data: zlib.decompressobj(31).decompress(data)),
    (b"\x28\xb5\x2f\xfd", unzstd),
]


def kernel_in(image):
    for magic, unpack in FORMATS:
        at = image.find(magic)
        while at >= 0:
            try:
                kernel = unpack(image[at:])
                if kernel[:4] == b"\x7fELF":
                    return kernel
            except (lzma.LZMAError, zlib.error):
                pass  # the magic number turned up by chance
            at = image.find(magic, at + 1)
    sys.exit(f"{sys.argv[1]}: no compressed ELF kernel found")


with open(sys.argv[1], "rb") as source:
    vmlinux = kernel_in(source.read())
with open(sys.argv[2], "wb") as target:
    target.write(vmlinux)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""mkinitramfs.py OUT TARGET=FILE... - write an uncompressed newc cpio archive.

TARGET is the path inside the archive; every file is executable.  The folders
that an init script mounts on and /dev/console are added.  Needs no root, and
gives the same bytes for the same input.
"""

import stat
import sys

DIRS = ('bin', 'dev', 'proc', 'sys', 'tmp', 'host', 'lib', 'mod')


class Archive:
    """A cpio archive in newc format, being written."""

    def __init__(self, out):
        self.out, self.inode = out, 0

    def pad(self):
        self.out.write(b'\0' * (-self.out.tell() % 4))

    def add(self, name, mode, data=b'', rdev=(0, 0)):
        self.inode += 1
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev,
                  len(name) + 1, 0)
        header = '070701' + ''.join('%08x' % f for f in fields) + name + '\0'
        self.out.write(header.encode())
        self.pad()
        self.out.write(data)
        self.pad()


def main(path, files):
    with open(path, 'wb') as out:
        archive = Archive(out)
        for name in DIRS:
            archive.add(name, stat.S_IFDIR | 0o755)
        archive.add('dev/console', stat.S_IFCHR | 0o600, rdev=(5, 1))
        for target, source in (f.split('=', 1) for f in files):
            with open(source, 'rb') as f:
                archive.add(target, stat.S_IFREG | 0o755, f.read())
        archive.add('TRAILER!!!', 0)


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2:])

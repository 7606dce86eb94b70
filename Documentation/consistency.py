# SPDX-License-Identifier: GPL-2.0
#
# What the documents say twice, or say of the code, has to agree. A Sphinx
# extension; each difference is one warning, so `sphinx -W` fails.
#
#   * The table of contexts in api.rst has a row for each exported symbol and none
#     else, and each of them has its kernel-doc on that page.
#   * The kernel-doc of each exported function says Context, and Return where it
#     returns something.
#   * README.md has the text of samples/talloc_first.c, and names every file.

import fnmatch
import glob
import os
import re
import subprocess

from sphinx.util import logging

logger = logging.getLogger(__name__)

EXPORT = re.compile(r'^EXPORT_SYMBOL_TALLOC\((\w+)\);', re.M)
ROW = re.compile(r'^ *\* - :c:\w+:`(\w+)(?:\(\))?`', re.M)
IDENTIFIERS = re.compile(r':identifiers:((?: *\w+| *\n {9,}\w+)+)')
KERNEL_DOC = re.compile(r'^/\*\*\n \* (\w+)\(\) - ((?:.|\n)*?)\*/\n((?:[^\n]|\n[^\n{;])*)', re.M)


def read(top, path):
    with open(os.path.join(top, path), encoding='utf-8') as f:
        return f.read()


def sources(top):
    return [os.path.relpath(p, top) for p in
            sorted(glob.glob(top + '/*.c') + glob.glob(top + '/include/linux/*.h'))]


def exports(top):
    """Exported symbols; a macro without the underscores is what drivers call."""
    return {name.lstrip('_') for path in sources(top)
            for name in EXPORT.findall(read(top, path))}


def comments(top):
    """The kernel-doc of each function, with the line that follows it."""
    return {m[0]: (m[1], m[2]) for path in sources(top)
            for m in KERNEL_DOC.findall(read(top, path))}


def table_rows(text):
    """First cells of the table that begins at the label "contexts"."""
    table = text.partition('.. _contexts:')[2].partition('\n.. _')[0]
    return ROW.findall(table)


def check_api(top):
    text = read(top, 'Documentation/api.rst')
    rows = table_rows(text)
    quoted = {w for m in IDENTIFIERS.findall(text) for w in m.split()}
    exported = exports(top)
    for name in sorted(exported - set(rows)):
        yield 'api.rst: %s() is exported and has no row in the table of contexts' % name
    for name in sorted(set(rows) - exported):
        yield 'api.rst: %s() is in the table of contexts and is not exported' % name
    for name in sorted({r for r in rows if rows.count(r) > 1}):
        yield 'api.rst: %s() has more than one row' % name
    for name in sorted(exported - quoted):
        yield 'api.rst: the kernel-doc of %s() is on no page' % name


def check_kernel_doc(top):
    docs = comments(top)
    for name in sorted(exports(top)):
        comment, code = docs.get(name, (None, ''))
        if comment is None:
            yield '%s() is exported and has no kernel-doc' % name
            continue
        if ' * Context:' not in comment:
            yield 'the kernel-doc of %s() does not say Context' % name
        if ' * Return:' not in comment and not code.startswith('void '):
            yield 'the kernel-doc of %s() does not say Return' % name


def files(top):
    """Those that git knows, also in a tree that is another user's; none if it cannot tell."""
    try:
        out = subprocess.run(['git', '-c', 'safe.directory=*', '-C', top, 'ls-files'],
                             check=True, capture_output=True, text=True).stdout.split('\n')
    except (OSError, subprocess.CalledProcessError):
        out = []
    return [f for f in out if f and os.path.exists(os.path.join(top, f))]


def check_readme(top):
    text = read(top, 'README.md')
    if read(top, 'samples/talloc_first.c').strip() not in text:
        yield 'README.md does not have the text of samples/talloc_first.c'
    named = set(re.findall(r'`([\w./*-]+)`', text.partition('\n## Files\n')[2]))
    known = files(top)
    if not known:
        yield 'README.md: git does not say which files there are'
    for f in known:
        if f != 'README.md' and not any(fnmatch.fnmatch(f, name) for name in named):
            yield 'README.md: the map has no line for %s' % f
    for name in sorted(n for n in named if '/' in n):
        if not glob.glob(os.path.join(top, name)):
            yield 'README.md: there is no %s' % name


def check(app):
    top = app.config.kerneldoc_srctree
    for checks in check_api, check_kernel_doc, check_readme:
        for difference in checks(top):
            logger.warning(difference)


def setup(app):
    app.connect('builder-inited', check)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}

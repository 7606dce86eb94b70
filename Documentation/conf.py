# SPDX-License-Identifier: GPL-2.0
#
# Sphinx for talloc. tools/docs builds the pages with -W; by hand:
#
#   KSRC=/path/to/linux python3 -m sphinx -W -b html Documentation OUT
#
# KSRC is a kernel source tree, for its kerneldoc extension and scripts/kernel-doc.
#
# Beside the pages, consistency.py checks what would otherwise grow apart from the
# code: the table of contexts, the kernel-doc of the exports, the README's driver
# and its map of the files. Each difference is a Sphinx warning.

import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
srctree = os.environ.get('srctree', os.path.dirname(here))
ksrc = os.environ.get('KSRC')
if not ksrc:
    sys.exit('Documentation/conf.py: set KSRC to a kernel source tree (or run tools/docs)')

sys.dont_write_bytecode = True
sys.path[:0] = [here, os.path.join(ksrc, 'Documentation/sphinx')]

project = 'talloc'
copyright = 'the talloc authors'
author = 'the talloc authors'

needs_sphinx = '3.0'
extensions = ['kerneldoc', 'consistency']
kerneldoc_bin = os.path.join(ksrc, 'scripts/kernel-doc')
kerneldoc_srctree = srctree

master_doc = 'index'
exclude_patterns = ['_build', 'sphinx']
primary_domain = 'c'
highlight_language = 'c'
nitpicky = False

html_theme = 'alabaster'
html_theme_options = {
    'description': 'heaps inside memory regions, for Linux drivers',
    'page_width': '1080px',
    'sidebar_width': '220px',
}
html_sidebars = {'**': ['about.html', 'navigation.html', 'searchbox.html']}
html_show_sourcelink = False

# What kernel-doc and the pages write before names that C knows.
c_id_attributes = ['__alloc_size', '__malloc', '__must_check', '__always_inline',
                   '__iomem']

# SPDX-License-Identifier: GPL-2.0
"""plot.py - the plots of bench.py's records, as SVG.

    python3 tools/bench/plot.py OUT     once more, from OUT/bench.json
"""

import json
import os
import sys

import matplotlib

matplotlib.use('svg')
# The same records give the same file; text stays text.
matplotlib.rcParams.update({'svg.hashsalt': 'talloc', 'svg.fonttype': 'none',
                            'font.size': 9, 'axes.grid': True, 'grid.alpha': 0.3,
                            'axes.spines.top': False, 'axes.spines.right': False})
from matplotlib import pyplot	# noqa: E402

TALLOC = {'talloc': '#c00000', 'talloc-nomap': '#e07020', 'talloc-nokept': '#ff80a0',
          'talloc-detached': '#d0a000'}
OTHERS = ['#204080', '#408040', '#703090', '#108090', '#806040', '#707070', '#a050a0',
          '#50a050', '#5080c0']
MARKERS = 'osD^v<>PXph*'

TAIL = ('steady-12-64m-50', 'vectors')	# the first of them that there is
FRAGMENTATION = ('steady-12-1m-90', 'vectors')


class Style:
    """One colour and marker for each heap, the same in all plots."""

    def __init__(self, names):
        others = [n for n in names if n not in TALLOC]
        self.colours = dict(TALLOC, **{n: OTHERS[i % len(OTHERS)]
                                       for i, n in enumerate(others)})
        self.markers = {n: MARKERS[i % len(MARKERS)] for i, n in enumerate(names)}

    def of(self, name):
        return {'color': self.colours[name], 'marker': self.markers[name], 'label': name,
                'linewidth': 2 if name in TALLOC else 1.2, 'markersize': 4,
                'zorder': 3 if name in TALLOC else 2}


def save(figure, axes, out, name):
    axes.legend(fontsize=8, frameon=False, loc='center left', bbox_to_anchor=(1, 0.5))
    figure.savefig(os.path.join(out, name + '.svg'), bbox_inches='tight',
                   metadata={'Date': None, 'Creator': None})
    pyplot.close(figure)


def new(title, x, y, size=(8, 4)):
    figure, axes = pyplot.subplots(figsize=size)
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, axes


def median(values):
    return sorted(values)[len(values) // 2]


def draw_fill(out, style, names, records):
    found = [r for r in records if r['measure'] == 'fill' and r.get('ns')]
    if not found:
        return
    figure, axes = new('Replacing random blocks of 1 to 4095 bytes in 64 MiB',
                       'live bytes, percent of what is live when the region is full',
                       'ns a call: median, least to most')
    for name in names:
        points = sorted((int(r['workload'].split('-')[-1]), r['ns']) for r in found
                        if r['heap'] == name)
        if not points:
            continue
        fills = [p[0] for p in points]
        axes.plot(fills, [median(p[1]) for p in points], **style.of(name))
        axes.fill_between(fills, [min(p[1]) for p in points], [max(p[1]) for p in points],
                          color=style.colours[name], alpha=0.12, linewidth=0)
    axes.set_yscale('log')
    save(figure, axes, out, 'fill')


def draw_tail(out, style, names, records):
    for kind in 'alloc', 'free':
        found = [r for r in records if r['measure'] == 'cycles' and r['kind'] == kind]
        workload = next((w for w in TAIL if any(r['workload'] == w for r in found)), None)
        if not workload:
            continue
        figure, axes = new('Cycles of single calls of %s: %s' % (kind, workload),
                           'share of calls that take more', 'TSC cycles, least of 5 runs')
        for name in names:
            for r in found:
                if (r['heap'], r['workload']) == (name, workload):
                    axes.loglog([10 ** (-i / 4) for i in range(len(r['curve']))],
                                [max(1, c) for c in r['curve']], **style.of(name))
        axes.set_ylim(bottom=10)
        axes.invert_xaxis()
        save(figure, axes, out, 'tail-' + kind)


def draw_space(out, style, names, records):
    found = {(r['workload'], r['heap']): r['space'] for r in records
             if r['measure'] == 'space'}
    workloads = list(dict.fromkeys(w for w, _ in found))
    if not workloads:
        return
    figure, axes = new('Smallest region that serves a trace',
                       'region / peak of live bytes', '',
                       (8, 1.2 + 0.32 * len(workloads)))
    names = [n for n in names if any((w, n) in found for w in workloads)]
    for name in names:
        places = [i for i, w in enumerate(workloads) if (w, name) in found]
        axes.plot([found[workloads[i], name] for i in places], places,
                  **dict(style.of(name), linestyle='none'))
    axes.set_yticks(range(len(workloads)), workloads)
    axes.set_xlim(0.99, min(1.6, max(found.values()) + 0.02))
    axes.invert_yaxis()
    save(figure, axes, out, 'space')


def draw_fragmentation(out, style, names, records):
    found = [r for r in records if r['measure'] == 'fragmentation']
    workload = next((w for w in FRAGMENTATION if any(r['workload'] == w for r in found)), None)
    if not workload:
        return
    figure, axes = new('What the largest request can have: ' + workload,
                       'calls, thousands', 'share of what is not live')
    for name in names:
        for r in found:
            if (r['heap'], r['workload']) == (name, workload):
                axes.semilogy([i * r['every'] / 1000 for i in range(len(r['values']))],
                              r['values'], **dict(style.of(name), marker=None))
    save(figure, axes, out, 'fragmentation')


def draw(out, about, records):
    """Draw all for which there are records."""
    style = Style(about['heaps'])
    for each in draw_fill, draw_tail, draw_space, draw_fragmentation:
        each(out, style, about['heaps'], records)


if __name__ == '__main__':
    with open(os.path.join(sys.argv[1], 'bench.json'), encoding='utf-8') as f:
        everything = json.load(f)
    draw(sys.argv[1], everything['about'], everything['records'])

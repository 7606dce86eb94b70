#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""report.py - tables, JSON and plots of what the bench in the kernel has logged.

Documentation/bench-kernel.rst says what is measured and how. `make bench-kernel` calls
this with the console of the kernel that it has booted. Of what was measured more than
once the least counts, and of medians the median.
"""

import argparse
import datetime
import json
import math
import os
import re
import statistics
import sys

RECORD = re.compile(r'bench: (\{.*\})')
LEAST = re.compile(r'ns|\w+_(p50|p99|p999|worst)')

RANGES = {1024: '1k units, 256 KiB', 4096: '4k units, 1 MiB', 65536: '64k units, 16 MiB',
          1048576: '1M units, 256 MiB'}

# What the plots show, and how.
STYLES = {
    'talloc': ('#c1272d', '-'),
    'talloc-nomap': ('#c1272d', '--'),
    'numbers': ('#f08a24', '-'),
    'detached': ('#f08a24', '--'),
    'pool': ('#f08a24', ':'),
    'gen_pool': ('#0b559f', '-'),
    'gen_pool-best': ('#0b559f', '--'),
    'drm_mm': ('#3f8f29', '-'),
    'drm_mm-lock': ('#3f8f29', '--'),
    'buddy': ('#7a4a9e', '-'),
    'kmalloc': ('#777777', ':'),
}


def merge(records):
    """One record of those that differ in what was measured only."""
    groups = {}
    for r in records:
        key = tuple((k, v) for k, v in r.items() if isinstance(v, (int, str)) and
                    not LEAST.fullmatch(k))
        groups.setdefault(key, []).append(r)
    merged = []
    for same in groups.values():
        one = dict(same[0])
        for k in one:
            if LEAST.fullmatch(k):
                one[k] = min(r[k] for r in same)
            elif k == 'median':
                one[k] = statistics.median(r[k] for r in same)
        merged.append(one)
    return merged


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


class Results:
    def __init__(self, records):
        self.records = merge(records)
        self.heaps = list({r['heap']: None for r in self.records if 'heap' in r})

    def values(self, measure, key, **about):
        """What @key is in each record of @measure that agrees with @about."""
        return [r[key] for r in self.records if r['measure'] == measure and key in r and
                all(r[k] == v for k, v in about.items())]

    def value(self, measure, key, **about):
        found = self.values(measure, key, **about)
        return found[0] if found else None

    def axis(self, measure, key):
        return list({r[key]: None for r in self.records if r['measure'] == measure})


class Tables:
    def __init__(self, results, out):
        self.results, self.out = results, out

    def table(self, title, columns, cell, form='%.0f'):
        """One row a heap that has any cell; cell(heap, column) is its value or None."""
        self.out.write('\n%s\n%-16s%s\n' % (title, '', ''.join('%10s' % c for c in columns)))
        for heap in self.results.heaps:
            cells = [cell(heap, c) for c in columns]
            if any(c is not None for c in cells):
                self.out.write('%-16s%s\n' % (heap, ''.join(
                    '%10s' % ('-' if c is None else form % c) for c in cells)))

    def replace(self):
        r = self.results
        fills = r.axis('replace', 'fill')
        for units in r.axis('replace', 'units'):
            self.table('ns to free one block and allocate another, by percent of the range '
                       'in use: ' + RANGES[units], fills,
                       lambda h, f: r.value('replace', 'ns', heap=h, units=units, fill=f))
        for units in r.axis('cycles', 'units'):
            for kind in 'alloc', 'free':
                self.table('cycles of the worst %s: %s' % (kind, RANGES[units]), fills,
                           lambda h, f: r.value('cycles', kind + '_worst', heap=h,
                                                units=units, fill=f))

    def same(self):
        r = self.results
        for fill in r.axis('same', 'fill'):
            # Where some calls found no room there is no time of a pair.
            self.table('ns to allocate and free one block, by its bytes, %d %% of 16 MiB in '
                       'use' % fill, r.axis('same', 'bytes'), lambda h, b: r.value(
                           'same', 'ns', heap=h, bytes=b, fill=fill, failed=0))

    def space(self):
        r = self.results
        kinds = list({w.rpartition('-')[0]: None for w in r.axis('space', 'workload')})

        def cell(heap, kind):
            some = [v for w in r.axis('space', 'workload') if w.rpartition('-')[0] == kind
                    for v in r.values('space', 'space', heap=heap, workload=w)]
            return geometric_mean(some) if some else None
        self.table('smallest range that serves a workload / the most that is live', kinds,
                   cell, '%.3f')

    def metadata(self):
        r = self.results
        self.table('bytes of metadata: a unit; a block; a block, inside of the range',
                   ['unit', 'block', 'inside'],
                   lambda h, c: r.value('metadata', c, heap=h), '%.3f')

    def ratios(self):
        """How many times as long as a heap another takes, at least and at most."""
        r = self.results
        pairs = [(h, o) for h in ('talloc', 'numbers', 'pool')
                 for o in ('gen_pool', 'gen_pool-best', 'drm_mm', 'drm_mm-lock', 'kmalloc')]
        self.out.write('\ntimes as long as talloc, numbers or pool, least and most, from 50 %% in use '
                       'on\n%-32s%20s%20s\n' % ('', 'replace', 'same'))
        for heap, other in pairs:
            cells = []
            for measure in 'replace', 'same':
                some = [theirs['ns'] / ours['ns'] for ours in r.records for theirs in r.records
                        if ours['measure'] == theirs['measure'] == measure and
                        ours['heap'] == heap and theirs['heap'] == other and
                        ours['fill'] == theirs['fill'] >= 50 and
                        ours['units'] == theirs['units'] and
                        ours.get('bytes') == theirs.get('bytes')]
                cells.append('%.2f to %.2f' % (min(some), max(some)) if some else '-')
            self.out.write('%-32s%20s%20s\n' % ('%s / %s' % (other, heap), *cells))

    def all(self):
        self.replace()
        self.same()
        self.space()
        self.metadata()
        self.ratios()


def plot_fills(results, pyplot):
    ranges = results.axis('replace', 'units')
    figure, axes = pyplot.subplots(1, len(ranges), figsize=(3.1 * len(ranges), 4.2),
                                   sharey=True, squeeze=False)
    for axis, units in zip(axes[0], ranges):
        fills = results.axis('replace', 'fill')
        for heap, (colour, line) in STYLES.items():
            axis.plot(fills, [results.value('replace', 'ns', heap=heap, units=units, fill=f)
                              for f in fills], line, color=colour, label=heap, marker='.')
        axis.set_yscale('log')
        axis.set_title(RANGES[units], fontsize=10)
        axis.set_xlabel('percent in use')
        axis.grid(True, which='major', alpha=0.3)
    axes[0][0].set_ylabel('ns to free one block\nand allocate another')
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc='lower center', ncol=5,
                  frameon=False)
    figure.tight_layout(rect=(0, 0.14, 1, 1))
    return figure


def plot_worst(results, pyplot):
    units = max(results.axis('cycles', 'units'))
    heaps = [h for h in STYLES if results.values('cycles', 'alloc_worst', heap=h)]
    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), sharex=True, sharey=True)
    for axis, kind in zip(axes, ('alloc', 'free')):
        for y, heap in enumerate(heaps):
            p50, p999, worst = (results.value('cycles', '%s_%s' % (kind, key), heap=heap,
                                              units=units, fill=90)
                                for key in ('p50', 'p999', 'worst'))
            colour = STYLES[heap][0]
            axis.plot([p50, worst], [y, y], color=colour, alpha=0.4, linewidth=5)
            axis.plot([p50], [y], 'o', color=colour)
            axis.plot([p999], [y], '|', color=colour, markersize=12)
        axis.set_xscale('log')
        axis.set_yticks(range(len(heaps)))
        axis.set_yticklabels(heaps)
        axis.set_title('%s: median, 99.9 %%, worst' % kind, fontsize=10)
        axis.set_xlabel('cycles, %s, 90 %% in use' % RANGES[units])
        axis.grid(True, axis='x', alpha=0.3)
    axes[0].invert_yaxis()
    figure.tight_layout()
    return figure


def plot_same(results, pyplot):
    sizes, fills = results.axis('same', 'bytes'), (0, 90)
    figure, axes = pyplot.subplots(1, len(fills), figsize=(10, 4.4), sharey=True)
    for axis, fill in zip(axes, fills):
        for heap, (colour, line) in STYLES.items():
            axis.plot(sizes, [results.value('same', 'ns', heap=heap, bytes=b, fill=fill,
                                            failed=0) for b in sizes], line, color=colour,
                      label=heap, marker='.')
        axis.set_xscale('log', base=2)
        axis.set_yscale('log')
        axis.set_title('%d %% of 16 MiB in use' % fill, fontsize=10)
        axis.set_xlabel('bytes')
        axis.grid(True, which='major', alpha=0.3)
    axes[0].set_ylabel('ns to allocate and free one block')
    figure.legend(*axes[0].get_legend_handles_labels(), loc='lower center', ncol=5,
                  frameon=False)
    figure.tight_layout(rect=(0, 0.13, 1, 1))
    return figure


PLOTS = {'kernel-fill': plot_fills, 'kernel-worst': plot_worst, 'kernel-same': plot_same}


def draw(results, folders):
    # Not at the top: the tables need no matplotlib.
    import matplotlib
    matplotlib.use('Agg')
    # The same figures give the same files.
    matplotlib.rcParams.update({'svg.hashsalt': 'talloc', 'svg.fonttype': 'none'})
    from matplotlib import pyplot
    for name, plot in PLOTS.items():
        figure = plot(results, pyplot)
        for folder in folders:
            figure.savefig(os.path.join(folder, name + '.svg'), metadata={'Date': None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', required=True, help='directory for what comes out')
    parser.add_argument('--plots', help='another directory for the plots')
    parser.add_argument('log', help='console of the kernel')
    options = parser.parse_args()
    folders = [options.out] + ([options.plots] if options.plots else [])
    for folder in folders:
        os.makedirs(folder, exist_ok=True)

    with open(options.log, encoding='utf-8', errors='replace') as f:
        records = [json.loads(m[1]) for m in map(RECORD.search, f) if m]
    results = Results(records)
    if not results.heaps:
        sys.exit('%s: nothing was measured' % options.log)
    now = datetime.datetime.now(datetime.timezone.utc)
    about = {'date': now.strftime('%Y-%m-%d %H:%M UTC'), 'heaps': results.heaps}
    with open(os.path.join(options.out, 'kernel.json'), 'w', encoding='utf-8') as f:
        json.dump({'about': about, 'records': results.records}, f)
        f.write('\n')
    with open(os.path.join(options.out, 'kernel.txt'), 'w', encoding='utf-8') as f:
        f.write('%(date)s\n' % about)
        Tables(results, f).all()
    with open(os.path.join(options.out, 'kernel.txt'), encoding='utf-8') as f:
        print(f.read())
    draw(results, folders)


if __name__ == '__main__':
    main()

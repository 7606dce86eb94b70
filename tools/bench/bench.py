#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""bench.py - run the bench's program over heaps and workloads; table, JSON, plots.

Documentation/bench.rst says what is measured and how. `make bench` calls this with what
it has built; by hand:

    tools/bench/bench.py --level quick --out OUT --program DIR/bench DIR/*.so TRACE...

All results are in OUT/bench.json, one object for each line that the program prints.
"""

import argparse
import datetime
import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile

import plot

STEADY = ['steady-%d-%s-%d' % (k, m, fill) for m in ('1m', '64m') for fill in (50, 90)
          for k in (8, 12, 16)]
STEADY_LARGE = ['steady-%d-1024m-%d' % (k, fill) for fill in (50, 90) for k in (8, 12, 16)]
FILLS = ['steady-12-64m-%d' % fill for fill in (10, 30, 50, 70, 80, 90, 95, 99)]
LOOPS = ['lifo-16', 'lifo-64', 'lifo-1024', 'ancestor-loop', 'vectors']
STATES = ['too-small', 'aligned', 'full']

# What each level does: workloads by measure, and how often times are taken. Where a
# measure takes traces, "traces" stands for all of them and "trace" for the smallest.
LEVELS = {
    'quick': {
        'rounds': 1,
        'check': ['trace', 'vectors'],
        'ns': ['trace', 'lifo-64', 'ancestor-loop', 'vectors', 'steady-12-1m-50'],
        'space': ['trace', 'vectors'],
        'cycles': ['vectors'],
        'calls': ['too-small'],
        'totals': ['lifo-64'],
        'fragmentation': ['vectors'],
    },
    'normal': {
        'rounds': 5,
        'check': ['traces', 'vectors'],
        'ns': ['traces'] + LOOPS + STEADY,
        'fill': FILLS,
        'space': ['traces', 'vectors'],
        'cycles': ['trace', 'steady-12-1m-50', 'steady-12-64m-50'] + STATES,
        'calls': ['trace', 'steady-12-1m-50'] + STATES,
        'totals': ['traces', 'lifo-64', 'vectors', 'steady-12-1m-50'],
        'fragmentation': ['steady-12-1m-90'],
    },
}
LEVELS['full'] = dict(LEVELS['normal'], ns=LEVELS['normal']['ns'] + STEADY_LARGE,
                      misses=['steady-8-%s-50' % m for m in ('1m', '64m', '1024m')])

# The caches that misses are counted for: lines of 64 bytes, as callgrind wants it.
CACHES = ['--cache-sim=yes', '--I1=32768,8,64', '--D1=32768,8,64', '--LL=8388608,16,64']

# jemalloc wants more of this than glibc keeps for libraries that come late.
ENVIRONMENT = dict(os.environ, GLIBC_TUNABLES='glibc.rtld.optional_static_tls=65536')

# Heaps that are measured for speed only.
MALLOCS = {'glibc', 'jemalloc', 'mimalloc', 'null'}
# Those that are built here and have a region.
OWN = {'talloc', 'talloc-nomap', 'talloc-nokept', 'talloc-detached', 'ancestor'}


def say(text):
    print('==> ' + text, flush=True)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def name_of(path):
    return os.path.basename(path).split('.')[0]


class Run:
    """One run of the bench: what to measure, and the records that came of it."""

    def __init__(self, options):
        self.options = options
        self.level = LEVELS[options.level]
        self.heaps = [p for p in options.files if p.endswith('.so')]
        self.traces = [p for p in options.files if not p.endswith('.so')]
        self.names = [name_of(h) for h in self.heaps]
        self.regions = [h for h in self.heaps if name_of(h) not in MALLOCS]
        self.records = []

    def workloads(self, measure):
        smallest = sorted(self.traces, key=os.path.getsize)[:1]
        for name in self.level.get(measure, []):
            yield from {'traces': self.traces, 'trace': smallest}.get(name, [name])

    def program(self, measure, workloads, heaps, rounds=1, under=()):
        """The records that the program prints."""
        command = list(under) + [self.options.program, '-r', str(rounds), '-s',
                                 str(self.options.seed)] + ['-H'] * self.options.huge
        for w in workloads:
            command += ['-w', w]
        out = subprocess.run(command + [measure] + heaps, stdout=subprocess.PIPE, text=True,
                             env=ENVIRONMENT, check=False,
                             stderr=subprocess.DEVNULL if under else None)
        records = [json.loads(line) for line in out.stdout.splitlines()
                   if line.startswith('{')]
        if out.returncode:
            wrong = [r for r in records if r.get('wrong')]
            sys.exit('failed with status %d: %s\n%s' %
                     (out.returncode, ' '.join(command[-2:]), wrong or ''))
        return records

    def check(self):
        workloads = list(self.workloads('check'))
        if not workloads:
            return
        say('Checking that every block keeps its contents')
        records = self.program('check', workloads, self.regions)
        self.records += records
        # Others may not be able to; those that are built here are.
        wanting = ['%s, %s' % (r['heap'], r['workload']) for r in records
                   if r['failed'] and r['heap'] in OWN]
        if wanting:
            sys.exit('does not serve a trace: ' + '; '.join(wanting))

    def ns(self):
        for measure in 'ns', 'fill':
            for w in self.workloads(measure):
                say('Time: %s' % name_of(w))
                heaps = self.heaps if measure == 'ns' else self.regions
                taken = self.program('ns', [w], heaps,
                                     self.options.rounds or self.level['rounds'])
                for name in self.names:
                    self.gather(measure, [r for r in taken if r['heap'] == name])

    def gather(self, measure, rounds):
        """One record of all rounds of a workload on a heap."""
        if not rounds:
            return
        record = dict(measure=measure, workload=rounds[0]['workload'],
                      heap=rounds[0]['heap'], seed=rounds[0]['seed'])
        for r in rounds:
            if 'live' in r:
                r['overhead'] = round((r['region'] + r['outside'] - r['live']) /
                                      r['blocks'], 2)
        for key in 'ns', 'share', 'overhead':
            if key in rounds[0]:
                record[key] = [r[key] for r in sorted(rounds, key=lambda r: r['round'])
                               if key in r]
        self.records.append(record)

    def one_by_one(self, measure, title):
        for w in self.workloads(measure):
            say('%s: %s' % (title, name_of(w)))
            self.records += self.program(measure, [w], self.regions)

    def callgrind(self, heap, workload, measure, *more):
        """Events of each part that callgrind dumps, and what the program printed."""
        with tempfile.NamedTemporaryFile(mode='r') as out:
            records = self.program(measure, [workload], [heap], under=[
                'valgrind', '-q', '--tool=callgrind', '--callgrind-out-file=' + out.name,
                '--combine-dumps=yes', '--collect-atstart=no', *more])
            totals = [[int(word) for word in line.split()[1:]] for line in out
                      if line.startswith('totals:')]
        return totals, records

    def calls(self):
        """Instructions of single calls: the median and the worst."""
        for w in self.workloads('calls'):
            say('Instructions of single calls: %s' % name_of(w))
            for heap in self.regions:
                totals, records = self.callgrind(heap, w, 'calls',
                                                 '--toggle-collect=counted_call',
                                                 '--dump-after=counted_call')
                for r in records:
                    for kind in sorted(set(r['kinds'])):
                        some = [t[0] for t, k in zip(totals, r['kinds']) if k == kind]
                        self.records.append({
                            'measure': 'calls', 'workload': r['workload'],
                            'heap': r['heap'], 'kind': kind, 'calls': len(some),
                            'median': statistics.median(some), 'worst': max(some)})

    def totals(self):
        """Instructions of all calls of a workload, the loop's own included."""
        for w in self.workloads('totals'):
            say('Instructions a call: %s' % name_of(w))
            for heap in self.heaps:
                totals, records = self.callgrind(heap, w, 'ns', '--toggle-collect=timed_*')
                for r in records:
                    if 'ns' in r:
                        self.records.append({
                            'measure': 'instructions', 'workload': r['workload'],
                            'heap': r['heap'],
                            'instructions': round(sum(t[0] for t in totals) / r['calls'], 2)})

    def misses(self):
        """Lines of data that the caches have not, of all calls, those of the loop included."""
        for w in self.workloads('misses'):
            say('Cache misses a call: %s' % name_of(w))
            for heap in self.regions:
                totals, records = self.callgrind(heap, w, 'ns', '--toggle-collect=timed_*',
                                                 *CACHES)
                for r in records:
                    # Ir Dr Dw, and misses of the first and last level in the same order
                    some = [sum(t[i] for t in totals) / r['calls'] for i in range(9)]
                    self.records.append({
                        'measure': 'misses', 'workload': r['workload'], 'heap': r['heap'],
                        'first': round(some[4] + some[5], 3),
                        'last': round(some[7] + some[8], 3)})

    def all(self):
        """Measure, in steps: what there is is written after each of them."""
        yield self.check()
        yield self.ns()
        yield self.one_by_one('space', 'Smallest region')
        yield self.one_by_one('cycles', 'Cycles of single calls')
        yield self.one_by_one('fragmentation', 'Fragmentation')
        yield self.calls()
        yield self.totals()
        yield self.misses()


class Table:
    """The records as text: one row a workload, one column a heap."""

    def __init__(self, records, names, out):
        self.records, self.names, self.out = records, names, out

    def line(self, title, cells):
        self.out.write('%-18s' % title)
        for name, cell in zip(self.names, cells):
            self.out.write('%*s' % (max(9, len(name) + 2), '-' if cell is None else cell))
        self.out.write('\n')

    def find(self, measure, **more):
        """Records by workload and heap."""
        found = {}
        for r in self.records:
            if r['measure'] == measure and all(r.get(k) == v for k, v in more.items()):
                found.setdefault(r['workload'], {})[r['heap']] = r
        return found

    def section(self, title, measure, key, form='%.2f', traces=(), pick=statistics.median,
                **more):
        """Of a key with several values, pick() says which is shown."""
        rows = {w: {h: pick(r[key]) if isinstance(r[key], list) else r[key]
                    for h, r in heaps.items() if r.get(key) not in (None, [])}
                for w, heaps in self.find(measure, **more).items()}
        rows = {w: row for w, row in rows.items() if row}
        if not rows:
            return
        if len(traces) > 1 and set(traces) <= set(rows):
            rows['traces, mean'] = {
                n: geometric_mean([rows[t][n] for t in traces])
                for n in self.names if all(n in rows[t] for t in traces)}
        self.out.write('\n%s\n' % title)
        self.line('', self.names)
        for w, row in rows.items():
            self.line(w, [form % row[n] if n in row else None for n in self.names])

    def all(self, traces):
        for measure, what in ('ns', 'ns a call'), ('fill', 'ns a call, by fill'):
            self.section(what + ', median', measure, 'ns', traces=traces)
            self.section(what + ', least', measure, 'ns', traces=traces, pick=min)
            self.section(what + ', most', measure, 'ns', traces=traces, pick=max)
        self.section('Smallest region / peak of live bytes', 'space', 'space', '%.4f', traces)
        self.section('The same, with what is outside of the region', 'space', 'with_outside',
                     '%.4f', traces)
        self.section('Share of the region that was live at the first failure', 'ns', 'share',
                     '%.4f')
        self.section('Bytes a block beyond those asked for, when the region was full', 'ns',
                     'overhead')
        for kind in 'alloc', 'aligned', 'resize', 'free':
            for key, name in ('p50', 'median'), ('p99', 'p99'), ('p999', 'p99.9'), \
                             ('worst', 'worst'):
                self.section('Cycles of %s, %s' % (kind, name), 'cycles', key, '%d',
                             kind=kind)
        for kind in 'alloc', 'aligned', 'resize', 'free':
            for key in 'median', 'worst':
                self.section('Instructions of %s, %s' % (kind, key), 'calls', key, '%d',
                             kind=kind)
        self.section('Instructions a call, the loop included', 'instructions', 'instructions',
                     '%.1f', traces)
        self.section('Lines that a cache of 32 KiB has not, a call, the loop included', 'misses',
                     'first', '%.2f')
        self.section('Lines that a cache of 8 MiB has not', 'misses', 'last', '%.2f')


def processor():
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        for line in f:
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--program', required=True, help='the bench program')
    parser.add_argument('--level', choices=sorted(LEVELS), default='normal')
    parser.add_argument('--rounds', type=int, help='how often times are taken')
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 31))
    parser.add_argument('--huge', action='store_true', help='regions are in huge pages')
    parser.add_argument('--only', help='measures, by comma; else all')
    parser.add_argument('--out', required=True, help='directory for what comes out')
    parser.add_argument('files', nargs='+', metavar='HEAP.so | TRACE',
                        help='heaps, and uncompressed traces')
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)

    run = Run(options)
    begin = datetime.datetime.now(datetime.timezone.utc)
    if options.only:
        unknown = set(options.only.split(',')) - set().union(*LEVELS.values())
        if unknown:
            parser.error('no such measure: ' + ', '.join(sorted(unknown)))
        run.level = {k: v for k, v in run.level.items()
                     if k in ['rounds'] + options.only.split(',')}
    say('Seed %d, level %s' % (options.seed, options.level))
    about = {'date': begin.strftime('%Y-%m-%d %H:%M UTC'), 'seed': options.seed,
             'level': options.level, 'processor': processor(),
             'pages': 'huge' if options.huge else '4 KiB',
             'kernel': platform.release().partition('-')[0],
             'heaps': sorted(run.names, key=lambda name: name in MALLOCS),
             'traces': [name_of(t) for t in run.traces]}
    for _ in run.all():
        write(options.out, about, run.records)
    with open(os.path.join(options.out, 'bench.txt'), encoding='utf-8') as f:
        print('\n' + f.read())


def write(out, about, records):
    """Figures, table and plots of what there is so far."""
    for r in records:
        if r['measure'] == 'space':
            r['with_outside'] = round((r['region'] + r['outside']) / r['peak'], 5)
    with open(os.path.join(out, 'bench.json'), 'w', encoding='utf-8') as f:
        lines = ',\n'.join(json.dumps(r) for r in records)
        f.write('{"about": %s,\n"records": [\n%s\n]}\n' % (json.dumps(about), lines))
    with open(os.path.join(out, 'bench.txt'), 'w', encoding='utf-8') as f:
        f.write('%(date)s, %(processor)s, %(pages)s pages, seed %(seed)d\n' % about)
        Table(records, about['heaps'], f).all(about['traces'])
    plot.draw(out, about, records)


if __name__ == '__main__':
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""bench_test.py BUILD - what the bench must not get wrong without a word.

BUILD is where tools/bench/Makefile has built. Prints lines for tools/ktap.py.
"""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = ''

PR_SET_THP_DISABLE = 41

# A heap that never uses memory twice, so that all about it is known; and its faults.
BUMP = '''
#include <stdint.h>
#include <string.h>
#include "heap.h"

static char *begin, *next, *end;

static bool bump_init(void *region, size_t bytes)
{
	begin = next = region;
	end = begin + bytes;
	return true;
}

static void *bump_alloc_aligned(size_t bytes, size_t align)
{
	char *block = (char *)(((uintptr_t)next + align - 1) & -align);

	if (bytes > (size_t)(end - block))
		return NULL;
	next = block + bytes - OVERLAP;
	return block + MISPLACE;
}

static void *bump_alloc(size_t bytes)
{
	return bump_alloc_aligned(bytes, BENCH_ALIGN);
}

static void *bump_resize(void *block, size_t old, size_t align, size_t bytes)
{
	char *moved = bump_alloc_aligned(bytes, align);

	if (moved)
		memcpy(moved, block, (old < bytes ? old : bytes) - FORGET);
	return moved;
}

static void bump_free(void *block, size_t bytes, size_t align)
{
	(void)block, (void)bytes, (void)align;
}

static size_t bump_outside(void)
{
	return 100;
}

const struct bench_heap bench_heap = {
	.init = bump_init,
	.alloc = bump_alloc,
	.alloc_aligned = bump_alloc_aligned,
	.resize = bump_resize,
	.free = bump_free,
	.outside = bump_outside,
};
'''


def number(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def alloc(size, tag=0):
    return bytes([tag]) + number(size)


def aligned(log, size):
    return bytes([4, log]) + number(size)


def free(age):
    return bytes([2]) + number(age)


def resize(age, size):
    return bytes([3]) + number(age) + number(size)


# 3 blocks of 64 bytes; one aligned; one grows; two are freed.
BODY = (bytes([5, 0]) + alloc(64) + alloc(64, 0x19) + alloc(64) + aligned(8, 64) +
        resize(1, 640) + free(3) + free(0))
HEADER = {'name': 'test', 'ops': 7, 'allocs': 4, 'frees': 2, 'reallocs': 1,
          'peak_bytes': 832, 'peak_blocks': 4, 'end_bytes': 704, 'end_blocks': 2,
          'max_size': 640, 'threads': 1, 'minalign': 8}


def trace(body=BODY, **changes):
    header = dict(HEADER, **changes)
    lines = ['%s %s\n' % (k, v) for k, v in header.items() if v is not None]
    return ('KRT1\n' + ''.join(lines) + '\n').encode() + body


def no_huge_pages():
    """For a process that begins, and what it executes."""
    if ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0):
        raise OSError('prctl')


class Bench(unittest.TestCase):
    def setUp(self):
        # Heaps are built in there and loaded, which /tmp may not allow.
        self.dir = tempfile.TemporaryDirectory(dir=BUILD)
        self.addCleanup(self.dir.cleanup)

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def run_trace(self, content, measure='check', heap=None):
        with open(self.path('t.krt'), 'wb') as f:
            f.write(content)
        return subprocess.run([os.path.join(BUILD, 'bench'), '-w', self.path('t.krt'),
                               measure, heap or os.path.join(BUILD, 'talloc.so')],
                              capture_output=True, text=True, check=False)

    def bump(self, **faults):
        defines = dict({'OVERLAP': 0, 'MISPLACE': 0, 'FORGET': 0}, **faults)
        with open(self.path('bump.c'), 'w', encoding='utf-8') as f:
            f.write(BUMP)
        subprocess.run(['gcc', '-O2', '-fPIC', '-shared', '-I' + HERE, self.path('bump.c'),
                        '-o', self.path('bump.so')] +
                       ['-D%s=%d' % d for d in defines.items()], check=True)
        return self.path('bump.so')


class Reader(Bench):
    def refused(self, content, says):
        done = self.run_trace(content)
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stderr, says)
        self.assertIn('t.krt', done.stderr)

    def test_whole(self):
        done = self.run_trace(trace())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)['calls'], 7)

    def test_cut_anywhere(self):
        whole = trace()
        for length in range(len(whole)):
            self.refused(whole[:length], 'byte')

    def test_more_than_the_header_says(self):
        self.refused(trace(BODY + free(1)), 'more operations')
        self.refused(trace(BODY + alloc(1), ops=8), 'more allocations')

    def test_every_figure_of_the_header(self):
        for key, value in HEADER.items():
            if key in ('name', 'threads', 'minalign'):
                continue
            self.refused(trace(**{key: value + 1}), key + ' is|in .* bytes')
            self.refused(trace(**{key: value - 1}), key + ' is|more .* than the header')
            self.refused(trace(**{key: None}), 'does not say ' + key)

    def test_not_a_trace(self):
        self.refused(b'\x28\xb5\x2f\xfd' + bytes(100), 'not a KRT1')

    def test_block_that_is_not_live(self):
        self.refused(trace(BODY + free(0), ops=8), 'not live')
        self.refused(trace(free(0) + BODY, ops=8), 'before the first')
        self.refused(trace(BODY + resize(0, 1), ops=8), 'not live')

    def test_unknown_tags(self):
        for tag in 0x40, 0x80, 6, 7:
            self.refused(trace(bytes([tag, 1]) + BODY, ops=8), 'not known')

    def test_numbers_out_of_range(self):
        self.refused(trace(alloc(1 << 31) + BODY, ops=8), 'limit')
        self.refused(trace(bytes([0]) + b'\xff' * 9 + b'\1' + BODY, ops=8), 'limit')
        self.refused(trace(bytes([4, 63, 1]) + BODY, ops=8), 'alignment')
        self.refused(trace(ops=1 << 60, allocs=1 << 60), 'operations')


class Measures(Bench):
    def wrong(self, **faults):
        done = self.run_trace(trace(), heap=self.bump(**faults))
        self.assertEqual(done.returncode, 1 if faults else 0, done)
        return json.loads(done.stdout)['wrong']

    def test_check_sees_faults(self):
        self.assertIsNone(self.wrong())
        self.assertRegex(self.wrong(OVERLAP=8), 'contents')
        self.assertRegex(self.wrong(MISPLACE=1), 'may not be')
        self.assertRegex(self.wrong(FORGET=1), 'resize')

    def test_check_looks_at_the_end(self):
        done = self.run_trace(trace(alloc(64) * 2, ops=2, allocs=2, frees=0, reallocs=0,
                                    max_size=64, peak_bytes=128, peak_blocks=2,
                                    end_bytes=128, end_blocks=2), heap=self.bump(OVERLAP=8))
        self.assertRegex(json.loads(done.stdout)['wrong'], 'at the end')

    def space(self, body, **header):
        done = self.run_trace(trace(body, reallocs=0, max_size=128, **header), 'space',
                              self.bump())
        return json.loads(done.stdout) if done.stdout else None

    def test_space_is_exact(self):
        # What never uses memory twice needs as much as is ever asked for.
        record = self.space(alloc(128) * 5 + free(0), ops=6, allocs=5, frees=1,
                            peak_bytes=640, peak_blocks=5, end_bytes=512, end_blocks=4)
        self.assertEqual((record['region'], record['outside'], record['space']),
                         (640, 100, 1.0))
        record = self.space(alloc(128) * 5 + free(0) + alloc(128), ops=7, allocs=6, frees=1,
                            peak_bytes=640, peak_blocks=5, end_bytes=640, end_blocks=5)
        self.assertEqual(record['region'], 768)

    def test_space_has_a_limit(self):
        record = self.space((alloc(128) + free(0)) * 10, ops=20, allocs=10, frees=10,
                            peak_bytes=128, peak_blocks=1, end_bytes=0, end_blocks=0)
        self.assertIsNone(record)


    def test_huge_pages_or_none(self):
        # Who may not have any is told so, and gets no figures of other pages.
        done = subprocess.run([os.path.join(BUILD, 'bench'), '-H', '-w', 'lifo-64', 'ns',
                               os.path.join(BUILD, 'talloc.so')], capture_output=True,
                              text=True, check=False, preexec_fn=no_huge_pages)
        self.assertEqual((done.returncode, done.stdout), (1, ''), done)
        self.assertIn('no huge pages', done.stderr)


class Smoke(Bench):
    def test_quick(self):
        with open(self.path('t.krt'), 'wb') as f:
            f.write(trace())
        heaps = [os.path.join(BUILD, h + '.so') for h in
                 ('talloc', 'talloc-nokept', 'talloc-detached', 'ancestor', 'glibc',
                  'jemalloc', 'mimalloc')]
        done = subprocess.run([os.path.join(HERE, 'bench.py'), '--program',
                               os.path.join(BUILD, 'bench'), '--level', 'quick', '--out',
                               self.path('out'), self.path('t.krt')] + heaps,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done)
        with open(self.path('out/bench.json'), encoding='utf-8') as f:
            records = json.load(f)['records']
        for measure, key in (('ns', 'ns'), ('space', 'space'), ('cycles', 'worst'),
                             ('calls', 'worst'), ('instructions', 'instructions'),
                             ('fragmentation', 'values')):
            for heap in 'talloc', 'talloc-detached', 'ancestor':
                found = [r[key] for r in records if r['measure'] == measure and
                         r['heap'] == heap and key in r]
                self.assertTrue(found, '%s of %s' % (measure, heap))
        for plot in 'space', 'tail-alloc', 'tail-free', 'fragmentation':
            with open(self.path('out/%s.svg' % plot), encoding='utf-8') as f:
                self.assertIn('talloc-detached', f.read(), plot)
        with open(self.path('out/bench.txt'), encoding='utf-8') as f:
            self.assertIn('Smallest region', f.read())
        for r in records:
            if r['measure'] == 'calls' and r['heap'] == 'ancestor':
                self.assertGreater(r['worst'], 100000)
            elif r['measure'] == 'calls':
                # Who finds no room merges all that is kept, 257 blocks at most.
                self.assertLess(r['worst'], 1000 if r['heap'] == 'talloc-nokept' else 50000)


class Lines(unittest.TextTestResult):
    """Results as tools/ktap.py reads them."""

    def report(self, word, test, why=''):
        print('bed: %s - %s%s' % (word, test.id().partition('.')[2], why), flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.report('ok', test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.report('not ok', test, ' # see the log')

    def addError(self, test, err):
        super().addError(test, err)
        self.report('not ok', test, ' # see the log')


if __name__ == '__main__':
    BUILD = os.path.abspath(sys.argv.pop(1))
    program = unittest.main(exit=False, testRunner=unittest.TextTestRunner(
        resultclass=Lines, verbosity=0))
    print('bed: end')
    sys.exit(not program.result.wasSuccessful())

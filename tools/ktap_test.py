#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ktap_test.py - what ktap.py must read right, and must not let pass."""

import argparse
import textwrap
import unittest

import ktap

FULL = '''
    [    0.100000] KTAP version 1
    [    0.100000] 1..1
    [    0.100000]     KTAP version 1
    [    0.100000]     # Subtest: heap
    [    0.100000]     1..3
    [    0.100000]     ok 1 alloc
    [    0.100000] talloc: a message between
    [    0.100000]     ok 2 shrink # SKIP not here
    [    0.100000]         KTAP version 1
    [    0.100000]         # Subtest: sizes
    [    0.100000]         ok 1 size 1
    [    0.100000]         ok 2 size 2
    [    0.100000]     # sizes: pass:2 fail:0 skip:0 total:2
    [    0.100000]     ok 3 sizes
    [    0.100000] # heap: pass:2 fail:0 skip:1 total:3
    [    0.100000] ok 1 heap
    '''


def read(text, phases=1, end=False, least=1):
    options = argparse.Namespace(phases=phases, end=end)
    lines = textwrap.dedent(text).strip('\n').splitlines(keepends=True)
    return ktap.verdict(ktap.read_log(lines, options), least)


class Counting(unittest.TestCase):
    def check(self, text, *counts, **options):
        verdict = read(text, **options)
        self.assertEqual(verdict[:3], counts, verdict[3])

    def test_nested_with_parameters(self):
        self.check(FULL, 3, 0, 1)

    def test_crlf_and_caller_ids(self):
        text = FULL.replace('] ', '][    T1] ')
        options = argparse.Namespace(phases=1, end=False)
        lines = [l + '\r\n' for l in textwrap.dedent(text).split('\n')]
        self.assertEqual(ktap.verdict(ktap.read_log(lines, options))[:3], (3, 0, 1))

    def test_two_documents_and_the_empty_one_of_boot(self):
        boot = '\n    KTAP version 1\n    1..0\n'
        other = FULL.replace('heap', 'region')
        self.check(boot + FULL + other, 6, 0, 2)

    def test_no_header_as_in_6_1(self):
        self.check('''
            # Subtest: a
                1..2
                ok 1 - x
                ok 2 - y
            ok 1 - a
                # Subtest: b
                1..1
                not ok 1 - z
            not ok 2 - b
            ''', 2, 1, 0)

    def test_failed_parameter(self):
        self.check(FULL.replace('        ok 2 size', '        not ok 2 size'), 2, 1, 1)

    def test_parent_fails_alone(self):
        self.check(FULL.replace('] ok 1 heap', '] not ok 1 heap'), 3, 1, 1)

    def test_skipped_suite(self):
        self.check('ok 1 a # SKIP no memory\nok 2 b', 1, 0, 1)

    def test_flat_userspace(self):
        self.check('KTAP version 1\n1..2\nok 1 a\nnot ok 2 b', 1, 1, 0)

    def test_bed_results(self):
        self.check('bed: ok - load\nbed: not ok - unload # exit 1\nbed: skip - x # y',
                   1, 1, 1, least=0)

    def test_groups_are_apart(self):
        self.check('bed: group - gcc\nKTAP version 1\n1..1\nok 1 a\n'
                   'bed: group - clang\nKTAP version 1\n1..1\nok 1 a', 2, 0, 0)


class Phases(unittest.TestCase):
    PHASE = '\n    bed: phase - %d\n    bed: ok - load'

    def test_same_tests_count_once(self):
        text = self.PHASE % 1 + FULL + self.PHASE % 2 + FULL
        self.assertEqual(read(text, phases=2)[:3], (4, 0, 1))

    def test_worst_outcome_counts(self):
        bad = FULL.replace('    ok 1 alloc', '    not ok 1 alloc')
        text = self.PHASE % 1 + FULL + self.PHASE % 2 + bad
        self.assertEqual(read(text, phases=2)[:3], (3, 1, 1))

    def test_missing_phase(self):
        self.assertEqual(read(self.PHASE % 1 + FULL, phases=2)[1], 1)

    def test_test_missing_in_one_phase(self):
        text = self.PHASE % 1 + FULL + self.PHASE % 2 + 'ok 1 heap'
        self.assertEqual(read(text, phases=2)[1], 1)


class MustFail(unittest.TestCase):
    def check(self, text, says, **options):
        passed, failed, skipped, complaints = read(text, **options)
        self.assertGreater(failed, 0)
        self.assertRegex('\n'.join(complaints), says)

    def test_nothing_ran(self):
        self.check('Linux version 6.12', 'at least 1')

    def test_nothing_but_what_the_bed_says(self):
        self.check('bed: ok - load', 'at least 1')

    def test_nothing_ran_where_no_ktap_is_expected(self):
        self.check('Linux version 6.12', 'nothing ran', least=0)

    def test_only_skips(self):
        self.check('ok 1 a # SKIP x', 'at least 1')

    def test_too_few(self):
        self.check(FULL, 'at least 9', least=9)

    def test_plan_says_more_suites(self):
        self.check(FULL.replace('1..1', '1..2'), '2 results announced, 1 came')

    def test_plan_says_more_cases(self):
        self.check(FULL.replace('1..3', '1..4'), '4 results announced, 3 came')

    def test_number_missing(self):
        self.check(FULL.replace('ok 2 shrink', 'ok 3 shrink'), 'number 3, expected 2')

    def test_broke_off_in_a_suite(self):
        cut = FULL[:FULL.index('    ok 2 shrink')] + '\n    Kernel died'
        self.check(cut, 'broke off after 1|announced')

    def test_broke_off_in_a_parameter(self):
        cut = FULL[:FULL.index('    ok 2 size 2')]
        self.check(cut, 'broke off')

    def test_broke_off_before_the_first_case(self):
        cut = FULL[:FULL.index('    [    0.100000]     ok 1 alloc')]
        self.check('ok 1 a\n' + textwrap.dedent(cut), 'announced')

    def test_no_end_marker(self):
        self.check(FULL, 'no end marker', end=True)

    def test_reports(self):
        for line in ('BUG: KASAN: slab-out-of-bounds in f+0x1/0x2',
                     'WARNING: CPU: 0 PID: 1 at talloc_mod.c:1',
                     'WARNING: possible circular locking dependency detected',
                     'INFO: task insmod:1 blocked for more than 20 seconds.',
                     'rcu: INFO: rcu_sched self-detected stall on CPU',
                     'UBSAN: shift-out-of-bounds in a.c:1:2',
                     'Oops: general protection fault',
                     'Kernel panic - not syncing: x', 'Call Trace:', ' Call Trace:',
                     'Call trace:', 'Internal error: Oops - BUG: 0 [#1] SMP',
                     'BUG kmalloc-128 (Tainted: G  O): Right Redzone overwritten',
                     'pagealloc: memory corruption',
                     'Disabling lock debugging due to kernel taint',
                     "sysfs: cannot create duplicate filename '/bus/x'",
                     'BUG: sleeping function called from invalid context at a.c:1',
                     'kmemleak: 3 new suspected memory leaks (see x)',
                     '==1==ERROR: AddressSanitizer: heap-use-after-free',
                     'a.c:3:5: runtime error: shift exponent 33'):
            self.check(f'ok 1 a\n[    1.000000] {line}', 'report:')


class MustPass(unittest.TestCase):
    def check(self, text):
        verdict = read(text)
        self.assertEqual(verdict[1], 0, verdict[3])

    def test_talloc_says_something(self):
        self.check('ok 1 a\n[    1.0] talloc: msgdev: free of 0x10: not a block')

    def test_boot_messages(self):
        self.check('ok 1 a\nkasan: KernelAddressSanitizer initialized\n'
                   'kmemleak: Kernel memory leak detector initialized (mem pool)\n'
                   'Lock dependency validator: Copyright (c) 2006 Red Hat')

    def test_provoked_report(self):
        self.check('ok 1 a\n# provoked report: begin\nBUG: KASAN: x\n'
                   '# provoked report: end')

    def test_provoked_report_without_end(self):
        self.assertEqual(read('ok 1 a\n# provoked report: begin')[1], 1)


if __name__ == '__main__':
    unittest.main(verbosity=0)

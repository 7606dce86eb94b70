#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ktap.py [options] LOG - judge the console log of a test bed.

Reads the test results in it and prints

    RESULT <passed> <failed> <skipped>

after one line for each thing that is wrong.  The exit status says the same:
0 only if something passed and nothing failed.  What is read:

  KTAP      any number of documents, with or without the top-level header and
            plans, nested to any depth, with printk timestamps, between other
            messages.  A leaf is one test: a case, or one parameter of a
            parametrised case.  A document that breaks off is a failure, and
            so is a parent that fails while its children pass.

  bed: ...  what an init script has to say (see tools/init/lib.sh):
            "bed: ok - NAME", "bed: not ok - NAME", each one test;
            "bed: skip - NAME # why";
            "bed: phase NAME": the same suites run once more from here on.  A
            test that runs in several phases is one test, with its worst
            result, and has to run in each of them;
            "bed: group NAME": the tests from here on are other ones than
            those before, even if they have the same names;
            "bed: end": the script came to its end.

  reports   KASAN, lockdep and the like.  Each is a failure, unless it stands
            between the lines "provoked report: begin" and "provoked report:
            end" which a test prints when it does something wrong on purpose.
"""

import argparse
import json
import re
import sys

PRINTK = re.compile(r'^(<\d+>)?\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?')
HEADER = re.compile(r'^( *)K?TAP version \d+$')
PLAN = re.compile(r'^( *)1\.\.(\d+)( # SKIP.*)?$')
SUBTEST = re.compile(r'^( *)# Subtest: (.*)$')
RESULT = re.compile(r'^( *)(ok|not ok) (\d+)(?: -)?(?: (.*?))?'
                    r'(?: # (SKIP|TODO|XFAIL|TIMEOUT|ERROR)\b *(.*))?$', re.I)
BED = re.compile(r'^(?:\S+: )?bed: (not ok|\w+)(?: -)?(?: (.*))?$')

REPORT = re.compile('|'.join((
    r'\bWARNING:', r'\bBUG\b', r'\bINFO: (task|rcu|possible|trying|HARDIRQ|SOFTIRQ|inconsistent)',
    r'\brcu: INFO:', r'\bOops\b', r'^ *Call [Tt]race:', r'Kernel panic', r'\bUBSAN:',
    r'\bpagealloc:', r'\bInternal error:', r'Disabling lock debugging',
    r'cannot create duplicate',
    r'kmemleak: \d+ new suspected', r'^unreferenced object',
    r'general protection fault', r'Unable to handle kernel', r'refcount_t:',
    r'list_(add|del) corruption', r'Modules with built-in KUnit failed',
    r'^Segmentation fault', r'kmemleak: .*(overlap|disabled)',
    r'\bERROR: (Address|Leak|Memory|Thread)Sanitizer', r'runtime error:')))
PROVOKED = re.compile(r'provoked report: (begin|end)')

WORST = ('ok', 'skip', 'not ok')


class Level:
    """One level of nesting: the results since the parent's last result."""

    def __init__(self, plan=None, headed=False):
        self.plan, self.headed, self.count, self.tests = plan, headed, 0, []


class Log:
    """Everything that a log says."""

    def __init__(self):
        self.levels = []          # open levels, outermost first
        self.names = {}           # nesting -> "# Subtest:" name
        self.phases = [{}]        # test name -> outcome, one dict a phase
        self.why = {}             # test name -> reason of a skip
        self.problems = []        # what is wrong beside failed tests
        self.group = ''           # prefix of the names
        self.provoked = False
        self.ended = False

    # -- results

    def record(self, name, outcome, reason=''):
        tests = self.phases[-1]
        name = self.group + name
        old = tests.get(name, outcome)
        tests[name] = max(old, outcome, key=WORST.index)
        if reason:
            self.why[name] = reason

    def new_phase(self):
        self.close_document()
        if self.phases[-1]:
            self.phases.append({})

    def level(self, depth):
        while len(self.levels) <= depth:
            self.levels.append(Level())
        return self.levels[depth]

    def close_children(self, depth, parent):
        """The levels below a result end with it; returns the tests in them."""
        children = self.levels[depth + 1:]
        del self.levels[depth + 1:]
        for lower in children[1:]:
            if lower.count:
                self.problems.append(f'{parent}: results nested too deep')
        if not children:
            return []
        self.check_plan(children[0], parent)
        return children[0].tests

    def check_plan(self, level, where):
        if level.plan is not None and level.count != level.plan:
            self.problems.append(
                f'{where}: {level.plan} results announced, {level.count} came')

    def result(self, depth, outcome, number, name, reason):
        level = self.level(depth)
        level.count += 1
        if (level.headed or depth) and number != level.count:
            self.problems.append(f'{name}: number {number}, expected {level.count}')
            level.count = number
        below = self.close_children(depth, name)
        self.names.pop(depth + 1, None)
        tests = [(f'{name}.{n}', o, r) for n, o, r in below]
        if not tests or (outcome == 'not ok' and
                         all(o != 'not ok' for _, o, _ in tests)):
            tests.append((name, outcome, reason))
        if depth:
            level.tests += tests
        else:
            for test in tests:
                self.record(*test)

    def close_document(self):
        """The end of the log, or the start of another document."""
        if self.levels:
            self.close_open_subtests()
            self.check_plan(self.levels[0], 'top level')
        self.levels, self.names = [], {}

    def close_open_subtests(self):
        for depth in range(len(self.levels) - 1, 0, -1):
            level = self.levels[depth]
            if level.count or level.plan or depth in self.names:
                name = self.names.get(depth, 'a subtest')
                self.problems.append(f'{name}: broke off after {level.count} results')
                for test in level.tests:
                    self.record(f'{name}.{test[0]}', *test[1:])

    # -- lines

    def read(self, line):
        line = PRINTK.sub('', line.rstrip('\r\n'), count=1)
        for pattern, action in ((RESULT, self.on_result), (PLAN, self.on_plan),
                                (HEADER, self.on_header), (SUBTEST, self.on_subtest),
                                (BED, self.on_bed)):
            match = pattern.match(line)
            if match:
                action(*match.groups())
                return
        self.on_message(line)

    def on_header(self, indent):
        depth = len(indent) // 4
        if depth == 0:
            self.close_document()
            self.levels = [Level(headed=True)]

    def on_plan(self, indent, count, _):
        depth = len(indent) // 4
        level = self.level(depth)
        level.plan, level.headed = int(count), True

    def on_subtest(self, indent, name):
        self.names[len(indent) // 4] = name

    def on_result(self, indent, outcome, number, name, directive, reason):
        outcome = outcome.lower()
        if (directive or '').upper() == 'SKIP' and outcome == 'ok':
            outcome = 'skip'
        elif (directive or '').upper() in ('TODO', 'XFAIL'):
            outcome = 'skip'
        self.result(len(indent) // 4, outcome, int(number), name or number,
                    reason or '')

    def on_bed(self, what, text):
        if what == 'end':
            self.ended = True
        elif what == 'phase':
            self.new_phase()
        elif what == 'group':
            self.close_document()
            self.group = text + ': '
        elif what in ('ok', 'not ok', 'skip'):
            name, _, reason = (text or '').partition(' # ')
            self.record('bed.' + name, what, reason)
        else:
            self.problems.append(f'bed: {what} is no word')

    def on_message(self, line):
        mark = PROVOKED.search(line)
        if mark:
            self.provoked = mark.group(1) == 'begin'
        elif REPORT.search(line) and not self.provoked:
            self.problems.append('report: ' + line.strip())

    # -- verdict

    def tests(self):
        """All tests of all phases, each with its worst outcome."""
        total = {}
        for phase in self.phases:
            for name, outcome in phase.items():
                total[name] = max(total.get(name, outcome), outcome,
                                  key=WORST.index)
        return total

    def check_phases(self):
        """KTAP tests of one phase are those of every phase."""
        phases = [{n for n in p if 'bed.' not in n} for p in self.phases]
        everything = set().union(*phases)
        for i, phase in enumerate(phases):
            for name in sorted(everything - phase)[:5]:
                self.problems.append(f'{name}: did not run in phase {i + 1}')

    def finish(self, options):
        self.close_document()
        if len(self.phases) > 1 and not self.phases[-1]:
            self.phases.pop()
        if options.phases > 1:
            if len(self.phases) != options.phases:
                self.problems.append(f'{options.phases} phases expected, '
                                     f'{len(self.phases)} came')
            self.check_phases()
        if options.end and not self.ended:
            self.problems.append('the log has no end marker: it broke off')
        if self.provoked:
            self.problems.append('a provoked report began and did not end')


def read_log(lines, options):
    log = Log()
    for line in lines:
        log.read(line)
    log.finish(options)
    return log


def verdict(log, least=1):
    """(passed, failed, skipped, complaints).  A problem beside the failed
    tests, such as a KASAN report, is one more failure for the whole log."""
    tests = log.tests()
    complaints = [f'not ok: {n}' for n, o in tests.items() if o == 'not ok']
    count = [list(tests.values()).count(o) for o in ('ok', 'not ok', 'skip')]
    problems = list(dict.fromkeys(log.problems))
    ran = sum(1 for n, o in tests.items() if o != 'skip' and 'bed.' not in n)
    if ran < least:
        problems.append(f'{ran} KTAP tests ran, at least {least} expected')
    if not count[0] + count[1]:
        problems.append('nothing ran')
    if problems:
        count[1] += 1
    return (*count, complaints + problems)


def parse_args(argv):
    p = argparse.ArgumentParser(description='Judge the log of a test bed.')
    p.add_argument('log', help='console log, - for stdin')
    p.add_argument('--end', action='store_true', help='demand "bed: end"')
    p.add_argument('--phases', type=int, default=1,
                   help='how often the suites must have run')
    p.add_argument('--least', type=int, default=1,
                   help='the least number of KTAP tests that must have run')
    p.add_argument('--json', help='also write the verdict to this file')
    return p.parse_args(argv)


def main(argv):
    options = parse_args(argv)
    with (sys.stdin if options.log == '-' else
          open(options.log, errors='replace')) as f:
        log = read_log(f, options)
    passed, failed, skipped, complaints = verdict(log, options.least)
    for line in complaints[:40]:
        print(line)
    if len(complaints) > 40:
        print(f'... and {len(complaints) - 40} more')
    for name, reason in log.why.items():
        if log.tests()[name] == 'skip':
            print(f'skipped: {name} ({reason})')
    print('RESULT', passed, failed, skipped)
    if options.json:
        with open(options.json, 'w') as f:
            json.dump({'passed': passed, 'failed': failed, 'skipped': skipped,
                       'problems': complaints, 'tests': log.tests()}, f, indent=1)
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

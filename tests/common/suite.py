#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web server's module in the real server. Started by the "run" of tests/nginx and tests/apache,
which say what they need.

    suite.py FOLDER [-v] [PATTERN ...]     all tests of FOLDER, or those whose names fit, as in
                                           "Spoofs" or "*among_many*"; the last line is
                                           "FOLDER: N passed, N failed" """
import pathlib
import signal
import sys
import time
import unittest


def interrupt(*_):
    # unittest lets this one through, so that atexit ends what was started
    raise KeyboardInterrupt


def main(folder, *arguments):
    sys.dont_write_bytecode = True
    sys.path.insert(0, folder)
    loader = unittest.TestLoader()
    patterns = [name for name in arguments if name != '-v']
    if patterns:
        loader.testNamePatterns = [f'*{name}*' for name in patterns]
    signal.signal(signal.SIGTERM, interrupt)
    began = time.monotonic()
    tests = loader.discover(folder, top_level_dir=folder)
    result = unittest.TextTestRunner(verbosity=2 if '-v' in arguments else 1).run(tests)
    wrong = [test for test, _ in result.failures + result.errors] + result.unexpectedSuccesses
    failed = len(wrong)
    # What goes wrong when a class begins or ends is no test's.
    in_tests = sum(isinstance(test, unittest.TestCase) for test in wrong)
    passed = result.testsRun - len(result.skipped) - in_tests
    print(f'{time.monotonic() - began:.0f} s', file=sys.stderr)
    print(f'{pathlib.Path(folder).name}: {passed} passed, {failed} failed', flush=True)
    return 0 if failed == 0 and passed > 0 else 1


sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Apache module in a real httpd. Started by "run", which says what it needs.

    suite.py [-v] [PATTERN ...]        all tests, or those whose names fit, as in "Spoofs" or "Line20" """
import pathlib
import signal
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))


def interrupt(*_):
    # unittest lets this one through, so that atexit ends what was started
    raise KeyboardInterrupt


def main(arguments):
    loader = unittest.TestLoader()
    patterns = [name for name in arguments if name != '-v']
    if patterns:
        loader.testNamePatterns = [f'*{name}*' for name in patterns]
    signal.signal(signal.SIGTERM, interrupt)
    began = time.monotonic()
    tests = loader.discover(str(HERE), top_level_dir=str(HERE))
    result = unittest.TextTestRunner(verbosity=2 if '-v' in arguments else 1).run(tests)
    wrong = [test for test, _ in result.failures + result.errors] + result.unexpectedSuccesses
    failed = len(wrong)
    # What goes wrong when a class begins or ends is no test's.
    passed = result.testsRun - len(result.skipped) - sum(isinstance(test, unittest.TestCase) for test in wrong)
    print(f'{time.monotonic() - began:.0f} s', file=sys.stderr)
    print(f'apache: {passed} passed, {failed} failed', flush=True)
    return 0 if failed == 0 and passed > 0 else 1


sys.exit(main(sys.argv[1:]))

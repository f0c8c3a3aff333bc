# SPDX-License-Identifier: Apache-2.0
"""A child that could not begin."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from scene import FETCH, HERE, PREFIX, PortalCases, rows


@unittest.skipUnless(shutil.which('cc'), 'no compiler')
class Line25ChildThatCannotBegin(PortalCases):
    """libcurl fails to begin: what needs the module answers 503, all else is as ever."""
    expected_problems = ('unitpass: cannot begin (liboauth2 or libcurl); '
                         'protected locations answer 503 in this child',)

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix='unitpass-shim-', dir='/tmp')
        cls.addClassCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        library = pathlib.Path(folder, 'no_curl.so')
        subprocess.run(['cc', '-shared', '-fPIC', '-o', library, HERE / 'no_curl.c'], check=True)
        cls.preload = library,
        super().setUpClass()

    @rows(guarded='/whoami', login=PREFIX + 'login')
    def test_unavailable(self, path):
        page, reply = self.guest.ask(path), self.guest.ask(path, FETCH)
        self.assertEqual((page.status, reply.status), (503, 503))
        self.assertIn('<html', page.body)
        self.assertIn('error', json.loads(reply.body))
        self.assertNotIn('no_curl', page.body)

    def test_open_location(self):
        self.assertEqual(self.guest.ask('/public/x').status, 200)

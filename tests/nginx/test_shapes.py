# SPDX-License-Identifier: Apache-2.0
"""The sources against nginx's headers in the other shape: repeated request headers are an array
before 1.23, a list since. The headers that differ are copied and changed as nginx changed them; the
compiler looks there first."""
import pathlib
import re
import subprocess
import tempfile

from scene import BUILD, Cases, HERE

SOURCES = sorted((HERE.parent.parent / 'module/nginx').glob('*.c'))
FLAGS = ('$(CC) $(DEFS) $(DEFAULT_INCLUDES) $(INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) '
         '$(ngx_http_unitpass_module_la_CFLAGS) $(CFLAGS)')
ARRAY, LIST = r'ngx_array_t\s+cookies;', r'ngx_table_elt_t\s+\*cookie;'
# each: header, what stands there, what stands there in the other version
TO_LIST = (
    ('http/ngx_http_request.h', ARRAY, 'ngx_table_elt_t *cookie;'),
    ('core/ngx_hash.h', r'typedef struct (\{[^}]*lowcase_key;\s*)\} ngx_table_elt_t;',
     r'typedef struct ngx_table_elt_s ngx_table_elt_t;'
     r'struct ngx_table_elt_s \1 ngx_table_elt_t *next; };'),
    ('core/nginx.h', r'(#define nginx_version\s+)\d+', r'\g<1>1023000'),
)
TO_ARRAY = (
    ('http/ngx_http_request.h', LIST, 'ngx_array_t cookies;'),
    ('core/nginx.h', r'(#define nginx_version\s+)\d+', r'\g<1>1022001'),
)


def made_by(value):
    """The words of VALUE as make knows it."""
    command = ['make', '-s', '-C', BUILD, '--no-print-directory', f'--eval=said: ; @echo {value}']
    command.append('said')
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    # before that, what it had to say of making the Makefile anew
    return said.splitlines()[-1].split()


class OtherShape(Cases):
    def change(self, src, folder):
        is_list = re.search(LIST, (src / 'http/ngx_http_request.h').read_text())
        for header, here, there in TO_ARRAY if is_list else TO_LIST:
            text, n = re.subn(here, there, (src / header).read_text())
            self.assertEqual(n, 1, header)
            (folder / pathlib.Path(header).name).write_text(text)

    def test_compiles(self):
        flags = made_by(FLAGS)
        at = flags.index('-isystem')
        with tempfile.TemporaryDirectory() as folder:
            self.change(pathlib.Path(made_by('$(NGINX_SRC)')[0]) / 'src', pathlib.Path(folder))
            flags[at:at] = ['-isystem', folder]
            for source in SOURCES:
                command = [*flags, '-fsyntax-only', source]
                done = subprocess.run(command, cwd=BUILD, stderr=subprocess.PIPE, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ''), source.name)

# SPDX-License-Identifier: Apache-2.0
"""What the tools say to readers of either language: help, errors, tables, manuals."""
import os
import re
import subprocess
import tempfile

from scene import BUILD, TOP


def test_help(s):
    """--help of every command in both languages: no line over 80 columns, no English left in
    Chinese."""
    def width(line):
        return sum(2 if ord(c) >= 0x2e80 else 1 for c in line)
    for program in ('unitpassctl', 'unitpass_holder'):
        listed = s.run(program, '--help').stdout
        commands = [[]] + [
            c.split() for c in re.findall(
                r'^  ([a-z]+(?: [a-z]+)?)(?: [A-Z]+)?(?:  |$)', listed, re.M)]
        assert len(commands) > 4, listed
        for command in commands:
            english, chinese = [s.run(program, *command, '--help', lang=lang)
                                for lang in ('C.UTF-8', 'zh_CN.UTF-8')]
            for r in (english, chinese):
                assert r.returncode == 0 and r.stderr == '', r
                assert max(width(line) for line in r.stdout.splitlines()) <= 80, r.stdout
            said = [re.split('  +', line.strip(), 1)[-1] for line in english.stdout.splitlines()]
            for line in chinese.stdout.splitlines():
                text = re.split('  +', line.strip(), 1)[-1]
                assert ' ' not in text or text not in said or '=' in text or '.' in text, line
            assert re.search('[一-鿿]', chinese.stdout.splitlines()[1]), chinese.stdout


def test_wrong_use(s):
    """Who says it wrongly hears in her language what is wrong."""
    ctl = ['client add', 'client list x', 'unit show', 'unit import x', 'init --authority-code 1',
           'client add p --name a --name b', 'doctor --portal-url x', 'doctor --issuer x',
           'client add p --name a --origin https://a.example --jwks x --key-file y',
           'enrol --unit ' + s.of['unit'],
           'enrol --unit ' + s.of['unit'] + ' --person-file - --name x',
           'doctor --client x', 'doctor --secret-file x', 'doctor --secret-file x --key-file y',
           'doctor --issuer https://a.example --client \\ --secret-file x',
           'doctor --fingerprint x']
    holder = ['scan', 'scan ABCD-EFGH', 'scan x --yes --deny', 'enrol x --person-file - --name x',
              'usage x', 'usage --limit 0']
    for run, words in [(s.ctl, w) for w in ctl] + [(s.holder, w) for w in holder]:
        r = run(*words.split(), lang='zh_CN.UTF-8')
        assert r.returncode == 2 and r.stdout == '', (words, r)
        assert re.search('[一-鿿]', r.stderr.splitlines()[0]), (words, r)


def test_files(s):
    """A file that cannot be used is named, with what is wrong, in the reader's language."""
    r = s.ctl('-c', TOP, 'usage', 'list')
    assert r.returncode == 1 and r.stderr.startswith(f'unitpassctl: {TOP}: '), r
    with tempfile.TemporaryDirectory() as folder:
        for text, mode in [('open\n', 0o644), ('\n', 0o600), ('x' * 5000, 0o600)]:
            path = os.path.join(folder, 'password')
            with open(path, 'w', encoding='utf-8') as f:
                f.write(text)
            os.chmod(path, mode)
            r = s.holder('scan', s.begin()['user_code'], '--yes', '--password-file', path,
                         lang='zh_CN.UTF-8')
            assert r.returncode == 3 and re.search(path + '.*[一-鿿]', r.stderr), r


def test_tables(s):
    """No code of the database stands in a table for Chinese readers."""
    for words in [('unit', 'list'), ('unit', 'show', s.of['unit']), ('client', 'list', '--all'),
                  ('device', 'list', '--all')]:
        r = s.ctl(*words, lang='zh_CN.UTF-8')
        assert r.returncode == 0, r
        assert not re.search(r'\b(live|ended|waiting|locked|static|animated)\b', r.stdout), r.stdout


def words_of(page):
    """Options and commands that a manual names."""
    text = open(page, encoding='utf-8').read().replace('\\-', '-')
    text = re.sub(r'\\f[A-Z]|"', '', text)
    return set(re.findall(r'--[a-z][a-z-]+', text)), text


def test_manuals(s):
    """English and Chinese manuals name the same options, all commands of --help, and format
    without a warning."""
    man = TOP + '/doc/man/'
    for language in ('en_US.UTF-8', 'zh_CN.UTF-8'):
        r = subprocess.run([BUILD + '/unitpassd', '--help'], env={**os.environ, 'LC_ALL': language},
                           capture_output=True, text=True)
        assert r.returncode == 0 and '--print-config' in r.stdout, r
        assert bool(re.search('[一-鿿]', r.stdout)) == language.startswith('zh'), r.stdout
    pages = []
    for path in ('/doc/man/unitpassd.conf.5', '/doc/man/zh_CN/unitpassd.conf.5'):
        r = subprocess.run(['groff', '-K', 'utf8', '-t', '-man', '-Tutf8', '-ww', BUILD + path],
                           capture_output=True, text=True)
        assert r.returncode == 0 and r.stderr == '', r.stderr
        with open(BUILD + path, encoding='utf-8') as f:
            pages.append(re.findall(r'^\.B (\w+)$', f.read(), re.M))
    assert pages[0] == pages[1] and len(pages[0]) > 15, pages
    for page, program in (('unitpassctl.1', 'unitpassctl'),
                          ('unitpass-holder.1', 'unitpass_holder'), ('unitpassd.8', None),
                          ('pam_unitpass.8', None), ('ngx_http_unitpass_module.5', None),
                          ('mod_auth_unitpass.5', None)):
        english, chinese = words_of(man + page), words_of(man + 'zh_CN/' + page)
        assert english[0] == chinese[0], english[0] ^ chinese[0]
        named = [re.findall(r'^\.TP\n\.BI? ((?:unitpass_|Unitpass)\w+)', text, re.M)
                 for _, text in (english, chinese)]
        assert set(named[1]) <= set(named[0]) and len(named[1]) * 2 >= len(named[0]), named
        listed = s.run(program, '--help').stdout if program else ''
        for command in re.findall(r'^  ([a-z]+(?: [a-z]+)?)(?: [A-Z]+)?(?:  |$)', listed, re.M):
            for text in (english[1], chinese[1]):
                assert re.search(r'^\.(B|BR|BI) (.*[, 、"])?' + command + r'\b', text, re.M), \
                    (page, command)
        for path in (man + page, man + 'zh_CN/' + page):
            r = subprocess.run(['groff', '-K', 'utf8', '-t', '-man', '-Tutf8', '-ww', path],
                               capture_output=True, text=True)
            assert r.returncode == 0 and r.stderr == '', r.stderr

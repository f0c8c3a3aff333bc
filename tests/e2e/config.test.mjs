/* SPDX-License-Identifier: Apache-2.0
 * What is set up wrongly does not start, and says where and why. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { BUILD, run, Site } from './lib/site.mjs';

const site = Site.shared();
let dir;

before(() => {
	dir = fs.mkdtempSync(path.join(process.env.E2E_DIR || '/tmp', 'config-'));
	/* the server reads its keys as its own user */
	fs.chmodSync(dir, 0o755);
});

/* --- nginx --- */

const NGINX = process.env.NGINX || '/usr/sbin/nginx';

async function nginxTest(change) {
	const conf = fs.readFileSync(site.files.nginx_conf, 'utf8'),
		portal = path.join(dir, 'portal.conf'), file = path.join(dir, 'nginx.conf');

	fs.writeFileSync(portal, change(fs.readFileSync(site.files.portal_conf, 'utf8')));
	fs.writeFileSync(file, conf.replace(site.files.portal_conf, portal).replace(/error_log \S+/,
		`error_log ${dir}/nginx.log`).replace(/pid \S+;/, `pid ${dir}/nginx.pid;`));
	const done = await run([NGINX, '-t', '-e', path.join(dir, 'nginx.log'), '-c', file],
		{ env: { ...process.env, ...site.web_env } });
	return { code: done.code, text: done.stderr };
}

const secretWith = (mode, content) => (conf) => {
	const file = path.join(dir, 'secret');

	fs.rmSync(file, { force: true });
	fs.writeFileSync(file, content === undefined ? 'x'.repeat(43) : content);
	fs.chmodSync(file, mode);
	return conf.replace(/client_secret_file \S+;/, `client_secret_file ${file};`);
};
const sessionKey = (content, mode = 0o600) => (conf) => {
	const file = path.join(dir, 'session');

	fs.rmSync(file, { force: true });
	fs.writeFileSync(file, content, { mode });
	fs.chmodSync(file, mode);
	return conf.replace(/session_key_file \S+;/, `session_key_file ${file};`);
};

test('nginx -t passes as it stands', async () => {
	const done = await nginxTest((conf) => conf);
	assert.equal(done.code, 0, done.text);
});

for (const [name, change, says] of [
	['no issuer', (c) => c.replace(/unitpass_issuer .*;/, ''), /unitpass_issuer.*missing/],
	['no client', (c) => c.replace(/unitpass_client [^;]*;/, ''), /unitpass_client.*missing/],
	['no session key', (c) => c.replace(/unitpass_session_key_file .*;/, ''),
		/unitpass_session_key_file.*missing/],
	['neither secret nor key', (c) => c.replace(/unitpass_client_secret_file .*;/, ''),
		/client_secret_file or unitpass_client_key_file/],
	['both secret and key', (c) => c.replace(/(unitpass_client_secret_file \S+;)/,
		`$1 unitpass_client_key_file ${'/nonexistent'};`), /both set/],
	['issuer without TLS', (c) => c.replace(/unitpass_issuer .*;/,
		'unitpass_issuer http://id.example.org;'), /unitpass_issuer.*https/],
	['issuer with a query', (c) => c.replace(/unitpass_issuer .*;/,
		'unitpass_issuer https://id.example.org/?a=1;'), /unitpass_issuer/],
	['secret readable by all', secretWith(0o644),
		/unitpass_client_secret_file.*secret.*chmod 600/],
	['secret readable by group', secretWith(0o640), /unitpass_client_secret_file.*chmod 600/],
	['empty secret', secretWith(0o600, ''),
		/unitpass_client_secret_file.*one line of 8 to 512/],
	['secret missing', (c) => c.replace(/client_secret_file \S+;/,
		'client_secret_file /nonexistent/s;'),
		/unitpass_client_secret_file.*nonexistent.*No such file/],
	['session key not hex', sessionKey('hello\n'), /unitpass_session_key_file.*line 1.*64 hex/],
	['session key empty', sessionKey(''), /unitpass_session_key_file/],
	['session key twice', sessionKey(('ab'.repeat(32) + '\n').repeat(2)),
		/unitpass_session_key_file.*twice/],
	['session key readable by all', sessionKey('ab'.repeat(32) + '\n', 0o644),
		/unitpass_session_key_file.*chmod 600/],
	['unknown requirement', (c) => c.replace('unitpass_require item',
		'unitpass_require person'), /unitpass_require.*unit, role, item or certificate/],
	['requirement without value', (c) => c.replace('unitpass_require item annual-report',
		'unitpass_require item'), /unitpass_require/],
	['wrong unit code', (c) => c.replace('unitpass_require item annual-report',
		'unitpass_require unit 123'), /unitpass_require.*18/],
	['wrong time', (c) => c.replace('unitpass_headers on;',
		'unitpass_headers on; unitpass_session idle=soon;'), /unitpass_session.*idle=30m/],
	['time too short', (c) => c.replace('unitpass_headers on;',
		'unitpass_headers on; unitpass_session idle=5s;'), /unitpass_session.*1m/],
	['wrong network', (c) => c.replace('server {',
		'unitpass_trusted_proxy 10.0.0.0/99; server {'),
		/unitpass_trusted_proxy.*10\.0\.0\.0\/8/],
	['issuer twice', (c) => c.replace(/(unitpass_issuer .*;)/, '$1 $1'), /duplicate/],
	['unknown directive', (c) => c.replace('unitpass_headers on;', 'unitpass_heders on;'),
		/unknown directive "unitpass_heders"/],
	['page missing', (c) => c.replace('server {', 'unitpass_page /nonexistent.html; server {'),
		/unitpass_page.*nonexistent/],
	['page that names what is not there', (c) => {
		fs.writeFileSync(path.join(dir, 'page.html'), '<p>{{no_such_value}}</p>');
		return c.replace('server {', `unitpass_page ${dir}/page.html; server {`);
	}, /unitpass_page.*\{\{/],
]) {
	test(`issue configuration: nginx -t refuses ${name}`, async () => {
		const done = await nginxTest(change);

		assert.notEqual(done.code, 0, 'it was accepted');
		assert.match(done.text, says);
		assert.match(done.text, /\.conf:\d+/, 'names file and line');
	});
}

/* --- unitpassd --- */

async function serverTest(change, { start = false, before: prepare } = {}) {
	const file = path.join(dir, 'unitpassd.conf'), keys = path.join(dir, 'keys');
	const original = fs.readFileSync(site.files.unitpassd_conf, 'utf8');
	const from = /keys = "([^"]+)"/.exec(original)[1];
	const stat = fs.statSync(path.join(from, 'server.key'));

	fs.rmSync(keys, { recursive: true, force: true });
	fs.mkdirSync(keys, { mode: 0o700 });
	for (const name of fs.readdirSync(from)) {
		fs.copyFileSync(path.join(from, name), path.join(keys, name));
		fs.chmodSync(path.join(keys, name), 0o600);
		fs.chownSync(path.join(keys, name), stat.uid, stat.gid);
	}
	fs.chownSync(keys, stat.uid, stat.gid);
	if (prepare)
		prepare(keys);
	/* sockets of its own: a server that would start must not take another's */
	fs.writeFileSync(file, change(original.replace(/keys = "[^"]+"/, `keys = "${keys}"`)
		.replace(/run\/(\w+)\.sock/g, 'run/test-$1.sock')));
	const done = await run([path.join(BUILD, 'unitpassd'), ...(start ? [] : ['-t']), '-c',
		file], { timeout: 10000 });
	return { code: done.code, text: done.stderr };
}

test('unitpassd -t passes as it stands', async () => {
	const done = await serverTest((conf) => conf);
	assert.equal(done.code, 0, done.text);
});

for (const [name, change, says, options] of [
	['an unknown key', (c) => c + 'colour = "blue"\n', /unitpassd\.conf:1\d: .*colour/],
	['an unknown key, when started too', (c) => 'colour = "blue"\n' + c,
		/unitpassd\.conf:1: .*colour/, { start: true }],
	['broken syntax', (c) => c + 'log = "plain\n', /unitpassd\.conf/],
	['a number out of bounds', (c) => c + 'frame_interval = 60\n', /frame_interval.*1 to 5/],
	['a word where a number belongs', (c) => c + 'threads = many\n',
		/unitpassd\.conf:\d+.*threads/],
	['an issuer without TLS',
		(c) => c.replace(/issuer = "[^"]+"/, 'issuer = "http://id.example.org"'),
		/issuer.*https/],
	['an issuer with a path',
		(c) => c.replace(/issuer = "[^"]+"/, 'issuer = "https://id.example.org/x"'),
		/issuer/],
	['no issuer', (c) => c.replace(/issuer = "[^"]+"/, ''), /issuer.*missing/],
	['an address that others reach', (c) => c.replace(/^listen = .*/m, 'listen = "0.0.0.0:0"'),
		/0\.0\.0\.0.*loopback/i, { start: true }],
	['a server key readable by others (SECURITY 29)', (c) => c,
		/server\.key.*(chmod|readable|permission|others)/i,
		{ before: (keys) => fs.chmodSync(path.join(keys, 'server.key'), 0o644) }],
	['a signing key readable by group (SECURITY 29)', (c) => c, /signing\.jwks/,
		{ start: true, before: (keys) => fs.chmodSync(path.join(keys, 'signing.jwks'),
		0o640) }],
	['no server key', (c) => c, /server\.key/,
		{ before: (keys) => fs.rmSync(path.join(keys, 'server.key')) }],
	['a server key cut short', (c) => c, /server\.key/,
		{ before: (keys) => fs.truncateSync(path.join(keys, 'server.key'), 20) }],
	['no such user', (c) => c.replace(/user = "[^"]*"/, 'user = "nobody-of-that-name"'),
		/nobody-of-that-name/],
	['no database', (c) => c.replace(/database = "[^"]+"/, 'database = "/nonexistent/db"'),
		/database|nonexistent/],
]) {
	test(`issue configuration: unitpassd refuses ${name}`, async () => {
		const done = await serverTest(change, options);

		assert.equal(done.code, 1, `exit ${done.code}: ${done.text}`);
		assert.match(done.text, says);
		assert.ok(!/[0-9a-f]{64}/.test(done.text), 'and shows no key');
	});
}

test('SECURITY 30: as root without a user it does not run', async (t) => {
	if (process.getuid() !== 0)
		return t.skip('not root');
	const done = await serverTest((c) => c.replace(/user = "[^"]*"/, ''), { start: true });
	assert.equal(done.code, 1, done.text);
	assert.match(done.text, /user/);
});

test('SECURITY 30: the running server is not root and keeps no core', () => {
	const status = fs.readFileSync(`/proc/${site.serverPid}/status`, 'utf8');

	if (process.getuid() === 0)
		assert.ok(!/^Uid:\t0\b/m.test(status), status);
	assert.match(status, /^NoNewPrivs:\t1$/m);
	assert.match(fs.readFileSync(`/proc/${site.serverPid}/limits`, 'utf8'),
		/Max core file size\s+0\s+0/);
});

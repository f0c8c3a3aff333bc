/* SPDX-License-Identifier: Apache-2.0
 * SECURITY 29, 2: runs last. Every secret that passed through the other files is looked for
 * wherever it must not be. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { foundIn, remembered } from './lib/secrets.mjs';
import { Site } from './lib/site.mjs';

const root = process.env.E2E_DIR;
const sites = fs.readdirSync(root).map((name) => path.join(root, name))
	.filter((dir) => fs.existsSync(path.join(dir, 'site.json')));

const isOnPostgres = (dir) => fs.existsSync(path.join(dir, 'pg'));
const clusterOf = (dir) => fs.realpathSync(path.join(dir, 'pg/cluster'));

/* Every log: unitpassd's, the web servers', the application's, and PostgreSQL's. */
function logsOf(dir) {
	const logs = entries(path.join(dir, 'log'), () => true);

	return isOnPostgres(dir) ?
		[...logs, path.join(dir, 'pg/log'), path.join(clusterOf(dir), 'log')] : logs;
}

/* All of DIR's entries whose names FIT, as paths. */
const entries = (dir, fits) => fs.readdirSync(dir).filter(fits).map((name) => path.join(dir, name));

/* PostgreSQL's data folder with its log, and with what was deleted and not yet written over; of its
 * databases the one that is made (1 to 16383 come with it). */
function clusterFiles(data) {
	return [...entries(data, (name) => name !== 'base'),
		...entries(path.join(data, 'base'), (oid) => Number(oid) >= 16384)];
}

/* The store's bytes. */
const storeOf = (dir) => isOnPostgres(dir) ? clusterFiles(path.join(clusterOf(dir), 'data')) :
	entries(path.join(dir, 'var'), (name) => name.startsWith('unitpass.db'));

/* unitpassd's, and the superuser's, for the database itself. */
const databasePasswords = (dir) => isOnPostgres(dir) ? ['password', 'admin.password']
	.map((name) => ({ kind: 'database ' + name,
		value: fs.readFileSync(path.join(dir, 'pg', name), 'utf8').trim() })) : [];

/* As in a file that may be large: one pass over the words in it. */
function found(text, secrets) {
	const hit = [];

	for (const { kind, value } of secrets)
		if (text.includes(value))
			hit.push(kind);
	return hit;
}

test('SECURITY 29: there is something to look for', () => {
	const kinds = new Set(remembered().map((s) => s.kind));

	for (const kind of ['device code', 'watch token', 'handle', 'device token', 'password',
		'client secret', 'resident ID', 'mobile', 'enrolment code', 'cookie', 'token'])
		assert.ok(kinds.has(kind), kind);
	assert.ok(sites.length >= 1);
	/* the sample's log, which names what was asked for and no more */
	assert.match(fs.readFileSync(path.join(Site.shared().dir, 'log/nginx-unitpass-access.log'),
		'utf8'), /"GET \/watch\/- HTTP/);
});

for (const dir of sites) {
	const name = path.basename(dir);

	test(`SECURITY 29: no secret in the logs of ${name}`, () => {
		const secrets = [...remembered(), ...databasePasswords(dir)];
		const logs = logsOf(dir);

		for (const file of logs) {
			const text = fs.readFileSync(file, 'utf8');
			/* nginx logs the request line of what it could not pass on: that is
			 * its own, and holds the watch token of a page that has ended */
			const own = path.basename(file) === 'nginx.log' ?
				text.replace(/(request|upstream): "[^"\n]*"/g, '$1: "…"') : text;
			assert.deepEqual(found(own, secrets), [], file);
		}
		const master = fs.readFileSync(path.join(dir, 'keys-portal/session.key'), 'utf8')
			.trim().split('\n');
		const server = fs.readFileSync(path.join(dir, 'keys/server.key'), 'utf8').trim();
		for (const file of logs)
			for (const key of [...master, server])
				assert.ok(!fs.readFileSync(file, 'utf8').includes(key), file);
	});

	/* persons' data are sealed (SECURITY 34; tests/sealed looks closer) */
	const title = `SECURITY 2, 34: the store of ${name} holds hashes of codes and tokens, ` +
		'not them, and no person\'s data';
	test(title, async () => {
		const ours = [...remembered(), ...databasePasswords(dir)];
		/* what it does hold shows that it is looked where the store is */
		const known = { kind: 'unit', value: Site.read(dir).unit };
		const seen = await foundIn(storeOf(dir), [...ours, known]);

		assert.ok(seen.some((line) => line.endsWith(': unit')), 'the store is elsewhere');
		assert.deepEqual(seen.filter((line) => !line.endsWith(': unit')), []);
	});
}

test('SECURITY 29: no secret in command lines and environments', () => {
	const secrets = [...remembered(), ...databasePasswords(Site.shared().dir)];
	const { dir } = Site.shared();
	const pids = ['nginx', 'apache'].map((server) => Site.shared(server))
		.flatMap((site) => [site.serverPid, site.webPid, ...site.workers()]);
	if (isOnPostgres(dir))
		pids.push(parseInt(fs.readFileSync(
			path.join(clusterOf(dir), 'data/postmaster.pid'), 'utf8'), 10));

	for (const pid of pids)
		for (const what of ['cmdline', 'environ'])
			assert.deepEqual(found(fs.readFileSync(`/proc/${pid}/${what}`, 'utf8'),
				secrets), [], `${what} of ${pid}`);
});

test('SECURITY 29: usage records name the code by its hash', async () => {
	const text = JSON.stringify(await Site.shared().records());

	assert.deepEqual(found(text, remembered()), []);
	assert.match(text, /"code_hash":"[0-9a-f]{32}"/);
});

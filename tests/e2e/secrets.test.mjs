/* SPDX-License-Identifier: Apache-2.0
 * SECURITY 29, 2: runs last. Every secret that passed through the other files is looked for
 * wherever it must not be. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { remembered } from './lib/secrets.mjs';
import { Site } from './lib/site.mjs';

const root = process.env.E2E_DIR;
const sites = fs.readdirSync(root).map((name) => path.join(root, name))
	.filter((dir) => fs.existsSync(path.join(dir, 'site.json')));

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
		const secrets = remembered();

		for (const file of fs.readdirSync(path.join(dir, 'log'))) {
			const text = fs.readFileSync(path.join(dir, 'log', file), 'utf8');
			/* nginx logs the request line of what it could not pass on: that is its
			 * own, and holds the watch token of a page that has ended */
			const own = file === 'nginx.log' ? text.split('\n')
				.map((line) => line.replace(/(request|upstream): "[^"]*"/g,
				'$1: "…"')).join('\n') : text;
			assert.deepEqual(found(own, secrets), [], file);
		}
		const master = fs.readFileSync(path.join(dir, 'keys-portal/session.key'), 'utf8')
			.trim().split('\n');
		const server = fs.readFileSync(path.join(dir, 'keys/server.key'), 'utf8').trim();
		for (const file of fs.readdirSync(path.join(dir, 'log')))
			for (const key of [...master, server])
				assert.ok(!fs.readFileSync(path.join(dir, 'log', file), 'utf8')
					.includes(key), file);
	});

	test(`SECURITY 2: the store of ${name} holds hashes of codes and tokens, not them`, () => {
		const secrets = remembered()
			.filter((s) => !['resident ID', 'mobile'].includes(s.kind));

		for (const file of fs.readdirSync(path.join(dir, 'var'))
			.filter((f) => f.startsWith('unitpass.db')))
			assert.deepEqual(found(fs.readFileSync(path.join(dir, 'var', file),
				'latin1'), secrets), [], file);
	});
}

test('SECURITY 29: no secret in command lines and environments', () => {
	const secrets = remembered();
	const pids = ['nginx', 'apache'].map((server) => Site.shared(server))
		.flatMap((site) => [site.serverPid, site.webPid, ...site.workers()]);

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

/* SPDX-License-Identifier: Apache-2.0
 * What breaks at the server: its process, its disk. Nothing fails open, nothing that was answered
 * is lost. A site of its own. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { SmallDisk } from './lib/disk.mjs';
import { Events, form, postForm } from './lib/http.mjs';
import { jws, newKey, publicJwk } from './lib/phone.mjs';
import { Client, frame } from './lib/portal.mjs';
import { alive, Site, until } from './lib/site.mjs';

let site, phone, signedIn;

before(async () => {
	site = await Site.start('failure');
	phone = await site.newPhone();
	signedIn = site.browser();
	await signedIn.login(phone);
}, { timeout: 120000 });
after(() => site && site.stop());

const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));
const serverUp = () => until(() => site.admin('healthz').then((a) => a.status === 200, () => false),
	'the server');

/* Log in again and again until told to stop; keep every receipt that was answered. */
async function load(who, answered, running) {
	while (running.on) {
		try {
			const begun = await site.client.begin();
			const scanned = await who.scan(await frame(begun.watch_uri));
			if (scanned.status !== 200)
				continue;
			answered.scans.push(scanned.json().transaction);
			const decided = await who.decide(scanned.json());
			if (decided.status !== 200)
				continue;
			answered.receipts.push(decided.json().usage_receipt);
			const token = await site.client.token(begun.device_code);
			if (token.status === 200) {
				answered.receipts.push(token.json().usage_receipt);
				answered.tokens.push(scanned.json().transaction);
			}
		} catch {
			await sleep(20);
		}
	}
}

/* Everything that was answered is on record, whole, and the log has no gap. */
async function checkRecords(answered) {
	assert.deepEqual(await site.damages(), []);
	const hex = site.onPostgres ? "encode(body, 'hex')" : 'hex(body)';
	const rows = await site.sql(`SELECT seq, ${hex} AS body FROM usage ORDER BY seq`);
	const leaves = new Map(), scans = new Set(), redeemed = new Map(), approved = new Set();

	rows.forEach((row, i) => {
		const body = Buffer.from(row.body, 'hex'), record = JSON.parse(body);
		assert.equal(row.seq, i + 1, 'gapless');
		assert.equal(record.seq, row.seq);
		leaves.set(record.id, crypto.createHash('sha256')
			.update(Buffer.concat([Buffer.from([0]), body])).digest('base64url'));
		if (record.event === 'login.scan' && record.result === 'ok')
			scans.add(record.transaction);
		if (record.event === 'login.approve' && record.result === 'ok')
			approved.add(record.transaction);
		if (record.event === 'login.redeem' && record.result === 'ok')
			redeemed.set(record.transaction, (redeemed.get(record.transaction) || 0)
				+ 1);
	});
	for (const transaction of answered.scans)
		assert.ok(scans.has(transaction),
			`the scan of ${transaction} was answered and is not on record`);
	for (const receipt of answered.receipts)
		assert.equal(leaves.get(receipt.record), receipt.leaf_hash,
			`receipt ${receipt.record}`);
	for (const transaction of answered.tokens)
		assert.equal(redeemed.get(transaction), 1,
			`the token of ${transaction} has no record`);
	for (const transaction of redeemed.keys())
		assert.ok(scans.has(transaction) && approved.has(transaction),
			'no redemption without scan and approval');
	return rows.length;
}

test(
	'SECURITY 28: kill -9 of the server under load: no token without record, '
		+ 'no record lost after an answer', { timeout: 90000 }, async () => {
	const phones = await Promise.all(Array.from({ length: 4 }, () => site.newPhone()));
	const answered = { scans: [], receipts: [], tokens: [] }, running = { on: true };
	const loops = phones.map((who) => load(who, answered, running));
	let kills = 0;

	for (; kills < 12; kills++) {
		const before = answered.receipts.length;
		await until(() => answered.receipts.length > before, 'logins that succeed');
		await sleep(Math.random() * 250);
		process.kill(site.serverPid, 'SIGKILL');
		await site.restartServer(null);
	}
	running.on = false;
	await Promise.all(loops);
	assert.equal(kills, 12);
	assert.ok(answered.tokens.length > 20, `${answered.tokens.length} logins`);
	await checkRecords(answered);
});

test('issue operation: SIGTERM finishes what is under way, ends the streams, and exits 0',
	async () => {
	const begun = await site.client.begin();
	const events = new Events(begun.watch_uri);
	await events.frame();
	const body = form({ scope: 'openid unit' });
	const socket = net.connect(path.join(site.dir, 'run/http.sock'));
	const answer = new Promise((resolve, reject) => {
		let text = '';
		socket.on('data', (part) => { text += part; if (/\r\n\r\n.*\}/s.test(text))
			resolve(text); });
		socket.on('close', () => reject(new Error('cut off: ' + text)));
		socket.on('error', reject);
	});

	answer.catch(() => {});
	socket.write(
		'POST /device_authorization HTTP/1.1\r\nHost: a\r\n' +
		`Authorization: ${site.client.basic.authorization}\r\n` +
		'Content-Type: application/x-www-form-urlencoded\r\n' +
		`Content-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
	await sleep(200);
	const pid = site.serverPid, start = Date.now();
	process.kill(pid, 'SIGTERM');
	await events.finished();
	socket.write(body.slice(5));
	assert.match(await answer, /^HTTP\/1\.1 200 /);
	socket.destroy();
	await until(() => !alive(pid), 'the end', 12000);
	assert.ok(Date.now() - start < 9000, 'and does not wait for its limit');
	assert.match(site.serverLog().trim().split('\n').pop(), /stopping/);
	await site.restartServer(null);
});

test('issue operation: SIGHUP brings new clients without a restart', async () => {
	const file = path.join(site.dir, 'late.secret');

	await site.ctl('client', 'add', 'late', '--name', '后来的系统', '--origin',
		'https://late.example.org', '--secret-file', file);
	const late = new Client(site.issuer, 'late', fs.readFileSync(file, 'utf8').trim());
	assert.equal((await late.token('x')).json().error, 'invalid_client');
	const pid = site.serverPid;
	const waiting = await site.client.begin();
	await site.reloadServer();
	assert.equal((await late.token('x')).json().error, 'invalid_grant');
	assert.equal(site.serverPid, pid);
	assert.equal((await phone.scan(await frame(waiting.watch_uri))).status, 200,
		'logins under way go on');
});

/* Of a client with a key: what it showed the process before, and what it shows the next one. */
test('SECURITY 15: an assertion that was used is none at the server that starts next', async () => {
	const key = newKey(), jwks = path.join(site.dir, 'etc/keyed.jwks');
	const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
	const claims = { iss: 'keyed', sub: 'keyed', aud: site.issuer };
	const make = (iat) => jws({ alg: 'ES256' },
		{ ...claims, iat, exp: iat + 120, jti: `j${Math.random()}` }, key);
	const post = (assertion) => postForm({ base: site.issuer, path: '/device_authorization' },
		{ scope: 'openid unit', client_assertion: assertion, client_assertion_type: type });
	const seconds = () => Math.floor(Date.now() / 1000);

	fs.writeFileSync(jwks, JSON.stringify({ keys: [publicJwk(key)] }));
	await site.ctl('client', 'add', 'keyed', '--name', '密钥业务系统',
		'--origin', 'https://keyed.example.org', '--jwks', jwks);
	await site.reloadServer();
	const then = seconds(), used = make(then);
	assert.equal((await post(used)).status, 200);
	await until(() => seconds() > then, 'the next second: the start is of one, as iat');
	await site.restartServer();
	const refused = await post(used);
	assert.equal(refused.status, 401);
	assert.equal(refused.json().error, 'invalid_client');
	assert.match(refused.json().error_description, /make a new one/);
	assert.equal((await post(make(seconds()))).status, 200);
});

const status = async () => (await site.admin('healthz')).status;

test('SECURITY 28: PostgreSQL stops in use: 503 and no login; nothing lost; then it goes on',
	{ timeout: 180000 }, async (t) => {
		if (!site.onPostgres)
			return t.skip('the data is in a file');
		const answered = { scans: [], receipts: [], tokens: [] }, running = { on: true };
		const others = await Promise.all([1, 2, 3].map(() => site.newPhone()));

		for (const mode of ['fast', 'immediate']) {
			const before = answered.tokens.length;

			running.on = true;
			const loads = others.map((who) => load(who, answered, running));
			await until(() => answered.tokens.length > before + 5, 'logins', 30000);
			await site.postgres('stop', mode);
			running.on = false;
			await Promise.all(loads);
			const scan = await phone.scan(await frame((await site.client.begin())
				.watch_uri));
			assert.equal(scan.status, 503, scan.text);
			assert.equal(scan.json().error, 'temporarily_unavailable');
			assert.notEqual(await status(), 200);
			assert.equal((await signedIn.fetch('/whoami')).status, 200,
				'sessions go on');
			await site.postgres('start');
			await until(async () => await status() === 200, 'health');
			await site.recovers(phone);
		}
		await checkRecords(answered);
	});

/* Redeemed and decided is what was scanned while there was room. */
async function beginOnDisk(answered) {
	const [begun, other, third] = await Promise.all([1, 2, 3].map(() => site.client.begin()));
	const view = (await phone.scan(await frame(begun.watch_uri))).json();
	const approved = await phone.approve(await frame(other.watch_uri));

	answered.scans.push(view.transaction, approved.view.transaction);
	answered.receipts.push(approved.receipt.usage_receipt);
	return { view, other, third, transaction: approved.view.transaction };
}

/* What the store still has room for may succeed; soon nothing does. */
async function untilRefused(answered) {
	let refused = 0;

	await until(async () => {
		const a = await phone.scan(await frame((await site.client.begin()).watch_uri));

		if (a.status === 200)
			answered.scans.push(a.json().transaction);
		refused = a.status === 503 ? refused + 1 : 0;
		return refused >= 3;
	}, 'a full disk', 30000);
}

async function checkRefusals({ view, other, third }) {
	const scan = await phone.scan(await frame(third.watch_uri));
	assert.equal(scan.status, 503, scan.text);
	assert.equal(scan.json().error, 'temporarily_unavailable');
	const decision = await phone.decide(view);
	assert.equal(decision.status, 503, decision.text);
	const token = await site.client.token(other.device_code);
	assert.equal(token.status, 503, token.text);
	assert.ok(!token.text.includes('access_token'));
	assert.notEqual(await status(), 200);
	/* the server tries again once a second: an update that still fits must not pass for room */
	for (let i = 0; i < 4; i++, await sleep(600))
		assert.notEqual(await status(), 200);
	assert.equal((await signedIn.fetch('/whoami')).status, 200, 'sessions go on');
}

async function goOn(answered, { view, other, transaction }) {
	const again = await phone.decide(view);
	assert.equal(again.status, 200, again.text);
	answered.receipts.push(again.json().usage_receipt);
	const redeemed = await site.client.token(other.device_code);
	assert.equal(redeemed.status, 200, redeemed.text);
	answered.receipts.push(redeemed.json().usage_receipt);
	answered.tokens.push(transaction);
	await site.recovers(phone);
	await checkRecords(answered);
}

test('SECURITY 28: the disk is full: 503 and no login; nothing lost; then it goes on',
	{ timeout: 120000 }, async (t) => {
		const answered = { scans: [], receipts: [], tokens: [] };
		const disk = new SmallDisk(site);

		if (!await disk.take())
			return t.skip('no right to mount');
		try {
			await serverUp();
			const begun = await beginOnDisk(answered);
			disk.fill();
			await untilRefused(answered);
			await checkRefusals(begun);
			disk.free();
			await until(async () => await status() === 200, 'health');
			await goOn(answered, begun);
		} finally {
			await disk.back();
		}
		await serverUp();
	});

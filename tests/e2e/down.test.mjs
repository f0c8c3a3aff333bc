/* SPDX-License-Identifier: Apache-2.0
 * The portal (behind SERVER) when the server is down or stuck, or a worker of its own web server
 * dies: nothing fails open, sessions go on. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Events, request } from './lib/http.mjs';
import { alive, Site, until } from './lib/site.mjs';

let site, phone, signedIn;

before(async () => {
	site = await Site.start('down');
	phone = await site.newPhone();
	signedIn = site.browser();
	await signedIn.login(phone);
}, { timeout: 120000 });
after(() => site && site.stop());

const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));

test('SECURITY 25: a worker of the web server killed in the middle of a login: it goes on',
	async () => {
	const browser = site.browser();
	const begun = await browser.begin();
	const events = new Events(begun.watch_uri);
	const view = (await phone.scan((await events.frame()).data.text)).json();

	for (const pid of site.workers())
		process.kill(pid, 'SIGKILL');
	await until(() => request({ base: site.portal, path: '/public/whoami' })
		.then((a) => a.status === 200, () => false), 'new workers');
	await phone.decide(view);
	assert.equal((await browser.complete(begun.attempt)).status, 200);
	assert.equal((await browser.whoami()).unit_code, phone.unit);
	/* the workers' locks are their own: the others still answer */
	for (let i = 0; i < 10; i++)
		assert.equal((await site.browser().open('/.unitpass/login?return=/')).status, 200);
});

test('SECURITY 25: the server is down: sessions go on, new logins get a clear page, nothing opens',
	async () => {
	const begun = await site.browser().begin();
	const waiting = site.browser();
	const mine = await waiting.begin();

	process.kill(site.serverPid, 'SIGTERM');
	await until(() => !alive(site.serverPid), 'the end of the server');
	try {
		assert.equal((await signedIn.fetch('/whoami')).json().unit_code, phone.unit);
		assert.equal((await signedIn.fetch('/.unitpass/session')).status, 200);
		const page = await site.browser().open('/.unitpass/login?return=/whoami',
			{ 'accept-language': 'en' });
		assert.equal(page.status, 503);
		assert.match(page.headers['content-type'], /text\/html/);
		assert.ok(Number(page.headers['retry-after']) > 0);
		assert.match(page.text, /not available right now/);
		assert.match(page.headers['cache-control'], /no-store/);
		assert.match((await site.browser().open('/.unitpass/login',
			{ 'accept-language': 'zh-CN' })).text, /[\u4e00-\u9fff]/);
		const json = await site.browser().post('/.unitpass/login', { return: '/' });
		assert.equal(json.status, 503);
		assert.equal(json.json().error, 'temporarily_unavailable');
		assert.equal((await waiting.complete(mine.attempt)).status, 503);
		assert.equal(await waiting.whoami(), null);
		assert.equal((await waiting.fetch(`/.unitpass/state?attempt=${mine.attempt}`))
			.status, 503);
		assert.equal((await site.browser().open('/whoami')).status, 302,
			'who is nobody is still sent to sign in');
		assert.equal((await site.browser().fetch('/whoami')).status, 401);
		assert.equal((await request({ base: site.portal, path: '/public/whoami' })).status,
			200);
	} finally {
		await site.restartServer(null);
	}
	/* logins that waited are gone with the server: said so once its silence is over
	 * (module/rp/transport.h), and a new one works */
	const gone = await until(async () => {
		const answer = await waiting.complete(mine.attempt);
		return answer.status !== 503 && answer;
	}, 'an answer', 12000);
	assert.equal(gone.status, 409);
	assert.equal(gone.json().error, 'expired_token');
	assert.ok(begun.attempt);
	await site.recovers(phone);
});

test('SECURITY 25: the server is stuck: the portal goes on answering everybody else',
	{ timeout: 120000 }, async () => {
	const pid = site.serverPid;

	process.kill(pid, 'SIGSTOP');
	let stuck;
	try {
		stuck = Array.from({ length: 40 },
			() => site.browser().open('/.unitpass/login?return=/').then((a) => a.status,
			(e) => e.message));
		await sleep(100);
		for (let i = 0; i < 20; i++) {
			const start = Date.now();
			assert.equal((await request({ base: site.portal, path: '/public/whoami' }))
				.status, 200);
			assert.equal((await signedIn.fetch('/whoami')).status, 200);
			assert.equal((await signedIn.fetch('/.unitpass/session')).status, 200);
			assert.equal((await site.browser().open('/whoami')).status, 302);
			assert.ok(Date.now() - start < 1000, `${Date.now() - start} ms`);
		}
		const outcome = await Promise.race([Promise.all(stuck),
			sleep(20000).then(() => null)]);
		assert.ok(outcome, 'they are told within 20 s');
		assert.ok(outcome.every((s) => s === 503), String(outcome));
	} finally {
		process.kill(pid, 'SIGCONT');
	}
	await Promise.allSettled(stuck);
	await site.recovers(phone);
});

/* SPDX-License-Identifier: Apache-2.0
 * What only time proves. All of it waits at once, beside the other files. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, readQr, stateOf } from './lib/browser.mjs';
import { Events } from './lib/http.mjs';
import { frame, snapshot } from './lib/portal.mjs';
import { Site } from './lib/site.mjs';

const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));
let site, chromium, phone, page;

before(async () => {
	site = await Site.start('slow');
	await site.addLocations('limits', {
		'/idle/': { session: 'idle=60s max=1h' },
		'/active/': { session: 'idle=80s max=1h' }, '/max/': { session: 'idle=1h max=60s' },
	});
	[chromium, phone] = await Promise.all([launch(), site.newPhone()]);
	page = await (await chromium.newContext({ locale: 'zh-CN' })).newPage();
});
after(async () => {
	await (chromium && chromium.close());
	await (site && site.stop());
});

async function staleFrame() {
	const begun = await site.client.begin();
	const text = await frame(begun.watch_uri);

	await sleep(12000);
	assert.equal((await phone.scan(text)).json().error, 'invalid_code',
		'SECURITY 4: a frame 12 s old');
	assert.equal((await snapshot(begun.watch_uri)).json().state, 'pending');
	assert.equal((await phone.scan(await frame(begun.watch_uri))).status, 200,
		'and the current one passes');
	assert.ok((await site.records(site.says('stale_frame'))).length > 0, 'on record');
}

async function notDecided() {
	const begun = await site.client.begin();
	const events = new Events(begun.watch_uri);
	const view = (await phone.scan(await frame(begun.watch_uri))).json();

	assert.ok(view.expires - Date.now() / 1000 <= 121);
	await events.state('expired', 130000);
	await events.finished();
	assert.equal((await site.client.token(begun.device_code)).json().error, 'expired_token');
	assert.equal((await phone.decide(view)).json().error, 'invalid_code');
	const last = (await site.recordsOf(view.transaction))
		.filter((r) => r.event === 'login.expire');
	assert.deepEqual(last.map((r) => r.reason), ['not_decided']);
	assert.equal(last[0].device, phone.device);
	assert.equal(last[0].person_name, '王**');
}

async function notRedeemed() {
	const begun = await site.client.begin();
	const { view } = await phone.approve(await frame(begun.watch_uri));

	await sleep(121500);
	assert.equal((await site.client.token(begun.device_code)).json().error, 'expired_token');
	const last = (await site.recordsOf(view.transaction))
		.filter((r) => r.event === 'login.expire');
	assert.deepEqual(last.map((r) => r.reason), ['not_redeemed']);
	assert.equal(last[0].unit_code, phone.unit);
	assert.equal(last[0].device, phone.device);
}

/* SECURITY 13, RFC 8628 section 3.5 */
async function slowDown() {
	const begun = await site.client.begin(), second = await site.client.begin();
	const poll = async (b) => (await site.client.token(b.device_code)).json().error;

	assert.deepEqual([await poll(begun), await poll(begun), await poll(second),
		await poll(second)],
		['authorization_pending', 'slow_down', 'authorization_pending', 'slow_down']);
	await sleep(7000);
	assert.equal(await poll(second), 'slow_down', 'the interval is 10 s now');
	await sleep(3500);
	assert.equal(await poll(begun), 'authorization_pending', 'who waits recovers');
	await sleep(8000);
	assert.equal(await poll(begun), 'slow_down', 'and the interval stays 10 s');
}

async function expiredPage() {
	await page.goto(site.portal + '/');
	const text = await readQr(page);

	assert.equal((await phone.scan(text)).status, 200);
	await stateOf(page, 'scanned');
	await stateOf(page, 'expired', 135000);
	await page.click('[data-unitpass] button');
	await phone.approve(await readQr(page, text));
	await page.waitForURL(site.portal + '/');
}

/* SECURITY 25: a session ends by its limits: 60 s idle, 60 s at most; who is active stays */
async function sessionLimits() {
	const browser = site.browser(), active = site.browser();
	const status = async (b, path) => (await b.fetch(path)).status;

	await browser.login(phone);
	await active.login(phone);
	assert.deepEqual([await status(browser, '/idle/whoami'),
		await status(browser, '/max/whoami')], [200, 200]);
	for (let i = 0; i < 6; i++) {
		await sleep(15500);
		assert.equal(await status(active, '/active/whoami'), 200,
			`active for ${(i + 1) * 15.5} s`);
	}
	assert.equal(await status(browser, '/idle/whoami'), 401, 'idle for 93 s');
	assert.equal(await status(browser, '/max/whoami'), 401, 'older than 60 s');
	assert.equal(await status(active, '/max/whoami'), 401, 'older than 60 s, however active');
	assert.equal(await status(browser, '/whoami'), 200, 'where the limits are longer it lives');
}

test('time: frames, decisions, redemptions, polling, and the page', { timeout: 180000 },
	async (t) => {
	const parts = { 'SECURITY 4: a stale frame is refused': staleFrame,
		'SECURITY 4: a scanned login waits 120 s': notDecided,
		'SECURITY 4: an approved login waits 120 s': notRedeemed,
		'SECURITY 25: idle and longest time of a session': sessionLimits,
		'SECURITY 13: slow_down adds 5 s, and a slowed client recovers': slowDown,
		'issue page: expired, one click brings a new code': expiredPage };
	const running = Object.entries(parts)
		.map(([name, part]) => [name, part().then(() => null, (error) => error)]);

	for (const [name, done] of running) {
		await t.test(name, async () => {
			const error = await done;
			if (error)
				throw error;
		});
	}
});

/* SPDX-License-Identifier: Apache-2.0
 * Signing in, with a real browser and the reference phone; and everything that must not sign
 * anybody in. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { handleOf, launch, readQr, stateOf } from './lib/browser.mjs';
import { Events, request } from './lib/http.mjs';
import { claimsOf, frame, snapshot } from './lib/portal.mjs';
import { Site } from './lib/site.mjs';

const site = Site.shared();
let chromium, phone;

before(async () => {
	[chromium, phone] = await Promise.all([launch(), site.newPhone()]);
});
after(() => chromium && chromium.close());

/* A fresh browser profile with one page. */
async function profile(options = {}) {
	const context = await chromium.newContext({ locale: 'zh-CN', ...options });

	return { context, page: await context.newPage() };
}

/* Every byte the PC is given, as a list that grows. */
function listen(page) {
	const bodies = [];

	page.on('response', async (response) => {
		const body = await response.body().catch(() => Buffer.alloc(0));
		bodies.push(`${response.url()} ${JSON.stringify(response.headers())} `
			+ `${body.toString('utf8')}`);
	});
	return bodies;
}

test('issue main flow; SECURITY 8, 10: scan from the screen, confirm, the page greets the unit',
	async () => {
	const { context, page } = await profile();
	const given = listen(page);

	await page.goto(site.portal + '/?report=2026');
	assert.match(page.url(), /\/\.unitpass\/login\?/);
	const text = await readQr(page);
	assert.match(text, new RegExp(`^${site.issuer}/q/[\\w-]{22}\\.\\d+\\.[\\w-]+$`));
	assert.notEqual(await readQr(page, text), text, 'the code is animated');
	const watch = await page.getAttribute('[data-unitpass]', 'data-watch');
	const events = new Events(watch);
	await events.frame();

	const phoneScan = await site.newPhone({ name: '欧阳测试', unitName: '湖南省端到端测试院' });
	const scanned = await phoneScan.scan(await readQr(page));
	assert.equal(scanned.status, 200, scanned.text);
	await stateOf(page, 'scanned');
	await events.state('scanned');
	const before = [...given, events.text, await page.content(),
		JSON.stringify(await context.cookies())].join('\n');
	for (const word of [phoneScan.unit, '湖南省端到端测试院', '欧阳', phoneScan.person.mobile,
		phoneScan.person.resident_id, phoneScan.certificate.certificate])
		assert.ok(!before.includes(word), `the PC knows ${word} before the decision`);
	const view = scanned.json();
	assert.equal(view.client.id, site.client_id);
	assert.equal(view.client.origin, site.portal);
	assert.match(view.client.name, /^示例业务系统/);
	assert.match(view.initiator.browser, /Chrom/);
	assert.equal(view.initiator.ip, '127.0.0.1');
	assert.equal(view.initiator.known, false);
	assert.deepEqual(view.warnings, ['new_browser']);
	assert.equal((await phoneScan.decide(view)).status, 200);

	await page.waitForURL(site.portal + '/?report=2026');
	assert.match(await page.textContent('h1'), /湖南省端到端测试院/);
	assert.ok(!events.text.includes(phoneScan.unit), 'not even afterwards');
	const [scan, approve, redeem, ...more] = await site.recordsOf(view.transaction);
	assert.deepEqual(more, []);
	assert.deepEqual([scan.event, approve.event, redeem.event],
		['login.scan', 'login.approve', 'login.redeem']);
	for (const record of [scan, approve, redeem]) {
		assert.equal(record.result, 'ok');
		assert.equal(record.client, site.client_id);
		assert.equal(record.client_origin, site.portal);
		assert.equal(record.unit_code, phoneScan.unit);
		assert.equal(record.channel, 'animated-qr');
		assert.equal(record.initiator_ip, '127.0.0.1');
		assert.match(record.initiator_agent, /Chrome/);
		assert.equal(record.person_name, '欧阳**');
		assert.equal(record.device, phoneScan.device);
		assert.ok(Math.abs(record.time_ms - Date.now()) < 60000);
	}
	assert.equal(approve.role, 'principal');
	assert.equal(approve.certificate, phoneScan.certificate.certificate);
	assert.match(approve.evidence, /^[0-9a-f]{64}$/);
	assert.equal(redeem.unit_name, '湖南省端到端测试院');
	assert.deepEqual(redeem.disclosed.split(' '), view.disclosed,
		'the record keeps what the phone was told');
	const who = JSON.parse(await (await page.goto(site.portal + '/whoami')).text());
	assert.equal(who.unit_code, phoneScan.unit);
	assert.equal(who.unit_name, '湖南省端到端测试院');
	assert.equal(who.holder_name, '欧阳测试');
	assert.equal(who.role, 'principal');
	assert.equal(who.certificate, phoneScan.certificate.certificate);
	assert.equal(who.session, redeem.session);

	/* the same unit in the same browser is known the next time */
	await page.goto(site.portal + '/.unitpass/login?again=1&return=/');
	const second = (await phoneScan.scan(await readQr(page))).json();
	assert.equal(second.initiator.known, true);
	assert.deepEqual(second.warnings, []);
	events.close();
	await context.close();
});

test('issue main flow: the reference phone scans from a screenshot', async () => {
	const { context, page } = await profile();

	await page.goto(site.portal + '/annual-report/whoami');
	/* on a busy machine a picture may be older than a frame may be: as the phone says, once
	 * more */
	let done;
	for (let i = 0; i < 3 && done?.code !== 0; i++)
		done = await site.holderScan(await readQr(page), '--yes');
	assert.equal(done.code, 0, done.stdout + done.stderr);
	await page.waitForURL(site.portal + '/annual-report/whoami');
	const who = JSON.parse(await page.textContent('body'));
	assert.equal(who.unit_code, site.unit);
	assert.equal(who.unit_name, site.unit_name);
	assert.equal(who.items, site.item);
	await context.close();
});

for (const [decision, reason] of [['deny', undefined], ['not_mine', 'not_mine']]) {
	test(`SECURITY 7: ${decision} ends it; a new code is one key away`, async () => {
		const { context, page } = await profile();

		await page.goto(site.portal + '/');
		const text = await readQr(page);
		const view = (await phone.scan(text)).json();
		const answer = await phone.decide(view, decision);
		assert.equal(answer.status, 200, answer.text);
		assert.equal(answer.json().state, 'denied');
		await stateOf(page, 'denied');
		const records = await site.recordsOf(view.transaction);
		assert.deepEqual(records.map((r) => r.event), ['login.scan', 'login.deny']);
		assert.equal(records[1].reason, reason);
		assert.equal((await phone.decide(view, 'approve')).status, 409);
		assert.equal((await site.browser().whoami()), null);
		/* the focus is on the one thing to do */
		await page.keyboard.press('Enter');
		assert.notEqual(handleOf(await readQr(page, text)), handleOf(text));
		await context.close();
	});
}

test('SECURITY 3: another browser cannot collect the result', async () => {
	const mine = site.browser(), other = site.browser();
	const begun = await mine.begin();
	const attempt = await other.begin();

	await phone.approve(await frame(begun.watch_uri));
	const stolen = await other.complete(begun.attempt);
	assert.equal(stolen.status, 409);
	assert.equal(stolen.json().error, 'expired_token');
	assert.ok(!other.jar.has('__Host-unitpass'));
	const own = await other.complete(attempt.attempt);
	assert.equal(own.status, 409);
	assert.equal(own.json().error, 'authorization_pending');
	const nobody = await site.browser().complete(begun.attempt);
	assert.equal(nobody.status, 409);
	assert.deepEqual(nobody.json(), stolen.json());
	assert.equal((await mine.complete(begun.attempt)).status, 200);
	assert.equal((await mine.whoami()).unit_code, phone.unit);
	assert.equal(await other.whoami(), null);
});

test('SECURITY 2: none of the three secrets does the work of another', async () => {
	const begun = await site.client.begin();
	const text = await frame(begun.watch_uri), handle = handleOf(text),
		watch = begun.watch_uri.split('/').pop();
	const secrets = { handle, watch, device: begun.device_code };

	assert.equal(new Set(Object.values(secrets)).size, 3);
	for (const [name, secret] of Object.entries(secrets)) {
		assert.equal(Buffer.from(secret, 'base64url').length, 16, name);
		if (name !== 'device')
			assert.equal((await site.client.token(secret)).json().error,
				'invalid_grant', `${name} as device code`);
		if (name !== 'watch')
			assert.equal((await snapshot(`${site.issuer}/watch/${secret}`)).status, 404,
				`${name} as watch token`);
		if (name !== 'handle')
			assert.equal((await phone.scan(text.replace(handle, secret))).json().error,
				'invalid_code', `${name} as handle`);
	}
	assert.equal((await phone.scan(text)).status, 200);
});

test('SECURITY 5: a second redemption gets nothing, ends the first token, and is recorded',
	async () => {
	const begun = await site.client.begin({ nonce: 'n-123' });
	const { view } = await phone.approve(await frame(begun.watch_uri));
	const first = await site.client.token(begun.device_code);

	assert.equal(first.status, 200, first.text);
	const claims = claimsOf(first.json().id_token);
	assert.equal(claims.nonce, 'n-123');
	assert.equal(claims.unit.code, phone.unit);
	const told = ['unit', 'holder'].flatMap((o) =>
		Object.keys(claims[o]).map((member) => `${o}.${member}`));
	assert.deepEqual(claims.authority.map((a) => [a.role, a.ref]),
		[['principal', claims.holder.ref]]);
	assert.deepEqual([...told, 'items', 'authority'], view.disclosed,
		'the portal gets what the phone was told');
	assert.equal((await site.client.userinfo(first.json().access_token)).json().unit.code,
		phone.unit);
	for (let i = 0; i < 2; i++) {
		const again = await site.client.token(begun.device_code);
		assert.equal(again.status, 400);
		assert.equal(again.json().error, 'invalid_grant');
	}
	const dead = await site.client.userinfo(first.json().access_token);
	assert.equal(dead.status, 401);
	assert.equal(dead.json().error, 'invalid_token');
	const events = (await site.recordsOf(view.transaction)).map((r) => r.event);
	assert.deepEqual(events, ['login.scan', 'login.approve', 'login.redeem', 'login.replay']);
});

test('SECURITY 5: a saved login cookie does not complete twice', async () => {
	const browser = site.browser();
	const begun = await browser.begin();
	const { view } = await phone.approve(await frame(begun.watch_uri));
	const copy = site.browser();

	copy.jar = new Map(browser.jar);
	assert.equal((await browser.complete(begun.attempt)).status, 200);
	const again = await copy.complete(begun.attempt);
	assert.equal(again.status, 409);
	assert.ok(!copy.jar.has('__Host-unitpass'));
	assert.equal(await copy.whoami(), null);
	assert.ok((await site.recordsOf(view.transaction)).some((r) => r.event === 'login.replay' &&
		r.result === 'refused'));
});

test('SECURITY 6: two tabs of one browser both sign in; the session id is new each time',
	async () => {
	const { context, page } = await profile();
	const second = await context.newPage();

	await page.goto(site.portal + '/whoami?tab=1');
	await second.goto(site.portal + '/whoami?tab=2');
	const one = await readQr(page), two = await readQr(second);
	assert.notEqual(handleOf(one), handleOf(two));
	await phone.approve(await readQr(page));
	await page.waitForURL('**/whoami?tab=1');
	const first = JSON.parse(await page.textContent('body'));
	await phone.approve(await readQr(second));
	await second.waitForURL('**/whoami?tab=2');
	const other = JSON.parse(await second.textContent('body'));
	assert.equal(first.unit_code, other.unit_code);
	assert.notEqual(first.session, other.session);
	await context.close();
});

test('SECURITY 6: starting again ends the earlier transaction', async () => {
	const { context, page } = await profile();

	await page.goto(site.portal + '/');
	const text = await readQr(page);
	const events = new Events(await page.getAttribute('[data-unitpass]', 'data-watch'));
	await events.state('pending');
	await page.reload();
	await events.state('expired');
	await events.finished();
	const fresh = await readQr(page, text);
	assert.notEqual(handleOf(fresh), handleOf(text));
	assert.equal((await phone.scan(text)).json().error, 'invalid_code');
	await phone.approve(await readQr(page));
	await page.waitForURL(site.portal + '/');
	await context.close();
});

test('SECURITY 6: back after login leads to no error and no second login', async () => {
	const { context, page } = await profile();

	await page.goto(site.portal + '/public/headers');
	await page.goto(site.portal + '/whoami');
	await phone.approve(await readQr(page));
	await page.waitForURL(site.portal + '/whoami');
	await page.goBack();
	assert.equal(page.url(), site.portal + '/public/headers',
		'the login page is not in the history');
	await page.goForward();
	assert.equal(page.url(), site.portal + '/whoami');
	/* the login page opened by hand sends on who is signed in */
	await page.goto(site.portal + '/.unitpass/login?return=/whoami');
	assert.equal(page.url(), site.portal + '/whoami');
	await context.close();
});

test('SECURITY 18: signing out asks first, then nobody is signed in', async () => {
	const { context, page } = await profile();

	await page.goto(site.portal + '/whoami');
	await phone.approve(await readQr(page));
	await page.waitForURL(site.portal + '/whoami');
	const status = () => page.evaluate(() => fetch('/.unitpass/session')
		.then((answer) => answer.status));
	assert.equal(await status(), 200);
	await page.goto(site.portal + '/.unitpass/logout');
	assert.equal(await status(), 200, 'GET asks and does nothing');
	await page.click('button');
	await page.waitForFunction(() => !document.querySelector('form'));
	assert.equal(await status(), 401);
	await page.goto(site.portal + '/whoami');
	assert.match(page.url(), /\.unitpass\/login/);
	assert.ok(!(await context.cookies()).some((c) => c.name === '__Host-unitpass'));
	await context.close();
});

test('SECURITY 17: userinfo is for the token alone', async () => {
	for (const authorization of [undefined, 'Bearer', 'Bearer x', 'Basic x', 'Bearer '
		+ 'A'.repeat(120)]) {
		const answer = await request({ base: site.issuer, path: '/userinfo',
			headers: authorization ? { authorization } : {} });
		assert.equal(answer.status, 401);
		assert.match(answer.headers['www-authenticate'], /Bearer/);
	}
});

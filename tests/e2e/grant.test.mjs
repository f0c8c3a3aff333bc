/* SPDX-License-Identifier: Apache-2.0
 * By a manager's grant through the front door of either web server (SERVER): who is let in for an
 * item, what the portal is told of by what right, who is not let in, and what becomes of it when
 * something of that right dies. A site of its own: its portal asks for items. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';
import { request } from './lib/http.mjs';
import { claimsOf, frame } from './lib/portal.mjs';
import { Site } from './lib/site.mjs';

const DAY_MS = 86400000;
let site, other, principal, manager, user;

/* As Asia/Shanghai has it, DAYS from now. */
const day = (days = 0) => new Date(Date.now() + 8 * 3600000 + days * DAY_MS).toISOString()
	.slice(0, 10);
const TO = day(30);

before(async () => {
	site = await Site.start('grant');
	other = `change-${site.server}`;
	await site.ctl('item', 'add', other, '--name', '变更登记', '--client', site.client_id);
	await site.reloadServer();
	await site.addLocations('items', {
		'/report/': { require: [['item', site.item]] },
		'/other/': { require: [['item', other]] },
		'/report-by-role/': { require: [['item', site.item],
			['role', 'principal', 'manager']] },
	});
	principal = await site.newPhone({ name: '欧阳小明', unitName: '湖南省授权测试院' });
	manager = await site.addPhone(principal, 'manager', '周予安');
	user = await site.addPhone(manager, 'user', '沈知秋');
	principal.ref = (await redeem(principal)).claims.holder.ref;
}, { timeout: 120000 });
after(() => site && site.stop());

/* A code for ITEM by the manager to PHONE, who takes it. */
async function grant(phone, item) {
	const { grants: [given] } = await manager.change('/holder/grants',
		{ users: [phone.ref], items: [item], from: day(), to: TO });

	await phone.enrol(given.code, phone.person);
	return given.grant;
}

/* A whole login of PHONE by the portal's own calls. */
async function redeem(phone, fields) {
	const begun = await site.client.begin(fields);
	const { view } = await phone.approve(await frame(begun.watch_uri));
	const { id_token, access_token } = (await site.client.token(begun.device_code)).json();

	return { view, claims: await verified(id_token), access: access_token };
}

/* What PHONE is told of a login for ITEM, and what it hears when it approves. */
async function attempt(phone, begun) {
	const scanned = await phone.scan(await frame(begun.watch_uri));
	const view = scanned.json();

	if (scanned.status !== 200)
		return { error: view.error };
	const decided = await phone.decide(view);
	return { view, may: view.certificates[0], status: decided.status,
		error: decided.json().error };
}

/* Where BROWSER is sent to sign in from PATH, as a person follows it: its item. */
async function signIn(browser, phone, path) {
	const sent = await browser.open(path);
	const to = sent.status === 302 ? sent.headers.location
		: /href="(\/\.unitpass\/login[^"]*)"/.exec(sent.text)[1].replaceAll('&amp;', '&');
	const { searchParams } = new URL(to, site.portal);
	const fields = Object.fromEntries([...searchParams].filter(([name]) =>
		name === 'item' || name === 'return'));

	await browser.login(phone, fields);
	return fields.item;
}

/* The chain as the rows have it, with the references that the holders' calls gave. */
async function chainOf(...phones) {
	const rows = await site.sql('SELECT h.ref AS ref, r.role AS role, r.live_ms AS live_ms ' +
		"FROM role r JOIN holder h ON h.id = r.holder WHERE r.status = 'live'");

	return phones.map(({ ref }) => {
		const { role, live_ms } = rows.find((row) => row.ref === ref);

		return { role, ref, since: Math.floor(live_ms / 1000) };
	});
}

/* The claims of an ID token that the issuer's key signed. */
async function verified(token) {
	const { keys } = (await request({ base: site.issuer, path: '/jwks' })).json();
	const [head, body, signature] = token.split('.');
	const { kid, alg } = JSON.parse(Buffer.from(head, 'base64url'));
	const key = crypto.createPublicKey({ key: keys.find((k) => k.kid === kid), format: 'jwk' });

	assert.equal(alg, 'ES256');
	assert.ok(crypto.verify('sha256', Buffer.from(`${head}.${body}`),
		{ key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')));
	return claimsOf(token);
}

/* The last record of EVENT, of a login. */
const lastOf = async (view, event) => (await site.recordsOf(view.transaction))
	.findLast((record) => record.event === event);

/* --- let in, by what right --- */

test('rule 20: without a grant a user is refused at the phone, and the portal hears nothing',
	async () => {
	const browser = site.browser(), begun = await browser.begin({ item: site.item });
	const { view, may, status, error } = await attempt(user, begun);

	assert.equal(view.item_name, '年度报告');
	assert.deepEqual([may.role, may.eligible, may.reason], ['user', false, 'item_not_granted']);
	assert.deepEqual([status, error], [403, 'item_not_granted']);
	assert.equal((await browser.complete(begun.attempt)).json().error, 'authorization_pending');
	const record = await lastOf(view, 'login.approve');
	assert.deepEqual([record.result, record.reason, record.role, record.item],
		['refused', 'item_not_granted', 'user', site.item]);
});

test('rules 15, 20: under the grant of a manager a user enters, and no other item',
	async () => {
	await grant(user, site.item);
	const browser = site.browser();

	assert.equal(await signIn(browser, user, '/report/whoami'), site.item);
	const who = (await browser.fetch('/report/whoami')).json();
	assert.deepEqual([who.unit_code, who.unit_name, who.role, who.holder_ref, who.holder_name,
		who.items, who.certificate],
	[user.unit, '湖南省授权测试院', 'user', user.ref, '沈知秋', site.item,
		user.certificate.certificate]);
	assert.equal((await browser.fetch('/.unitpass/session')).json().holder.role, 'user');

	const page = await browser.open('/other/whoami');
	const json = await browser.fetch('/other/whoami');
	assert.equal(page.status, 403);
	assert.ok(page.text.includes(other) && page.text.includes('沈知秋'), page.text);
	assert.equal(json.status, 403);
	assert.deepEqual(json.json().wanted, { item: [other] });
	/* the way on asks for that item, which she was not granted */
	const login = new URL(json.json().login, site.portal);
	assert.equal(login.searchParams.get('item'), other);
	const refused = await attempt(user, await browser.begin({ item: other }));
	assert.deepEqual([refused.status, refused.error], [403, 'item_not_granted']);
	/* the page that the site shows asks for the item alone; a role is asked for beside it */
	assert.equal((await browser.fetch('/annual-report/whoami')).status, 200);
	assert.equal((await browser.fetch('/report-by-role/whoami')).status, 403);
});

test('who signed in for nothing, or for another item, is led to a login for this one',
	async () => {
	const browser = site.browser();

	assert.equal(await signIn(browser, user, '/whoami'), undefined);
	assert.equal((await browser.whoami()).items, '');
	assert.equal((await browser.open('/report/whoami')).status, 403);
	assert.equal(await signIn(browser, user, '/report/whoami'), site.item);
	assert.equal((await browser.fetch('/report/whoami')).json().items, site.item);
});

test('rule 20: principal and manager need no grant', async () => {
	for (const [phone, role] of [[principal, 'principal'], [manager, 'manager']]) {
		const browser = site.browser();

		await browser.login(phone);
		const who = (await browser.fetch('/other/whoami')).json();
		assert.deepEqual([who.role, who.unit_code], [role, user.unit]);
	}
});

test('issue 9: the ID token says the chain from the principal, as rows and record have it',
	async () => {
	const { view, claims, access } = await redeem(user, { item: site.item });
	const chain = await chainOf(principal, manager, user);

	Object.assign(chain[2], { until: Date.parse(TO + 'T23:59:59+08:00') / 1000,
		items: [site.item] });
	assert.deepEqual(claims.authority, chain);
	assert.deepEqual(claims.items, [site.item]);
	assert.deepEqual(claims.holder, { ref: user.ref, role: 'user', name: '沈知秋' });
	assert.deepEqual((await site.client.userinfo(access)).json().authority, chain);
	const { grants: [given] } = await manager.list('/holder/grants');
	const record = await lastOf(view, 'login.redeem');
	assert.deepEqual([record.result, record.grant, record.grantor, record.items, record.period],
		['ok', given.grant, manager.ref, site.item, `${day()}/${TO}`]);
	/* theirs is as long as it has to be */
	assert.deepEqual((await redeem(manager)).claims.authority, chain.slice(0, 2));
	assert.deepEqual((await redeem(principal)).claims.authority, chain.slice(0, 1));
});

/* --- what dies in between, and after --- */

/* She has approved; DIES, and her browser comes for it: gets nothing, for the REASON on record. */
async function dies(phone, how, reason) {
	const browser = site.browser(), begun = await browser.begin({ item: site.item });
	const { view } = await phone.approve(await frame(begun.watch_uri));

	await how();
	const done = await browser.complete(begun.attempt);
	assert.deepEqual([done.status, done.json().error], [409, 'access_denied'], reason);
	assert.ok(!browser.jar.has('__Host-unitpass'));
	assert.equal((await browser.fetch('/report/whoami')).status, 401);
	const record = await lastOf(view, 'login.redeem');
	assert.deepEqual([record.result, record.reason], ['refused', reason]);
	assert.deepEqual(await site.sql(
		`SELECT id FROM session WHERE id = '${record.session}'`), []);
}

test('rule 18: a cancelled grant: no redemption, no next login, and no token that goes on',
	async () => {
	const browser = site.browser();

	await signIn(browser, user, '/report/whoami');
	const { access } = await redeem(user, { item: site.item });
	const { grants: [given] } = await manager.list('/holder/grants');

	await dies(user, () => manager.change(`/holder/grants/${given.grant}/cancel`),
		'item_not_granted');
	const { status, error } = await attempt(user, await browser.begin({ item: site.item }));
	assert.deepEqual([status, error], [403, 'item_not_granted']);
	assert.equal((await site.client.userinfo(access)).status, 401);
	/* the portal's own session is sealed, and goes on to its limits (doc/PROTOCOL.md) */
	assert.equal((await browser.fetch('/report/whoami')).status, 200);
});

test('rule 13: a deleted manager takes her users along: at the redemption, and at the phone',
	async () => {
	const second = await site.addPhone(manager, 'user', '顾清和');

	await grant(user, site.item);
	await grant(second, site.item);
	const { access } = await redeem(second, { item: site.item });
	/* her phone ended with her last role */
	await dies(user, () => principal.change(`/holder/managers/${manager.ref}/delete`),
		'device_ended');
	assert.equal((await site.client.userinfo(access)).status, 401);
	for (const phone of [user, second, manager]) {
		const begun = await site.browser().begin({ item: site.item });
		assert.deepEqual(await attempt(phone, begun), { error: 'device_ended' });
	}
	/* and the principal's right stands */
	await signIn(site.browser(), principal, '/report/whoami');
});

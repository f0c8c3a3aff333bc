/* SPDX-License-Identifier: Apache-2.0
 * What the module guards, behind either web server (SERVER): what an application is told of who
 * signed in, who is asked to sign in and how, and who may not enter. A site of its own: its
 * configuration changes under way. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { request } from './lib/http.mjs';
import { Browser, frame, NAVIGATE, snapshot } from './lib/portal.mjs';
import { freePorts, Site } from './lib/site.mjs';

let site, phone, me, asking;

before(async () => {
	site = await Site.start('guard');
	const [port] = await freePorts(1);

	await site.addHosts('tests', [
		{ port, client: site.client_id, secret: site.clients[site.server].secret_file,
			confirm: 'on', locations: { '/': {} } },
	]);
	asking = `http://127.0.0.1:${port}`;
	phone = await site.newPhone({ unitName: '模块测试单位100% & "引号"' });
	await site.addLocations('tests', {
		'/quiet/': { headers: false }, '/variables': { variables: true },
		'/role/': { require: [['role', 'user']] },
		'/other-unit/': { require: [['unit', '12430100MB0A12342M']] },
		'/other-certificate/': { require: [['certificate', 'nope']] },
		'/one-of-two/': { require: [['unit', phone.unit], ['role', 'user']] },
		'/own/': { require: [['unit', '12430100MB0A12342M', phone.unit],
			['role', 'user', 'principal'],
			['certificate', 'nope', phone.certificate.certificate],
			['item', 'unknown', site.item]] },
	});
	me = site.browser();
	await me.login(phone);
}, { timeout: 120000 });
after(() => site && site.stop());

/* --- identity --- */

const SPELLINGS = ['X-Unitpass-Unit-Code', 'x-unitpass-unit-code', 'X_Unitpass_Unit_Code',
	'x_unitpass_unit_code', 'X-Unitpass_Unit-Code', 'x_UNITPASS-unit_CODE',
	'X-Unitpass-Role', 'X_UNITPASS_ROLE', 'X-Unitpass-Holder-Name', 'x-unitpass-anything',
	'x_unitpass_x', 'X-Unitpass-Unit-Name'];

for (const [where, who] of [['/headers', 'mine'], ['/public/headers', 'nobody'],
	['/public/headers', 'mine'], ['/quiet/headers', 'mine']]) {
	test(`SECURITY 20: spoofed identity headers never reach the application (${where}, ${who})`,
		async () => {
		const browser = site.browser();

		if (who === 'mine')
			browser.jar = new Map(me.jar);
		for (const set of [...SPELLINGS.map((name) => [name]), SPELLINGS,
			[...SPELLINGS, ...SPELLINGS.map((name) => name + '-2')]]) {
			const headers = Object.fromEntries(set.map((name, i) =>
				[name, i % 2 ? ['evil', 'evil2'] : 'evil']));
			const mixed = { 'X-A': '1', ...headers, 'X-B': '2', 'Y-Unitpass': 'kept' };
			const answer = await browser.fetch(where, mixed);
			assert.equal(answer.status, 200);
			assert.ok(!/evil/.test(answer.text), `${set}: ${answer.text}`);
			const names = answer.json().map(([name]) => name.toLowerCase());
			for (const kept of ['x-a', 'x-b', 'y-unitpass', 'host'])
				assert.ok(names.includes(kept), `${kept} is kept`);
			const ours = answer.json().filter(([name]) => /^x[-_]unitpass/i.test(name));
			assert.equal(ours.length, where === '/headers' ? 9 : 0);
		}
	});
}

test('SECURITY 20: identity in headers and variables, percent-encoded UTF-8', async () => {
	const headers = Object.fromEntries((await me.fetch('/headers')).json()
		.map(([n, v]) => [n.toLowerCase(), v]));

	assert.equal(headers['x-unitpass-unit-code'], phone.unit);
	assert.match(headers['x-unitpass-unit-name'], /^[\x21-\x7e]+$/);
	assert.equal(decodeURIComponent(headers['x-unitpass-unit-name']), '模块测试单位100% & "引号"');
	const seen = (await me.fetch('/variables')).headers['x-seen'].split('|');
	assert.equal(seen[0], phone.unit);
	/* Apache's environment is UTF-8 as it is, which a header shows byte by byte */
	assert.equal(site.server === 'nginx' ? decodeURIComponent(seen[1])
		: Buffer.from(seen[1], 'latin1').toString(), '模块测试单位100% & "引号"');
	assert.equal(seen[2], phone.unit, 'REMOTE_USER');
	const session = (await me.fetch('/.unitpass/session')).json();
	assert.equal(session.unit.code, phone.unit);
	assert.equal(session.holder.role, 'principal');
});

/* --- who is asked to sign in, and how --- */

const UNSAID = Object.fromEntries(['dest', 'mode', 'site'].map((s) => ['sec-fetch-' + s]));
for (const [name, method, headers, status] of [
	['navigation', 'GET', NAVIGATE, 302],
	['navigation of an old browser', 'GET', { accept: 'text/html,*/*;q=0.8' }, 302],
	['HEAD', 'HEAD', NAVIGATE, 302],
	['fetch', 'GET', { accept: '*/*', 'sec-fetch-mode': 'cors' }, 401],
	['fetch that accepts HTML', 'GET', { accept: 'text/html', 'sec-fetch-mode': 'cors' }, 401],
	['XMLHttpRequest', 'GET', { accept: 'text/html', 'x-requested-with': 'XMLHttpRequest' },
		401],
	['no headers', 'GET', {}, 401],
	['Accept: */*', 'GET', { accept: '*/*' }, 401],
	['POST by a script', 'POST', { accept: 'text/html', 'sec-fetch-mode': 'cors' }, 401],
	['PUT', 'PUT', NAVIGATE, 401],
	['DELETE', 'DELETE', NAVIGATE, 401],
	['WebSocket', 'GET', { connection: 'Upgrade', upgrade: 'websocket',
		'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-version': '13',
		'sec-fetch-mode': 'websocket' }, 401],
	['WebSocket of an old browser', 'GET', { connection: 'Upgrade', upgrade: 'websocket',
		'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-version': '13' },
		401],
]) {
	test(`SECURITY 22: ${name} without session: ${status}`, async () => {
		const answer = await request({ base: site.portal, method,
			path: '/whoami?a=1&b=%E5%B9%B4', headers, body: method === 'POST' ||
			method === 'PUT' ? 'x=1' : undefined });

		assert.equal(answer.status, status);
		assert.match(answer.headers['cache-control'], /no-store/);
		assert.deepEqual(answer.cookies, []);
		if (status === 302) {
			const to = new URL(answer.headers.location, site.portal);
			assert.equal(to.origin + to.pathname, site.portal + '/.unitpass/login');
			assert.equal(to.searchParams.get('return'), '/whoami?a=1&b=%E5%B9%B4');
		} else {
			assert.match(answer.headers['www-authenticate'],
				/^Unitpass realm="[^"]*", login="\/\.unitpass\/login"$/);
			assert.equal(answer.headers.location, undefined);
			assert.deepEqual(answer.json(),
				{ error: 'login_required', login: '/.unitpass/login' });
		}
	});
}

test('SECURITY 22: a form sent when the session had ended: a page, and the way to send it again',
	async () => {
	for (const headers of [NAVIGATE, { accept: 'text/html,*/*;q=0.8' }]) {
		const answer = await request({ base: site.portal, method: 'POST', path: '/whoami',
			headers: { ...headers,
				'content-type': 'application/x-www-form-urlencoded' },
			body: 'x=1' });

		assert.equal(answer.status, 401);
		assert.match(answer.headers['content-type'], /html/);
		assert.match(answer.headers['www-authenticate'], /^Unitpass /);
		assert.match(answer.headers['cache-control'], /no-store/);
		assert.match(answer.text, /href="\/\.unitpass\/login" target="_blank"/);
	}
});

test('issue: a page that nobody sees begins no login and ends none', async () => {
	const browser = site.browser(), begun = await browser.begin();
	const before = new Map(browser.jar);

	for (const [headers, status] of [
		[{ 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors',
			'sec-fetch-site': 'cross-site',
			accept: 'image/*' }, 403],
		[{ 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' }, 401],
		[{ 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' }, 403],
		[{ 'sec-purpose': 'prefetch' }, 503], [{ 'sec-purpose': 'prefetch;prerender' },
			503],
		[{ purpose: 'prefetch' }, 503], [{ 'x-moz': 'prefetch' }, 503],
		[{ 'x-purpose': 'preview' }, 503], [{ ...UNSAID, accept: 'image/webp,*/*' }, 403],
	])
		for (let i = 0; i < 4; i++) {
			const answer = await browser.open(
				`/.unitpass/login?return=/whoami&again=1&attempt=${begun.attempt}`,
				headers);

			assert.equal(answer.status, status, JSON.stringify(headers));
			assert.deepEqual(answer.cookies, [], JSON.stringify(headers));
		}
	assert.deepEqual(browser.jar, before);
	assert.equal((await snapshot(begun.watch_uri)).json().state, 'pending');
	assert.equal((await site.browser().open('/.unitpass/login', UNSAID)).status, 200,
		'old browser');
});

test('issue: three tabs that begin at once all sign in', async () => {
	for (const known of [false, true]) {
		const browser = site.browser();

		if (known)
			await browser.open('/.unitpass/login?return=/');
		const tabs = await Promise.all(
			[1, 2, 3].map((i) => browser.open('/.unitpass/login?return=/whoami%3F'
				+ i)));
		for (const [i, tab] of tabs.entries()) {
			const [, attempt] = tab.text.match(/data-attempt="([^"]+)"/),
				[, watch] = tab.text.match(/data-watch="([^"]+)"/);

			await phone.approve(await frame(watch));
			const done = await browser.complete(attempt);
			assert.equal(done.status, 200, done.text);
			assert.equal(done.json().return, '/whoami?' + (i + 1));
		}
		assert.ok(browser.cookie.length < 8000);
	}
});

test('issue: a browser that a unit never used asks before it signs in', async () => {
	const browser = new Browser(asking), begun = await browser.begin();

	await phone.approve(await frame(begun.watch_uri));
	const asked = (await browser.complete(begun.attempt)).json();
	assert.equal(asked.confirm.unit.code, phone.unit);
	assert.equal(asked.confirm.holder.name, '王**');
	assert.equal(await browser.whoami(), null);
	assert.ok(!browser.jar.has('__Host-unitpass'));
	assert.equal((await browser.post('/.unitpass/complete',
		{ attempt: begun.attempt, confirm: 'yes' })).json().return, '/whoami');
	assert.equal((await browser.whoami()).unit_code, phone.unit);
	const again = await browser.begin();
	await phone.approve(await frame(again.watch_uri));
	assert.equal((await browser.complete(again.attempt)).json().return, '/whoami',
		'known from now on');
});

test('SECURITY 22: a location that asks for an item leads to a login for that item', async () => {
	const answer = await site.browser().open('/annual-report/x');

	assert.equal(new URL(answer.headers.location, site.portal).searchParams.get('item'),
		site.item);
});

test('SECURITY 22: who may not enter gets 403, as a page or JSON, and a way to sign in as another',
	async () => {
	for (const where of ['/role/whoami', '/other-unit/whoami', '/other-certificate/whoami',
		'/one-of-two/whoami']) {
		const page = await me.open(where), json = await me.fetch(where);
		assert.equal(page.status, 403);
		assert.match(page.headers['content-type'], /html/);
		assert.match(page.text, /again=1/);
		assert.ok(page.text.includes(phone.unit) &&
			/第一管理责任人|first responsible manager/.test(page.text),
			'what one has');
		assert.equal(json.status, 403);
		assert.equal(json.json().error, 'access_denied');
	}
	assert.match((await me.open('/role/whoami')).text,
		/需要的角色<\/dt><dd>使用人|wants the role<\/dt><dd>user/);
	assert.deepEqual((await me.fetch('/other-unit/whoami')).json().wanted,
		{ unit: ['12430100MB0A12342M'] });
	assert.equal((await me.fetch('/annual-report/whoami')).status, 200,
		'a principal needs no grant');
	assert.equal((await me.fetch('/own/whoami')).status, 200,
		'one value of each requirement fits');
});

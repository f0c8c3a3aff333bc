/* SPDX-License-Identifier: Apache-2.0
 * The module as browsers, scripts and attackers see it, behind either web server (SERVER). A site
 * of its own: its configuration changes under way. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Events, postForm, request } from './lib/http.mjs';
import { jws, newKey, publicJwk } from './lib/phone.mjs';
import { Browser, frame, snapshot } from './lib/portal.mjs';
import { freePorts, Site, TOP } from './lib/site.mjs';

let site, phone, me, keyed, proxied, asking;

before(async () => {
	site = await Site.start('module');
	const [p1, p2, p3] = await freePorts(3);
	const key = newKey(), jwks = path.join(site.dir, 'etc/keyed.jwks'),
		keyFile = path.join(site.dir, 'keys-portal/keyed.jwk');

	fs.writeFileSync(keyFile,
		JSON.stringify({ ...key.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' }),
		{ mode: 0o600 });
	fs.writeFileSync(jwks, JSON.stringify(
		{ keys: [{ ...publicJwk(key), kid: 'k1', alg: 'ES256' }] }));
	await site.ctl('client', 'add', 'keyed', '--name', '密钥业务系统', '--origin',
		`http://127.0.0.1:${p1}`, '--jwks', jwks);
	await site.reloadServer();
	await site.addHosts('tests', [
		{ port: p1, client: 'keyed', key: keyFile, locations: { '/': {} } },
		{ port: p2, client: site.client_id, secret: site.clients[site.server].secret_file,
			proxies: ['127.0.0.1/32', '10.0.0.0/8'], locations: { '/': {} } },
		{ port: p3, client: site.client_id, secret: site.clients[site.server].secret_file,
			confirm: 'on',
			locations: { '/': {} } },
	]);
	asking = `http://127.0.0.1:${p3}`;
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
	keyed = { portal: `http://127.0.0.1:${p1}`, key };
	proxied = `http://127.0.0.1:${p2}`;
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

const NAVIGATE = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
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

/* --- cookies --- */

test('SECURITY 19: flags of the cookies', () => {
	const lines = me.set;

	assert.ok(lines.some((l) => l.startsWith('__Host-unitpass=')) &&
		lines.some((l) => l.startsWith('__Host-unitpass-login=')));
	for (const line of lines) {
		const flags = line.split(';').slice(1).map((f) => f.trim().toLowerCase());
		for (const flag of ['secure', 'httponly', 'samesite=lax', 'path=/'])
			assert.ok(flags.includes(flag), `${flag}: ${line}`);
		assert.ok(!flags.some((f) => f.startsWith('domain')));
		assert.ok(!line.includes(phone.unit) && !line.includes(encodeURIComponent('模块')),
			'sealed');
	}
});

test('SECURITY 19: stale, foreign and damaged cookies are ignored, never an error', async () => {
	const good = me.jar.get('__Host-unitpass'), login = (await (async () => {
		const b = site.browser();
		await b.begin();
		return b.jar.get('__Host-unitpass-login');
	})());
	const foreign = new Browser(keyed.portal);
	await foreign.login(phone);
	const flipped = good.slice(0, 40) + (good[40] === 'A' ? 'B' : 'A') + good.slice(41);
	const bad = ['', 'x', good.slice(0, -1), good + 'A', flipped, login,
		foreign.jar.get('__Host-unitpass'), good.replace(/[\w-]/g, 'A'), '%00', '"' + good
		+ '"x', 'A'.repeat(3900)];

	for (const value of bad) {
		const cookie = `__Host-unitpass=${value}; __Host-unitpass-login=${value}`;
		const answer = await request({ base: site.portal, path: '/whoami',
			headers: { ...NAVIGATE, cookie } });
		assert.equal(answer.status, 302, value.slice(0, 30));
		const page = await request({ base: site.portal, path: '/.unitpass/login?return=/',
			headers: { ...NAVIGATE, cookie } });
		assert.equal(page.status, 200, value.slice(0, 30));
		assert.equal((await request({ base: site.portal, path: '/.unitpass/session',
			headers: { cookie } })).status, 401);
		assert.equal((await request({ base: site.portal, path: '/public/whoami',
			headers: { cookie } })).status, 200);
	}
	assert.equal((await request({ base: site.portal, path: '/whoami',
		headers: { cookie: `__Host-unitpass=x; a=b; __Host-unitpass=${good}` } })).status,
		200, 'the good one is found');
	assert.equal((await request({ base: site.portal, path: '/whoami',
		headers: { cookie: `__host-unitpass=${good}` } })).status, 401, 'names are exact');
	assert.equal((await request({ base: site.portal, path: '/whoami',
		headers: { cookie: `x__Host-unitpass=${good}` } })).status, 401);
});

test('SECURITY 19: twenty abandoned logins pile nothing up', async () => {
	const browser = site.browser(), begun = [];

	for (let i = 0; i < 20; i++)
		begun.push(await browser.begin({ return: '/whoami?' + 'long='
			+ 'x'.repeat(300) + i }));
	/* one of the browser, one an attempt */
	assert.ok(browser.jar.size <= 4, [...browser.jar.keys()].join());
	assert.ok(browser.cookie.length < 3900, `${browser.cookie.length} bytes`);
	const states = [];
	for (const b of begun)
		states.push((await snapshot(b.watch_uri)).json().state);
	assert.ok(states.filter((s) => s === 'pending').length <= 4, states.join());
	assert.equal(states[19], 'pending');
	await phone.approve(await frame(begun[19].watch_uri));
	assert.equal((await browser.complete(begun[19].attempt)).json().return, '/whoami?long='
		+ 'x'.repeat(300) + '19');
});

test('SECURITY 19: a new session key is taken without logging anybody out', async () => {
	const browser = site.browser(), file = site.files.session_key,
		old = fs.readFileSync(file, 'utf8');

	await browser.login(phone);
	fs.writeFileSync(file, 'ab'.repeat(31) + 'cd\n' + old);
	await site.reload();
	assert.equal((await browser.fetch('/whoami')).status, 200);
	const later = site.browser();
	await later.login(phone);
	fs.writeFileSync(file, 'ab'.repeat(31) + 'cd\n');
	await site.reload();
	assert.equal((await later.fetch('/whoami')).status, 200, 'sealed by the new key');
	assert.equal((await browser.fetch('/whoami')).status, 401, 'the old key is gone');
	fs.writeFileSync(file, old);
	await site.reload();
	assert.equal((await me.fetch('/whoami')).status, 200);
});

/* --- return targets --- */

const corpus = (kind) => {
	const dir = path.join(TOP, 'tests/fuzz/corpus/target');
	return fs.readdirSync(dir).filter((f) => f.startsWith(kind))
		.map((f) => fs.readFileSync(path.join(dir, f)));
};
const percent = (bytes) => [...bytes].map((b) => '%' + b.toString(16).padStart(2, '0')).join('');

test('SECURITY 21: no return target leads off the site', async () => {
	const bad = corpus('return-bad'), good = corpus('return-good');

	assert.ok(bad.length > 50 && good.length > 10);
	for (const target of bad) {
		const answer = await me.open('/.unitpass/login?return=' + percent(target));
		if (answer.status === 302)
			assert.equal(answer.headers.location, '/', target.toString());
		else
			assert.equal(answer.status, 400, target.toString());
	}
	for (const target of good) {
		const answer = await me.open('/.unitpass/login?return=' + percent(target));
		assert.equal(answer.status, 302);
		assert.ok([target.toString(), '/'].includes(answer.headers.location),
			target.toString());
		assert.equal(new URL(answer.headers.location, site.portal).origin, site.portal);
	}
	assert.equal((await me.open('/.unitpass/login?return=/whoami%3Fa%3D1')).headers.location,
		'/whoami?a=1');
});

test('SECURITY 21: nor does what was asked for, or what logging out is told', async () => {
	for (const asked of ['//evil.example/', '/%2f%2fevil.example', '/%5cevil.example',
		'/.//evil.example', '/a/..//evil.example']) {
		const answer = await request({ base: site.portal, path: asked, headers: NAVIGATE });
		assert.ok(answer.status >= 300 && answer.status < 500);
		if (answer.headers.location) {
			const to = new URL(answer.headers.location, site.portal);
			assert.equal(to.origin, site.portal);
			const back = to.searchParams.get('return');
			assert.equal(new URL(back || '/', site.portal).origin, site.portal,
				`${asked} -> ${back}`);
		}
	}
	for (const target of ['//evil.example', 'https://evil.example', '/\\evil.example',
		'/%2f/evil.example', '/a\r\nX: y']) {
		const answer = await site.browser().post('/.unitpass/logout', { return: target });
		assert.equal(answer.json().return, '/');
		const browser = site.browser();
		const begun = await browser.begin({ return: target });
		await phone.approve(await frame(begun.watch_uri));
		assert.equal((await browser.complete(begun.attempt)).json().return, '/');
	}
});

/* --- forgery across sites --- */

for (const [name, headers] of [
	['cross-site', { 'sec-fetch-site': 'cross-site' }],
	['same-site', { 'sec-fetch-site': 'same-site' }], ['none', { 'sec-fetch-site': 'none' }],
	['foreign Origin', { 'sec-fetch-site': undefined, origin: 'https://evil.example' }],
	['Origin of another port', { 'sec-fetch-site': undefined, origin: 'http://127.0.0.1:1' }],
	['Origin null', { 'sec-fetch-site': undefined, origin: 'null' }],
	['neither', { 'sec-fetch-site': undefined, origin: undefined }],
	['same Origin but cross-site', { 'sec-fetch-site': 'cross-site', origin: undefined }],
]) {
	test(`SECURITY 23: ${name} changes nothing`, async () => {
		const browser = site.browser();
		const begun = await browser.begin();

		await phone.approve(await frame(begun.watch_uri));
		assert.equal((await browser.complete(begun.attempt, headers)).status, 403);
		assert.equal((await browser.post('/.unitpass/login', { return: '/' }, headers))
			.status, 403);
		assert.equal((await browser.complete(begun.attempt)).status, 200);
		assert.equal((await browser.post('/.unitpass/logout', {}, headers)).status, 403);
		assert.notEqual(await browser.whoami(), null);
	});
}

test('SECURITY 23: an old browser with the right Origin may', async () => {
	const browser = site.browser();
	const old = { 'sec-fetch-site': undefined, 'sec-fetch-mode': undefined };
	const begun = await browser.begin();

	await phone.approve(await frame(begun.watch_uri));
	assert.equal((await browser.complete(begun.attempt, old)).status, 200);
	assert.equal((await browser.post('/.unitpass/logout', {}, old)).status, 200);
	assert.equal(await browser.whoami(), null);
});

test('SECURITY 23: headers of the login page', async () => {
	const one = await site.browser().open('/.unitpass/login?return=/'),
		two = await site.browser().open('/.unitpass/login?return=/');
	const csp = Object.fromEntries(one.headers['content-security-policy'].split(';')
		.map((d) => d.trim().split(/\s+/)).map(([n, ...v]) => [n, v.join(' ')]));

	assert.equal(one.status, 200);
	assert.equal(csp['default-src'], "'none'");
	assert.match(csp['script-src'], /^'nonce-[\w+/=-]{16,}'$/);
	assert.equal(csp['frame-ancestors'], "'none'");
	assert.equal(csp['base-uri'], "'none'");
	assert.equal(csp['form-action'], "'self'");
	assert.equal(csp['connect-src'], `'self' ${site.issuer}`);
	assert.ok(!/unsafe/.test(one.headers['content-security-policy']));
	assert.notEqual(one.headers['content-security-policy'],
		two.headers['content-security-policy'], 'a nonce is used once');
	assert.match(one.headers['cache-control'], /no-store/);
	assert.equal(one.headers['cross-origin-opener-policy'], 'same-origin');
	assert.equal(one.headers['referrer-policy'], 'no-referrer');
	assert.equal(one.headers['x-content-type-options'], 'nosniff');
	assert.ok(!/<script(?![^>]*nonce=)|\son\w+=|style="/i.test(one.text),
		'no script or style without nonce');
});

test('SECURITY 26: the module parses strictly', async () => {
	const form = { 'content-type': 'application/x-www-form-urlencoded' };

	for (const [method, where, body, headers, status] of [
		['GET', '/.unitpass/login?return=/a&return=/b', undefined, {}, 400],
		['GET', '/.unitpass/login?return=%ff', undefined, {}, 400],
		['GET', '/.unitpass/login?return=%00', undefined, {}, 400],
		['POST', '/.unitpass/complete', 'attempt=a&attempt=b', form, 400],
		['POST', '/.unitpass/complete', '{}', { 'content-type': 'application/json' }, 415],
		['POST', '/.unitpass/complete', 'a=' + 'x'.repeat(9000), form, 413],
		['POST', '/.unitpass/login', 'item=%0d%0a', form, 400],
		['GET', '/.unitpass/state', undefined, {}, 404],
		['GET', '/.unitpass/state?attempt=AAAAAAAAAAA', undefined, {}, 404],
		['GET', '/.unitpass/qr.svg?attempt=x', undefined, {}, 404],
		['GET', '/.unitpass/nope', undefined, {}, 404],
		['GET', '/.unitpass/assets/../login', undefined, {}, null],
		['GET', '/.unitpass/assets/%2e%2e/%2e%2e/etc/passwd', undefined, {}, null],
		['GET', '/.unitpass/assets/login.html', undefined, {}, 404],
		['GET', '/.unitpass/complete', undefined, {}, 405],
		['DELETE', '/.unitpass/session', undefined, {}, 405],
		['POST', '/.unitpass/session', '', form, 405],
	]) {
		const answer = await site.browser().send(method, where,
			{ body, headers: { accept: 'application/json',
			'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', ...headers } });
		if (status)
			assert.equal(answer.status, status,
				`${method} ${where} ${answer.text.slice(0, 200)}`);
		assert.ok(answer.status < 500 && !/root:/.test(answer.text), where);
	}
	assert.equal((await me.fetch('/whoami')).status, 200);
});

/* --- proxies --- */

const initiatorOf = async (portal, headers) => {
	const begun = await new Browser(portal).post('/.unitpass/login', { return: '/' }, headers)
		.then((a) => a.json());
	return (await phone.scan(await frame(begun.watch_uri))).json().initiator.ip;
};

test('SECURITY 24: X-Forwarded-For counts from configured proxies, read from the right',
	async () => {
	assert.equal(await initiatorOf(site.portal, { 'x-forwarded-for': '203.0.113.9' }),
		'127.0.0.1', 'nobody is trusted');
	assert.equal(await initiatorOf(site.portal,
		{ forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' }), '127.0.0.1');
	assert.equal(await initiatorOf(proxied, { 'x-forwarded-for': '203.0.113.9' }),
		'203.0.113.9');
	assert.equal(await initiatorOf(proxied,
		{ 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.1.2.3' }), '203.0.113.9',
		'the left is what anybody may write');
	assert.equal(await initiatorOf(proxied, { 'x-forwarded-for': ['1.1.1.1', '203.0.113.9'] }),
		'203.0.113.9', 'over several lines');
	for (const [headers, address, why] of [
		[{ 'x-forwarded-for': '1.1.1.1, 203.0.113.9:51008, [2001:db8::7]:443' },
			'2001:db8::7', 'ports'],
		[{ 'x-forwarded-for': ['"203.0.113.9:51008"', '10.1.2.3:80 ,'] }, '203.0.113.9',
			'quoted'],
		[{ 'x-forwarded-for': '203.0.113.9, unknown' }, '127.0.0.1',
			'who hides vouches for nobody'],
		[{ forwarded: 'for=203.0.113.9' }, '127.0.0.1', 'Forwarded is not read'],
	])
		assert.equal(await initiatorOf(proxied, headers), address, why);
	assert.equal(await initiatorOf(proxied, {}), '127.0.0.1');
	assert.match(await initiatorOf(proxied, { 'x-forwarded-for': 'garbage, , \'x' }),
		/^127\.0\.0\.1$/);
	for (const proto of [', https', 'https', 'javascript', ''])
		assert.equal((await site.browser().open('/.unitpass/login',
			{ 'x-forwarded-proto': proto, 'x-forwarded-host': 'evil.example',
			'x-forwarded-port': '99999' })).status, 200);
});

/* --- private_key_jwt --- */

test('SECURITY 15: a portal with a key of its own signs in by private_key_jwt', async () => {
	const browser = new Browser(keyed.portal);

	await browser.login(phone);
	assert.equal((await browser.whoami()).unit_code, phone.unit);
});

test('SECURITY 15: assertions: every fault is the same 401, a jti is taken once', async () => {
	const now = Math.floor(Date.now() / 1000);
	const make = (change = {}, header = {}, key = keyed.key, sign) =>
		jws({ alg: 'ES256', kid: 'k1', ...header },
		{ iss: 'keyed', sub: 'keyed', aud: site.issuer, iat: now, exp: now + 60, jti: 'j'
			+ Math.random(), ...change }, key, sign);
	const post = (assertion, more = {}) =>
		postForm({ base: site.issuer, path: '/device_authorization' },
		{ scope: 'openid unit', client_id: 'keyed', client_assertion: assertion,
		client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
		...more });

	const good = make();
	assert.equal((await post(good)).status, 200);
	assert.equal((await post(make({ aud: site.issuer + '/token' }))).status, 200);
	for (const [name, assertion, more] of [
		['replayed', good], ['wrong aud', make({ aud: 'https://evil.example' })],
		['expired', make({ exp: now - 60 })], ['too long', make({ exp: now + 3600 })],
		['no exp', make({ exp: undefined })], ['no jti', make({ jti: undefined })],
		['another sub', make({ sub: 'sample-portal' })],
		['another iss', make({ iss: 'sample-portal' })],
		['another key', make({}, {}, newKey())],
		['alg none', make({}, { alg: 'none' }, keyed.key, () => '')],
		['key in the header', make({}, { kid: undefined, jwk: publicJwk(newKey()) },
			newKey())],
		['another client_id', make(), { client_id: 'sample-portal' }],
		['another type', make(), { client_assertion_type: 'x' }],
		['not yet', make({ nbf: now + 600 })],
	]) {
		const answer = await post(assertion, more);
		assert.equal(answer.status, 401, `${name}: ${answer.text}`);
		assert.equal(answer.json().error, 'invalid_client');
	}
});

test('SECURITY 18: signing out ends the session here; the other tabs learn it', async () => {
	const browser = site.browser();

	await browser.login(phone);
	const copy = new Map(browser.jar);
	const answer = await browser.post('/.unitpass/logout', { return: '/public/whoami' });
	assert.equal(answer.json().return, '/public/whoami');
	assert.ok(!browser.jar.has('__Host-unitpass'));
	assert.ok(copy.has('__Host-unitpass'));
	assert.equal(await browser.whoami(), null);
});

test('the watch of the page is the server’s own: another origin may not read it', async () => {
	const begun = await site.browser().begin();
	const events = new Events(begun.watch_uri, { origin: 'https://evil.example' });

	await events.state('pending');
	assert.equal(events.headers['access-control-allow-origin'], site.portal);
	events.close();
});

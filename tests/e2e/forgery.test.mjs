/* SPDX-License-Identifier: Apache-2.0
 * What the module believes, behind either web server (SERVER): its own cookies, targets on the
 * site, requests of its own pages, proxies that are named, assertions by the key that is known;
 * and nothing that others forge or garble. A site of its own: its configuration changes under
 * way. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Events, postForm, request } from './lib/http.mjs';
import { jws, newKey, publicJwk } from './lib/phone.mjs';
import { Browser, frame, NAVIGATE, snapshot } from './lib/portal.mjs';
import { freePorts, Site, TOP } from './lib/site.mjs';

let site, phone, me, keyed, proxied;

before(async () => {
	site = await Site.start('forgery');
	const [p1, p2] = await freePorts(2);
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
	]);
	phone = await site.newPhone({ unitName: '模块测试单位100% & "引号"' });
	me = site.browser();
	await me.login(phone);
	keyed = { portal: `http://127.0.0.1:${p1}`, key };
	proxied = `http://127.0.0.1:${p2}`;
}, { timeout: 120000 });
after(() => site && site.stop());

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

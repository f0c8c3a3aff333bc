/* SPDX-License-Identifier: Apache-2.0
 * What answers give away: nothing. And how often a client may ask. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { before, test } from 'node:test';
import { Events, postForm, raw, request } from './lib/http.mjs';
import { frame, snapshot, DEVICE_CODE } from './lib/portal.mjs';
import { Site } from './lib/site.mjs';

const site = Site.shared();
let phone, other;

before(async () => {
	[phone, other] = await Promise.all([site.newPhone(), site.newPhone()]);
});

const random = () => crypto.randomBytes(16).toString('base64url');

/* All of an answer but what must differ. */
function whole(answer) {
	const headers = { ...answer.headers };

	delete headers.date;
	delete headers['dpop-nonce'];
	return { status: answer.status, headers, body: answer.text };
}

test('SECURITY 12: unknown, used, stale, foreign and malformed codes get one answer', async () => {
	const browser = random();
	const used = await site.client.begin(), gone = await site.client.begin({ browser }),
		fine = await site.client.begin();
	const usedText = await frame(used.watch_uri), goneText = await frame(gone.watch_uri),
		fineText = await frame(fine.watch_uri);

	await phone.scan(usedText);
	await site.client.begin({ browser, supersedes: gone.device_code });
	const [head, t, mac] = fineText.split('.');
	const texts = {
		unknown: `${site.issuer}/q/${random()}.3.${mac}`, used: usedText, ended: goneText,
		forged: `${head}.${Number(t) + 1}.${mac}`,
		'without frame': head.replace(/\.$/, ''),
		'of another issuer': fineText.replace(site.issuer, 'https://evil.example'),
		'not a code': 'hello', empty: ' ', 'user code': 'BCDF-GHJK',
		enrolment: `${site.issuer}/e/${random()}`,
	};
	const expected = whole(await phone.scan(texts.unknown));
	assert.equal(expected.status, 400);
	assert.equal(JSON.parse(expected.body).error, 'invalid_code');
	for (const [name, text] of Object.entries(texts))
		assert.deepEqual(whole(await phone.scan(text)), expected, name);
	assert.deepEqual(whole(await other.scan(usedText)), expected, 'used, by another phone');
});

test('SECURITY 12: unknown, used and foreign device codes get one answer', async () => {
	const used = await site.client.begin(), foreign = await site.terminal.begin();

	await phone.approve(await frame(used.watch_uri));
	assert.equal((await site.client.token(used.device_code)).status, 200);
	const expected = whole(await site.client.token(random()));
	assert.equal(expected.status, 400);
	assert.equal(JSON.parse(expected.body).error, 'invalid_grant');
	for (const [name, code] of Object.entries({ used: used.device_code,
		foreign: foreign.device_code, short: 'abc', long: 'A'.repeat(500), odd: 'ä ü' }))
		assert.deepEqual(whole(await site.client.token(code)), expected, name);
	/* a foreign code that has been approved is no less foreign */
	await other.approve(foreign.verification_uri_complete);
	assert.deepEqual(whole(await site.client.token(foreign.device_code)), expected);
	assert.equal((await site.terminal.token(foreign.device_code)).status, 200);
});

test('SECURITY 12: unknown and known refusals take the same time', async () => {
	const used = await site.client.begin(), text = await frame(used.watch_uri);
	const took = { unknown: [], used: [] }, differences = [];
	const time = async (name) => {
		const value = name === 'used' ? text : text.replace(/\/q\/[\w-]{22}/,
			'/q/' + random());
		const start = process.hrtime.bigint();

		await phone.scan(value);
		took[name].push(Number(process.hrtime.bigint() - start) / 1e6);
	};

	await phone.scan(text);
	/* in pairs, each first in turn: what the machine does beside falls on both alike */
	for (let i = 0; i < 100; i++) {
		for (const name of i % 2 ? ['unknown', 'used'] : ['used', 'unknown'])
			await time(name);
		differences.push(took.used.at(-1) - took.unknown.at(-1));
	}
	const median = (list) => list.sort((a, b) => a - b)[list.length / 2];
	const [a, b, difference] = [took.unknown, took.used, differences].map(median);
	assert.ok(Math.abs(difference) < Math.max(1, 0.25 * Math.max(a, b)),
		`unknown ${a.toFixed(2)} ms, used ${b.toFixed(2)} ms, `
		+ `by pairs ${difference.toFixed(2)} ms`);
});

test('SECURITY 10: a poll says the same bytes whether somebody scanned or not', async () => {
	const untouched = await site.client.begin(), scanned = await site.client.begin();
	const view = (await phone.scan(await frame(scanned.watch_uri))).json();
	const pending = await site.client.token(untouched.device_code);

	assert.equal(pending.json().error, 'authorization_pending');
	assert.deepEqual(whole(await site.client.token(scanned.device_code)), whole(pending));
	assert.deepEqual(whole(await site.client.token(scanned.device_code)),
		whole(await site.client.token(untouched.device_code)), 'slow_down too');
	assert.equal((await phone.decide(view, 'deny')).status, 200);
});

test('SECURITY 10: the watch says state, time and frame, and nothing else', async () => {
	const begun = await site.client.begin();
	const events = new Events(begun.watch_uri);
	const first = await events.state('pending');
	const shown = await events.frame();

	assert.deepEqual(Object.keys(first.data).sort(), ['expires_in', 'state']);
	assert.ok(first.data.expires_in > 290 && first.data.expires_in <= 300);
	assert.deepEqual(Object.keys(shown.data).sort(), ['t', 'text']);
	assert.equal(events.headers['content-type'], 'text/event-stream');
	assert.equal(events.headers['access-control-allow-origin'], site.portal);
	assert.match(events.headers['cache-control'], /no-store/);
	assert.match(events.text, /^retry: 2000\n/);
	const view = (await phone.scan((await events.frame()).data.text)).json();
	assert.deepEqual(Object.keys((await events.state('scanned')).data).sort(),
		['expires_in', 'state']);
	/* a new connection is told where it stands first, and gets no frame */
	const resumed = new Events(begun.watch_uri);
	assert.equal((await resumed.next(() => true)).data.state, 'scanned');
	assert.deepEqual(Object.keys((await snapshot(begun.watch_uri)).json()).sort(),
		['expires_in', 'state']);
	await phone.decide(view);
	assert.deepEqual(Object.keys((await events.state('approved')).data).sort(),
		['expires_in', 'state']);
	await events.finished();
	await resumed.finished();
	assert.ok(!/event: frame/.test(resumed.text));
	assert.equal((await snapshot(`${site.issuer}/watch/${random()}`)).status, 404);
});

test('SECURITY 13: the first poll is never punished, the second at once is', async () => {
	const begun = await site.client.begin();

	assert.equal(begun.interval, 5);
	assert.equal(begun.expires_in, 300);
	assert.equal((await site.client.token(begun.device_code)).json().error,
		'authorization_pending');
	const hasty = await site.client.token(begun.device_code);
	assert.equal(hasty.status, 400);
	assert.equal(hasty.json().error, 'slow_down');
});

test('SECURITY 15: every failure of client authentication is the same 401', async () => {
	const basic = (id, secret) =>
		({ authorization: 'Basic ' + Buffer.from(`${id}:${secret}`).toString('base64') });
	const fields = { grant_type: DEVICE_CODE, device_code: random() };
	const post = (headers, more = {}) =>
		postForm({ base: site.issuer, path: '/token', headers }, { ...fields, ...more });
	const expected = whole(await post(basic(site.client_id, 'wrong')));

	assert.equal(expected.status, 401);
	assert.equal(JSON.parse(expected.body).error, 'invalid_client');
	assert.match(expected.headers['www-authenticate'], /^Basic /);
	for (const [name, headers, more] of [
		['unknown client', basic('nobody', site.client_secret)], ['none', {}],
		['Bearer', { authorization: 'Bearer x' }],
		['not base64', { authorization: 'Basic %%%' }],
		['no colon', { authorization: 'Basic ' + Buffer.from('abc').toString('base64') }],
		['empty', { authorization: 'Basic ' }],
		['wrong in the body', {}, { client_id: site.client_id, client_secret: 'wrong' }],
		['assertion that is none', {}, {
			client_assertion_type:
				'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
			client_assertion: 'a.b.c' }],
		['another client_id than the header', basic(site.client_id, site.client_secret),
			{ client_id: 'terminal' }],
	])
		assert.deepEqual(whole(await post(headers, more)), expected, name);
	const two = await post(basic(site.client_id, site.client_secret),
		{ client_secret: site.client_secret });
	assert.equal(two.status, 400);
	assert.equal(two.json().error, 'invalid_request');
	const right = await post({},
		{ client_id: site.client_id, client_secret: site.client_secret });
	assert.equal(right.json().error, 'invalid_grant');
});

/* --- SECURITY 26: strict parsing --- */

const deep = (n) => '['.repeat(n) + ']'.repeat(n);

test('SECURITY 26: garbage gets the error of the protocol, and the server lives', async (t) => {
	const fields = `grant_type=${encodeURIComponent(DEVICE_CODE)}`;
	const token = (body, headers) => site.client.post('/token', body, headers);
	const start = (body, headers) => site.client.post('/device_authorization', body, headers);
	const scan = (body, headers = {}) => phone.once('POST', '/holder/scan', {},
		{ body, headers });
	const cases = [
		['parameter twice', () => token(`${fields}&device_code=a&device_code=b`), 400],
		['grant_type twice', () => token(`${fields}&${fields}&device_code=a`), 400],
		['NUL in a value', () => start('scope=openid%00unit'), 400],
		['NUL in a name', () => start('sco%00pe=openid'), 400],
		['bad UTF-8', () => start('purpose=%ff%fe'), 400],
		['overlong UTF-8', () => start('purpose=%c0%af'), 400],
		['surrogate', () => start('purpose=%ed%a0%80'), 400],
		['half an escape', () => start('purpose=%4'), 400],
		['wrong content type',
			() => start('scope=openid', { 'content-type': 'text/plain' }), 415],
		['JSON where a form belongs',
			() => start('{}', { 'content-type': 'application/json' }), 415],
		['two content types',
			() => start('scope=openid',
			{ 'content-type': ['application/x-www-form-urlencoded',
			'application/json'] }), null],
		['1 MB', () => start('purpose=' + 'a'.repeat(1 << 20)), 413],
		['purpose of 61 characters', () => start('purpose=' + '年'.repeat(61)), 400],
		['scope with a line end', () => start('scope=openid%0aunit'), 400],
		['unknown item', () => start('item=nope'), 400],
		['browser id with other characters', () => start('browser=' + '!'.repeat(22)), 400],
		['no grant_type', () => token('device_code=a'), 400],
		['another grant', () => token('grant_type=password&username=a&password=b'), 400],
		['empty body', () => token(''), 400],
		['JSON that is none', () => scan('{"text":'), 400],
		['JSON that is a list', () => scan('[]'), 400],
		['deep JSON', () => scan(`{"text":${deep(10000)}}`), null],
		['member twice', () => scan('{"text":"a","text":"b"}'), 400],
		['unknown member', () => scan('{"text":"a","more":1}'), 400],
		['NUL in text', () => scan('{"text":"a\\u0000b"}'), 400],
		['bad UTF-8 in JSON',
			() => scan(Buffer.from([0x7b, 0x22, 0x74, 0x65, 0x78, 0x74, 0x22, 0x3a,
			0x22, 0xff, 0x22, 0x7d])), 400],
		['text not text', () => scan('{"text":1}'), 400],
		['text of 100 KB', () => scan(JSON.stringify({ text: 'a'.repeat(100000) })), 413],
		['bytes after the end', () => scan('{"text":"a"}}'), 400],
		['a form where JSON belongs',
			() => scan('text=a',
			{ 'content-type': 'application/x-www-form-urlencoded' }), 415],
		['GET of a POST', () => request({ base: site.issuer, path: '/token' }), 405],
		['PUT', () => request({ base: site.issuer, method: 'PUT', path: '/holder/scan',
			body: '' }), 405],
		['no such path', () => request({ base: site.issuer, path: '/nope' }), 404],
		['path with dots', () => request({ base: site.issuer, path: '/holder/../token' }),
			null],
	];

	await phone.call('GET', '/holder/certificates');
	for (const [name, send, status] of cases) {
		await t.test(name, async () => {
			const answer = await send();
			if (status)
				assert.equal(answer.status, status, answer.text);
			assert.ok(answer.status >= 400 && answer.status < 500,
				`${answer.status} ${answer.text}`);
			if (/json/.test(answer.headers['content-type']))
				assert.match(answer.json().error, /^[a-z_]+$/);
		});
	}
	assert.equal((await site.admin('healthz')).status, 200);
});

test('SECURITY 26: bytes that are no HTTP do no harm', async () => {
	const socket = site.files.unitpassd_conf.replace('etc/unitpassd.conf', 'run/http.sock');

	for (const bytes of ['\0\0\0\0', 'GET / HTTP/9.9\r\n\r\n', 'GET  \r\n\r\n',
		'POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
		'POST /token HTTP/1.1\r\nHost: a\r\n'
			+ 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
		'POST /token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
		'GET /jwks HTTP/1.1\r\nHost: a\r\n' + 'X: y\r\n'.repeat(5000) + '\r\n',
		'GET /' + 'a'.repeat(100000) + ' HTTP/1.1\r\n\r\n',
		Buffer.from([0x16, 3, 1, 0, 200, 1]), 'GET /jwks\0 HTTP/1.1\r\nHost: a\r\n\r\n'])
		await raw({ socket }, bytes, 300);
	assert.equal((await site.admin('healthz')).status, 200);
	assert.equal((await request({ base: site.issuer, path: '/jwks' })).status, 200);
});

test('SECURITY 14: the published keys are public and ES256', async () => {
	const jwks = (await request({ base: site.issuer, path: '/jwks' })).json();

	assert.ok(jwks.keys.length >= 1);
	for (const key of jwks.keys) {
		assert.equal(key.d, undefined);
		assert.deepEqual([key.kty, key.crv, key.alg, key.use],
			['EC', 'P-256', 'ES256', 'sig']);
		assert.ok(key.kid);
	}
	const meta = (await request({ base: site.issuer,
		path: '/.well-known/openid-configuration' })).json();
	assert.equal(meta.issuer, site.issuer);
	assert.ok(meta.grant_types_supported.includes(DEVICE_CODE));
	for (const name of ['device_authorization_endpoint', 'token_endpoint', 'jwks_uri',
		'userinfo_endpoint'])
		assert.ok(meta[name].startsWith(site.issuer + '/'), name);
});

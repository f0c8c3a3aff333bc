/* SPDX-License-Identifier: Apache-2.0
 * Wherever a web server (SERVER) leads a request on its way: ranges, error pages, sub-requests,
 * rewriting, HTTP/2, WebSockets, other hosts, a reload. The same table for nginx and Apache. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, readQr } from './lib/browser.mjs';
import { raw, request } from './lib/http.mjs';
import { Browser, frame } from './lib/portal.mjs';
import { freePorts, Site } from './lib/site.mjs';

const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' };
const FETCH = { accept: 'application/json', 'sec-fetch-mode': 'cors',
	'sec-fetch-site': 'same-origin' };
const HANDSHAKE = { connection: 'Upgrade', upgrade: 'websocket',
	'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13',
	'sec-fetch-mode': 'websocket', origin: 'http://localhost' };
const SPOOFS = { 'X-Unitpass-Unit-Code': 'evil', x_unitpass_unit_name: 'evil',
	'X-UNITPASS-ROLE': 'evil', 'X-Unitpass_Items': 'evil' };
const OWN_PAGE =
	'<!doctype html><html lang="{{lang}}"><title>Our own page</title><h1>Our own page</h1>' +
	'<div data-unitpass data-attempt="{{attempt}}" data-watch="{{watch_uri}}"></div>'
	+ '<script type="module" src="/.unitpass/assets/unitpass.js" nonce="{{nonce}}"></script>';

let site, main, second, paged, phone, me, socketApp;

/* An application with WebSockets: says what reached it as it takes the connection, and counts. */
function startSocketApp() {
	const server = http.createServer((req, res) => res.end('no upgrade'));

	server.asked = 0;
	server.on('upgrade', (req, socket) => {
		const accept = crypto.createHash('sha1').update(req.headers['sec-websocket-key']
			+ '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');

		server.asked++;
		socket.end(
			'HTTP/1.1 101 Switching Protocols\r\n' +
			'Upgrade: websocket\r\nConnection: Upgrade\r\n' +
			`Sec-WebSocket-Accept: ${accept}\r\n\r\n` + JSON.stringify(req.rawHeaders));
	});
	return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function writeContent(root) {
	for (const folder of ['files', 'open', 'guarded-page'])
		fs.mkdirSync(path.join(root, folder), { recursive: true });
	fs.writeFileSync(path.join(root, 'files/a.txt'), 'abcdefghij'.repeat(100));
	fs.writeFileSync(path.join(root, 'files/secret.html'), '<!doctype html><p>SECRET');
	for (const folder of ['open', 'guarded-page'])
		fs.writeFileSync(path.join(root, folder, 'page.html'),
			'before [<!--#include virtual="/whoami" -->] '
			+ '<!--#include virtual="/files/a.txt" --> after');
}

async function addClient(id, port) {
	const secret = path.join(site.dir, 'keys-portal', id + '.secret');

	await site.ctl('client', 'add', id, '--name', '第二业务系统', '--origin',
		`http://127.0.0.1:${port}`, '--secret-file', secret);
	return { id, secret, sessionKey: path.join(site.dir, 'keys-portal', id + '.key') };
}

before(async () => {
	site = await Site.start('portal-server');
	socketApp = await startSocketApp();
	const [p1, p2, p3, p4] = await freePorts(4);
	const root = path.join(site.dir, 'www');
	const portal = { id: site.client_id, secret: site.clients[site.server].secret_file,
		sessionKey: site.files.session_key };

	writeContent(root);
	fs.writeFileSync(path.join(site.dir, 'etc/page.html'), OWN_PAGE);
	const other = await addClient('second', p3);
	fs.writeFileSync(other.sessionKey, crypto.randomBytes(32).toString('hex') + '\n',
		{ mode: 0o600 });
	await site.reloadServer();
	const settings = { client: portal.id, secret: portal.secret, sessionKey: portal.sessionKey,
		root };
	await site.addHosts('tests', [
		{ ...settings, port: p1, http2: p2,
			errors: { 401: '/public/error-401', 403: '/public/error-403',
			404: '/guarded-page/page.html' }, locations: {
			'/': {}, '/public/': { guard: false }, '/files/': { to: 'files' },
			'/open/': { guard: false, to: 'ssi' }, '/guarded-page/': { to: 'ssi' },
			'/role-user/': { require: [['role', 'user']] },
			'/user-item/': { require: [['item', 'x']] },
			'/rewritten/': { rewrite: '/whoami' },
			'/ws/': { to: socketApp.address().port },
			'/ws-user/': { to: socketApp.address().port, require: [['role', 'user']] },
			'/idle/': { session: 'idle=1m max=2h' },
			'/max/': { session: 'idle=2h max=2m' },
		} },
		{ port: p3, root, client: other.id, secret: other.secret,
			sessionKey: other.sessionKey, locations: { '/': {} } },
		{ ...settings, port: p4, page: path.join(site.dir, 'etc/page.html'),
			locations: { '/': {} } },
	]);
	main = { base: `http://127.0.0.1:${p1}`, http2: `http://127.0.0.1:${p2}`, client: portal };
	second = { base: `http://127.0.0.1:${p3}`, client: other };
	paged = `http://127.0.0.1:${p4}`;
	phone = await site.newPhone();
	me = new Browser(main.base);
	await me.login(phone);
}, { timeout: 120000 });
after(async () => {
	if (socketApp)
		socketApp.close();
	await (site && site.stop());
});

const guest = () => new Browser(main.base);
const withCookie = (cookie, headers, where) =>
	request({ base: main.base, path: where,
	headers: { ...headers, ...(cookie ? { cookie } : {}) } });

/* --- methods and ranges --- */

for (const [where, methods] of [
	['login', 'GET, HEAD, POST, OPTIONS'], ['state', 'GET, HEAD, OPTIONS'],
	['qr.svg', 'GET, HEAD, OPTIONS'], ['complete', 'POST, OPTIONS'],
	['session', 'GET, HEAD, OPTIONS'], ['logout', 'GET, HEAD, POST, OPTIONS'],
	['assets/unitpass.js', 'GET, HEAD, OPTIONS'],
]) {
	test(`SECURITY 26: /.unitpass/${where} takes ${methods}, and says so to others`,
		async () => {
		const path = '/.unitpass/' + where;
		const options = await guest().send('OPTIONS', path);

		assert.deepEqual([options.status, options.headers.allow, options.text],
			[204, methods, '']);
		for (const method of ['PUT', 'DELETE', 'PATCH', 'PROPFIND']) {
			const answer = await guest().send(method, path, { headers: FETCH });
			assert.deepEqual([answer.status, answer.headers.allow], [405, methods],
				method);
		}
		if (methods.includes('HEAD')) {
			const head = await guest().send('HEAD', path, { headers: NAVIGATION });
			assert.equal(head.text, '');
			assert.deepEqual(head.cookies, [], 'begins nothing');
		}
	});
}

test('SECURITY 22: HEAD and OPTIONS of what is guarded', async () => {
	const mine = await me.send('HEAD', '/whoami', { headers: NAVIGATION });
	assert.deepEqual([mine.status, mine.text], [200, '']);
	const head = await guest().send('HEAD', '/whoami', { headers: NAVIGATION });
	assert.deepEqual([head.status, head.text], [302, '']);
	assert.equal((await guest().send('OPTIONS', '/whoami', { headers: NAVIGATION })).status,
		401);
	assert.equal((await guest().send('OPTIONS', '/files/a.txt', { headers: NAVIGATION }))
		.status, 401);
});

test('ranges: of a file its part, of an answer of the module the whole', async () => {
	const range = { range: 'bytes=0-3' };
	const part = await me.fetch('/files/a.txt', range);
	assert.deepEqual([part.status, part.text], [206, 'abcd']);
	const page = await guest().open('/.unitpass/login?return=/', range);
	assert.equal(page.status, 200);
	assert.match(page.text, /<\/html>/);
	const refused = await me.fetch('/role-user/x', range);
	assert.deepEqual([refused.status, refused.json().error], [403, 'access_denied']);
	const nobody = await guest().fetch('/files/a.txt', range);
	assert.deepEqual([nobody.status, nobody.json().error], [401, 'login_required']);
});

/* --- a session that has ended --- */

for (const [name, where, age, live] of [
	['idle for 90 s where 60 s are allowed', '/idle/whoami', 90, false],
	['idle for 30 s', '/idle/whoami', 30, true],
	['150 s old where 120 s are allowed', '/max/whoami', 150, false],
	['100 s old', '/max/whoami', 100, true],
	['older than all', '/whoami', 9 * 3600, false],
]) {
	test(`SECURITY 22, 25: a session ${name}: `
		+ `${live ? 'lives' : 'has ended for pages, fetch, POST and WebSockets'}`,
	async () => {
		const cookie = await site.mint(main.client, { age });
		const page = await withCookie(cookie, NAVIGATION, where);
		const fetched = await withCookie(cookie, FETCH, where);
		const posted = await request({ base: main.base, path: where, method: 'POST',
			body: 'a=b', headers: { ...NAVIGATION, cookie,
			'content-type': 'application/x-www-form-urlencoded' } });

		assert.deepEqual([page.status, fetched.status, posted.status],
			live ? [200, 200, 200] : [302, 401, 401]);
		if (live)
			return;
		assert.match(page.headers.location, /^\/\.unitpass\/login\?return=/);
		assert.match(posted.headers['content-type'], /html/,
			'a form is answered to a person');
		assert.match(posted.headers['www-authenticate'], /^Unitpass /);
		assert.equal((await withCookie(cookie, HANDSHAKE, where)).status, 401);
	});
}

const pair = (setCookie) => setCookie.split(';')[0], name = (setCookie) => setCookie.split('=')[0];

test('SECURITY 19: a session in use is seen anew, whatever becomes of the request', async () => {
	const cookie = await site.mint(main.client, { age: 600 });
	let seen;

	for (const [where, status] of [['/whoami', 200], ['/files/a.txt', 200],
		['/role-user/x', 403], ['/files/nothing', 404], ['/rewritten/x', 200]]) {
		const answer = await withCookie(cookie, FETCH, where);
		assert.equal(answer.status, status, where);
		assert.deepEqual(answer.cookies.map(name), ['__Host-unitpass-seen'], where);
		seen = pair(answer.cookies[0]);
	}
	const young = await withCookie(`${cookie}; ${seen}`, FETCH, '/whoami');
	assert.deepEqual(young.cookies, [], 'it is young again');
	assert.equal((await withCookie(seen, FETCH, '/whoami')).status, 401, 'no session alone');
	assert.deepEqual((await withCookie(await site.mint(main.client), FETCH, '/whoami')).cookies,
		[], 'a young one is left');
});

test('SECURITY 18: an answer that arrives after a sign-out does not undo it', async () => {
	const cookie = await site.mint(main.client, { age: 600 });
	const jar = new Map([cookie.split('=')]);
	const slow = await withCookie(cookie, FETCH, '/whoami');
	const headers = { ...FETCH, cookie, 'content-type': 'application/x-www-form-urlencoded' };
	const out = await request({ base: site.portal, method: 'POST', path: '/.unitpass/logout',
		body: 'return=/', headers });

	assert.equal(out.status, 200);
	for (const line of [...out.cookies, ...slow.cookies])
		jar.set(...pair(line).split('='));
	const left = [...jar].map((c) => c.join('=')).join('; ');
	assert.equal((await withCookie(left, FETCH, '/whoami')).status, 401);
	// and one of the session before does nothing to the next
	const next = `${await site.mint(main.client)}; ${pair(slow.cookies[0])}`;
	assert.equal((await withCookie(next, FETCH, '/whoami')).status, 200);
});

test('SECURITY 18: Back after a sign-out shows nothing of a guarded page', async () => {
	const browser = await launch(), page = await browser.newPage();

	try {
		await page.goto(main.base + '/files/secret.html');
		await phone.approve(await readQr(page));
		await page.waitForURL(main.base + '/files/secret.html');
		assert.match(await page.innerText('body'), /SECRET/);
		await page.goto(main.base + '/.unitpass/logout');
		await page.click('button');
		await page.locator('main:not(:has(form))').waitFor();
		for (let back = 0; back < 3 && !page.url().includes('secret'); back++)
			await page.goBack();
		assert.match(page.url(), /secret/, 'there and back');
		assert.doesNotMatch(await page.innerText('body'), /SECRET/);
	} finally {
		await browser.close();
	}
});

test('rule 20: a user needs the item, principal and managers do not', async () => {
	for (const [role, items, status] of [['user', 'x', 200], ['user', 'a x b', 200],
		['user', 'xx', 403], ['user', '', 403], ['manager', '', 200],
		['principal', '', 200]])
		assert.equal((await withCookie(await site.mint(main.client, { role, items }), FETCH,
			'/user-item/whoami')).status, status, `${role} with ${items}`);
	assert.equal((await withCookie(await site.mint(main.client, { role: 'user' }), FETCH,
		'/role-user/whoami')).status, 200);
});

/* --- where requests are led within the server --- */

/* What the application said within a page of ours. */
function included(answer) {
	assert.match(answer.text, /^before \[\{.*\}\] (abcdefghij)+ after/s);
	return JSON.parse(answer.text.slice(answer.text.indexOf('[') + 1,
		answer.text.lastIndexOf(']')));
}

test('error pages replace no answer of the module, and show no guest what is guarded', async () => {
	assert.equal((await guest().fetch('/whoami')).json().error, 'login_required');
	assert.equal((await me.fetch('/role-user/x')).json().error, 'access_denied');
	assert.match((await me.open('/role-user/x')).text, /again=1/);
	const mine = await me.fetch('/files/nothing', SPOOFS),
		theirs = await guest().fetch('/open/nothing', SPOOFS);
	assert.deepEqual([mine.status, included(mine).unit_code], [404, phone.unit],
		'the error page knows who asks');
	assert.ok([401, 404].includes(theirs.status), String(theirs.status));
	assert.ok(!/before|unit_code|evil/.test(theirs.text), theirs.text);
});

test('sub-requests: an included part is for those who may see it', async () => {
	const mine = await me.open('/open/page.html', SPOOFS),
		theirs = await guest().open('/open/page.html', SPOOFS);

	assert.equal(mine.status, 200);
	assert.equal(included(mine).unit_code, phone.unit);
	assert.ok(!/evil/.test(mine.text));
	assert.equal(theirs.status, 200);
	assert.match(theirs.text, /^before \[.*\] .* after/s);
	assert.ok(!/"unit_code"|abcdefghij|evil/.test(theirs.text), theirs.text);
	assert.deepEqual(theirs.cookies, []);
});

test('rewriting: the guard of the place where a request arrives', async () => {
	assert.equal((await guest().open('/rewritten/x?a=1')).status, 302);
	assert.equal(new URL((await guest().open('/rewritten/x?a=1')).headers.location, main.base)
		.searchParams.get('return'), '/rewritten/x?a=1', 'and back to what was asked for');
	const mine = await me.fetch('/rewritten/x', SPOOFS);
	assert.deepEqual([mine.status, mine.json().unit_code], [200, phone.unit]);
});

/* --- HTTP/2 --- */

function overHttp2(headers, body) {
	return new Promise((resolve, reject) => {
		const client = http2.connect(main.http2);
		const stream = client.request(headers);
		let status, text = '';

		client.on('error', reject);
		stream.on('error', reject);
		stream.setEncoding('utf8');
		stream.on('response', (h) => { status = h[':status']; });
		stream.on('data', (part) => { text += part; });
		stream.on('end', () => { client.close(); resolve({ status, text }); });
		stream.end(body);
	});
}

for (const [name, headers, status, body] of [
	['a page', NAVIGATION, 302], ['fetch', FETCH, 401],
	['POST', { ...NAVIGATION, ':method': 'POST' }, 401, 'a=b'],
]) {
	test(`HTTP/2: ${name} of a guest: ${status}`, async () => {
		assert.equal((await overHttp2({ ':path': '/whoami', ...headers }, body)).status,
			status);
	});
}

test('HTTP/2: identity without spoofs, cookies split over several fields', async () => {
	const lower = Object.fromEntries(Object.entries(SPOOFS)
		.map(([name, value]) => [name.toLowerCase(), value]));
	const answer = await overHttp2({ ':path': '/headers', ...FETCH, ...lower,
		cookie: ['a=b', me.cookie, 'c=d'] });

	assert.equal(answer.status, 200);
	assert.ok(!/evil/.test(answer.text));
	assert.equal(JSON.parse(answer.text).filter(([n]) => /^x-unitpass-/i.test(n)).length, 9);
	assert.equal((await overHttp2({ ':path': '/.unitpass/session', ...FETCH,
		cookie: me.cookie })).status, 200);
	assert.equal((await overHttp2({ ':path': '/.unitpass/login', ...NAVIGATION })).status, 200);
});

/* --- WebSockets --- */

const handshake = (where, headers) => raw({ base: main.base },
	`GET ${where} HTTP/1.1\r\nHost: localhost\r\n` +
	Object.entries({ ...HANDSHAKE, ...headers }).map(([n, v]) => `${n}: ${v}\r\n`).join('')
		+ '\r\n');

test('SECURITY 22: a WebSocket handshake is checked like any request', async () => {
	for (const headers of [{}, { cookie: '__Host-unitpass=x' },
		{ cookie: await site.mint(main.client, { age: 9 * 3600 }) }])
		assert.match(await handshake('/ws/', headers),
			/^HTTP\/1\.1 401 .*"login_required"/s);
	assert.match(await handshake('/ws-user/', { cookie: me.cookie }),
		/^HTTP\/1\.1 403 .*"access_denied"/s);
	assert.equal(socketApp.asked, 0, 'the application has not heard of them');
	const mine = await handshake('/ws/', { cookie: me.cookie, ...SPOOFS });
	assert.match(mine, /^HTTP\/1\.1 101 /);
	assert.equal(socketApp.asked, 1);
	assert.match(mine, new RegExp(`X-Unitpass-Unit-Code","${phone.unit}"`, 'i'));
	assert.ok(!/evil/.test(mine));
});

/* --- hosts --- */

test('two hosts with clients and keys of their own: no session of one is one of the other',
	async () => {
	const browser = new Browser(second.base);
	const begun = await browser.begin();
	const view = (await phone.scan(await frame(begun.watch_uri))).json();

	assert.deepEqual([view.client.id, view.client.origin], ['second', second.base]);
	assert.equal((await phone.decide(view)).status, 200);
	assert.equal((await browser.complete(begun.attempt)).status, 200);
	assert.equal((await browser.whoami()).unit_code, phone.unit);
	for (const [jar, portal] of [[browser.jar, main.base], [me.jar, second.base]]) {
		const stranger = new Browser(portal);
		stranger.jar = new Map(jar);
		assert.equal((await stranger.open('/whoami')).status, 302);
		assert.equal((await stranger.fetch('/whoami')).status, 401);
	}
	/* nor does the second complete what began at the first */
	const mixed = await me.begin();
	await phone.approve(await frame(mixed.watch_uri));
	const thief = new Browser(second.base);
	thief.jar = new Map(me.jar);
	assert.equal((await thief.complete(mixed.attempt)).status, 409);
});

test('a login page of one’s own: filled in, under the same rules, and it signs in', async () => {
	const browser = new Browser(paged);
	const page = await browser.open('/.unitpass/login?return=/whoami',
		{ 'accept-language': 'en' });

	assert.equal(page.status, 200);
	assert.match(page.text, /<h1>Our own page<\/h1>/);
	assert.match(page.text, /<html lang="en">/);
	assert.ok(!/\{\{/.test(page.text));
	const nonce = /nonce="([^"]+)"/.exec(page.text)[1];
	assert.ok(page.headers['content-security-policy'].includes(`'nonce-${nonce}'`));
	assert.match(page.headers['content-security-policy'], /frame-ancestors 'none'/);
	await phone.approve(await frame(/data-watch="([^"]+)"/.exec(page.text)[1]));
	const done = await browser.complete(/data-attempt="([^"]+)"/.exec(page.text)[1]);
	assert.deepEqual([done.status, done.json().return], [200, '/whoami']);
	assert.equal((await browser.whoami()).unit_code, phone.unit);
	assert.ok(!/Our own page/.test((await guest().open('/.unitpass/login')).text),
		'and of this host alone');
});

/* --- reload --- */

test('SECURITY 19: reloading under load: no request of a session fails, logins under way go on',
	{ timeout: 120000 }, async () => {
	const waiting = guest(), wrong = [];
	const mine = await waiting.begin();
	let running = true, served = 0;
	const load = Array.from({ length: 4 }, async () => {
		while (running) {
			const answer = await request({ base: main.base, path: '/files/a.txt',
				headers: { ...FETCH, cookie: me.cookie } })
				.catch((error) => ({ status: String(error) }));
			if (answer.status === 200)
				served++;
			else
				wrong.push(answer.status);
		}
	});

	for (let i = 0; i < 2; i++)
		await site.reload();
	running = false;
	await Promise.all(load);
	assert.deepEqual(wrong, []);
	assert.ok(served > 4, String(served));
	await phone.approve(await frame(mine.watch_uri));
	assert.equal((await waiting.complete(mine.attempt)).status, 200);
});

/* SPDX-License-Identifier: Apache-2.0
 * The login in a portal's own page: the very files of conf/examples, with the policy that
 * doc/WIDGET.md tells to send. A site of its own. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { handleOf, launch, readQr, stateOf } from './lib/browser.mjs';
import { freePorts, Site, TOP } from './lib/site.mjs';

const examples = path.join(TOP, 'conf/examples');
const words = (lang) => JSON.parse(fs.readFileSync(path.join(TOP, `web/words/${lang}.json`)));
const policyOf = (file) => fs.readFileSync(path.join(TOP, 'doc', file), 'utf8')
	.match(/^default-src 'none'.*$/m)[0];
let site, chromium, phone, asking;

const NONCE = 'c29tZS1ub25jZQ';

/* A portal that has said much about all its paragraphs, buttons and pictures, and lets in by nonce
 * alone. */
const ROUGH =
	'<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
	+ '<meta name="viewport" content="width=device-width, initial-scale=1">'
	+ `<title>rough</title>
<script type="module" src="/.unitpass/assets/unitpass.js" nonce="${NONCE}"></script>
<style nonce="${NONCE}">
:root { --unitpass-font-size: 16px; }
html { font-size: 62.5%; }
* { margin: 0; padding: 0; line-height: 1; font-family: monospace; color: #777; }
body { text-indent: 2em; letter-spacing: .2em; text-transform: uppercase; }
p { margin: 2em 0; font-size: 9px; text-align: left; color: #bbb; }
button { all: unset; width: 900px; }
svg, img { height: auto; max-width: 100%; }
div { float: left; }
</style>
<main><h1>rough</h1><div data-unitpass></div></main></html>`;

/* The same pages under several policies. */
function locations(www) {
	const policy = policyOf('WIDGET.md').replace('https://id.example.org', site.issuer);
	const pages = {
		'/welcome/': policy, '/strict/': policy
			+ "; require-trusted-types-for 'script'; trusted-types 'none'",
		'/silent/': policy.replace(' ' + site.issuer, ''),
		'/nonce/': policy.replace(/(script|style)-src 'self'/g, `$1-src 'nonce-${NONCE}'`),
	};

	return Object.fromEntries(Object.entries(pages)
		.map(([where, csp]) =>
		[where, { guard: false, to: 'files', folder: www, policy: csp }]));
}

before(async () => {
	site = await Site.start('widget');
	const www = path.join(site.dir, 'www');

	fs.mkdirSync(www);
	for (const file of ['login-page.html', 'portal-login.html', 'portal-login.en.html',
		'portal-login.css', 'portal-login.js'])
		fs.copyFileSync(path.join(examples, file), path.join(www, file));
	fs.writeFileSync(path.join(www, 'rough.html'), ROUGH);
	await site.addLocations('widget', locations(www), path.join(www, 'login-page.html'));
	const [port] = await freePorts(1);

	asking = `http://127.0.0.1:${port}`;
	await site.ctl('client', 'add', 'asking', '--name', '会问的业务系统', '--origin', asking,
		'--secret-file', path.join(site.dir, 'keys-portal/asking.secret'));
	await site.reloadServer();
	await site.addHosts('asking', [{
		port, client: 'asking', secret: path.join(site.dir, 'keys-portal/asking.secret'),
		confirm: 'on', locations: { '/': {} },
		marks: { issuer_name: '湖南省示例管理局', emblem: '/public/emblem.svg',
			favicon: '/public/icon.svg',
			telephone: '0731-12345678', app: '/public/app' },
	}]);
	[chromium, phone] = await Promise.all([launch(), site.newPhone()]);
}, { timeout: 120000 });
after(async () => {
	if (chromium)
		await chromium.close();
	if (site)
		await site.stop();
});

/* The page, and what it has asked for, thrown and broken. Its events and violations outlive it in
 * the tab. */
async function open(where, options = {}, portal = site.portal) {
	const context = await chromium.newContext({ locale: 'zh-CN', ...options });
	const page = await context.newPage();
	const asked = [], thrown = [];

	await context.addInitScript(() => {
		const keep = (name, value) => sessionStorage.setItem(name,
			JSON.stringify([...JSON.parse(sessionStorage.getItem(name) || '[]'),
			value]));

		document.addEventListener('unitpass:state',
			(event) => keep('states', event.detail.state));
		document.addEventListener('securitypolicyviolation',
			(event) => keep('violations', event.violatedDirective + ' '
			+ event.blockedURI));
	});
	page.on('request', (r) => asked.push(r.url()));
	page.on('pageerror', (e) => thrown.push(String(e)));
	await page.goto(portal + where);
	const kept = (name) => page.evaluate((n) => JSON.parse(sessionStorage.getItem(n) || '[]'),
		name);

	return { context, page, asked, thrown, kept };
}

const PAGES = { 'own page': '/whoami', 'portal page': '/welcome/portal-login.html?return=/whoami',
	'portal page in English': '/welcome/portal-login.en.html?return=/whoami' };

for (const [name, where] of Object.entries(PAGES)) {
	test(`widget: ${name}: signs in, in order, within its policy, asking nobody else`,
		async () => {
		const { context, page, asked, thrown, kept } = await open(where);

		await phone.approve(await readQr(page));
		await page.waitForURL(site.portal + '/whoami');
		assert.equal(JSON.parse(await page.textContent('body')).unit_code, phone.unit);
		/* a quick confirmation overtakes the word of the scan */
		assert.deepEqual((await kept('states')).filter((state) => state !== 'scanned'),
			['starting', 'pending', 'approved', 'done']);
		assert.deepEqual(await kept('violations'), []);
		assert.deepEqual(thrown, []);
		assert.deepEqual([...new Set(asked.map((url) => new URL(url).origin))].sort(),
			[site.issuer, site.portal].sort());
		assert.equal(asked.filter((url) => url.endsWith('/unitpass.css')).length, 1,
			'the style sheet comes, once');
		assert.ok(asked.some((url) => url.startsWith(site.issuer + '/watch/')),
			'the stream is let in');
		await context.close();
	});

	for (const colorScheme of ['light', 'dark'])
		test(`widget: ${name}: the page's theme, ${colorScheme}; words that can be read`,
			async () => {
			const { context, page } = await open(where, { colorScheme });
			const view = (await phone.scan(await readQr(page))).json();

			assert.deepEqual(await page.evaluate(faint), [], 'pending');
			await stateOf(page, 'scanned');
			await phone.decide(view, 'deny');
			await stateOf(page, 'denied');
			const colour = () =>
				page.evaluate(() =>
				getComputedStyle(document.querySelector('[data-unitpass] button'))
				.backgroundColor);
			assert.equal(await colour(), colorScheme === 'light' ? 'rgb(143, 29, 33)'
				: 'rgb(240, 168, 162)');
			assert.deepEqual(await page.evaluate(faint), [], 'denied');
			assert.deepEqual(await page.evaluate(shape), []);
			await page.evaluate(() =>
				document.documentElement.style.setProperty('--unitpass-accent',
				'rgb(1, 2, 3)'));
			assert.equal(await colour(), 'rgb(1, 2, 3)', 'from :root');
			await page.evaluate(() => document.querySelector('[data-unitpass]')
				.style.setProperty('--unitpass-accent', 'rgb(4, 5, 6)'));
			assert.equal(await colour(), 'rgb(4, 5, 6)', 'on the element');
			await context.close();
		});

	test(`widget: ${name}: nothing to scroll sideways at 320 px, and the code is readable`,
		async () => {
		const { context, page } = await open(where,
			{ viewport: { width: 320, height: 640 } });
		const fits = () => page.evaluate(() =>
			document.documentElement.scrollWidth <=
				document.documentElement.clientWidth);

		await page.locator('[data-unitpass]').scrollIntoViewIfNeeded();
		const view = (await phone.scan(await readQr(page))).json();
		assert.ok(await fits(), 'pending');
		await stateOf(page, 'scanned');
		assert.ok(await fits(), 'scanned');
		await phone.decide(view, 'deny');
		await stateOf(page, 'denied');
		assert.ok(await fits(), 'denied');
		await context.close();
	});

	test(`widget: ${name}: by keyboard alone, with visible focus`, async () => {
		const { context, page } = await open(where);
		const text = await readQr(page);
		let found = false;

		assert.equal((await phone.scan(text)).status, 200);
		await stateOf(page, 'scanned');
		for (let i = 0; i < 20 && !found; i++) {
			await page.keyboard.press('Tab');
			found = await page.evaluate(() =>
				document.activeElement.matches('[data-unitpass] button'));
		}
		assert.ok(found, 'the button is reached');
		assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement)
			.outlineStyle), 'none');
		await page.keyboard.press('Enter');
		const later = await readQr(page, text);
		assert.notEqual(handleOf(later), handleOf(text));
		await phone.approve(await readQr(page, later));
		await page.waitForURL(site.portal + '/whoami');
		await context.close();
	});
}

/* In the page: words whose contrast is below 4.5:1 (WCAG 2.2, 1.4.3). Colours are rgb or rgba. */
function faint() {
	const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
	const light = (colour) => parts(colour).slice(0, 3).map((v) => v / 255)
		.map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const ground = (e) => {
		for (; e; e = e.parentElement) {
			const colour = getComputedStyle(e).backgroundColor;
			if (parts(colour)[3] !== 0)
				return colour;
		}
		return 'rgb(255, 255, 255)';
	};
	const found = [];

	for (const e of document.querySelectorAll('body *')) {
		const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
		if (!own || e.closest('noscript, script') || !e.getClientRects().length ||
			e.closest('fieldset:disabled'))
			continue;
		const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) =>
			y - x);
		if ((a + 0.05) / (b + 0.05) < 4.5)
			found.push(`${((a + 0.05) / (b + 0.05)).toFixed(2)} `
				+ `${e.textContent.trim().slice(0, 20)}`);
	}
	return found;
}

/* In the page: what every page must have. */
function shape() {
	const all = (selector) => [...document.querySelectorAll(selector)], wrong = [];
	const ids = all('[id]').map((e) => e.id);

	if (!document.documentElement.lang || !document.title)
		wrong.push('language or title');
	if (all('h1').length !== 1 || all('main').length !== 1)
		wrong.push('one h1 and one main');
	if (new Set(ids).size !== ids.length)
		wrong.push('an id twice');
	for (const e of all('input:not([type=hidden])'))
		if (!e.labels.length)
			wrong.push('no label: ' + e.name);
	for (const e of all('a, button'))
		if (e.getClientRects().length && !e.textContent.trim())
			wrong.push('no name: ' + e.outerHTML);
	for (const e of all('svg:not([hidden])'))
		if (!e.hasAttribute('aria-hidden') && !e.hasAttribute('aria-label'))
			wrong.push('a picture without words');
	return wrong;
}

test('widget: the language is the page\'s, not the browser\'s', async () => {
	for (const [file, lang] of [['portal-login.html', 'zh-CN'],
		['portal-login.en.html', 'en']]) {
		const { context, page } = await open('/welcome/' + file,
			{ locale: lang === 'en' ? 'zh-CN' : 'en-US' });

		await readQr(page);
		assert.equal(await page.innerText('[data-unitpass] .unitpass-title'),
			words(lang).state_pending_title);
		await context.close();
	}
	for (const [locale, own] of [['zh-CN', '示例业务系统'], ['en-US', 'Sample portal']]) {
		const { context, page } = await open('/whoami', { locale });

		assert.equal(await page.innerText('.bar'), own);
		await context.close();
	}
});

test(
	'widget: portal page: its form waits while the phone is at work, '
		+ 'and is there when scanning fails', async () => {
	const { context, page } = await open('/welcome/portal-login.html?return=/whoami');
	const note = page.locator('form .note');
	const text = await readQr(page);

	assert.ok(await page.isEnabled('#user') && !await note.isVisible());
	assert.equal((await phone.scan(text)).status, 200);
	await stateOf(page, 'scanned');
	assert.ok(!await page.isEnabled('#user'));
	assert.match(await note.innerText(), /账号登录暂停/);
	await page.route('**/.unitpass/login',
		(route) => route.fulfill({ status: 400, contentType: 'application/json',
		body: '{"error":"invalid_request"}' }));
	await page.click('[data-unitpass] button');
	await stateOf(page, 'unstarted');
	assert.ok(await page.isEnabled('#user'));
	assert.match(await note.innerText(), /先用账号登录/);
	await context.close();
});

test('widget: own page: the step that the login has come to is marked', async () => {
	const { context, page } = await open('/whoami');
	const step = () => page.locator('.steps [aria-current=step]').innerText();
	const text = await readQr(page);

	assert.equal(await step(), words('zh-CN').login_step_1);
	assert.equal((await phone.scan(text)).status, 200);
	await stateOf(page, 'scanned');
	assert.equal(await step(), words('zh-CN').login_step_3);
	await context.close();
});

test('widget: a return target elsewhere is not followed', async () => {
	for (const target of ['https://evil.example/', '//evil.example/', '/\\evil.example']) {
		const { context, page } = await open('/welcome/portal-login.html?return='
			+ encodeURIComponent(target));

		await phone.approve(await readQr(page));
		await page.waitForURL((url) => url.href === site.portal + '/');
		await context.close();
	}
});

test('widget: "done" can be prevented: the page goes where and when it likes', async () => {
	const { context, page } = await open('/welcome/portal-login.html?return=/whoami');

	await page.evaluate(() => document.addEventListener('unitpass:state', (event) => {
		if (event.detail.state === 'done') {
			event.preventDefault();
			window.to = event.detail.return;
		}
	}));
	await phone.approve(await readQr(page));
	await stateOf(page, 'done');
	assert.equal(await page.evaluate(() => window.to), site.portal + '/whoami');
	assert.ok(page.url().includes('/welcome/'));
	await context.close();
});

test('widget: without script there is a link to a page that needs none', async () => {
	const { context, page } = await open('/welcome/portal-login.html',
		{ javaScriptEnabled: false });

	await page.click('[data-unitpass] a');
	const text = await readQr(page);
	const view = (await phone.scan(text)).json();
	await stateOf(page, 'scanned', 12000);
	assert.equal((await phone.decide(view)).status, 200);
	await stateOf(page, 'approved', 12000);
	await page.click('form button');
	await page.waitForURL(site.portal + '/');
	await context.close();
});

test('widget: with trusted types required', async () => {
	const { context, page, kept, thrown } =
		await open('/strict/portal-login.html?return=/whoami');

	await phone.approve(await readQr(page));
	await page.waitForURL(site.portal + '/whoami');
	assert.deepEqual([await kept('violations'), thrown], [[], []]);
	await context.close();
});

test('widget: a policy by nonce alone, and a page that styles everything', async () => {
	const { context, page, kept, thrown } = await open('/nonce/rough.html');
	const view = (await phone.scan(await readQr(page))).json();

	await stateOf(page, 'scanned');
	await phone.decide(view, 'deny');
	await stateOf(page, 'denied');
	const seen = await page.evaluate(() => {
		const of = (selector) =>
			getComputedStyle(document.querySelector('[data-unitpass] ' + selector));
		const { width, height } = document.querySelector('.unitpass-box')
			.getBoundingClientRect();
		const hint = of('.unitpass-hint'), button = of('button');

		return { width, height, hint: [hint.fontSize, hint.textAlign, hint.textIndent,
			hint.textTransform, hint.color, hint.float],
			button: [button.backgroundColor, button.cursor,
				parseFloat(button.width) < 300, button.fontSize] };
	});
	assert.deepEqual(seen, { width: 256, height: 256,
		hint: ['16px', 'center', '0px', 'none', 'rgb(77, 89, 103)', 'none'],
		button: ['rgb(11, 87, 164)', 'pointer', true, '16px'] });
	assert.deepEqual([await kept('violations'), thrown], [[], []]);
	await page.click('[data-unitpass] button');
	await phone.approve(await readQr(page));
	await page.waitForURL(site.portal + '/nonce/rough.html');
	await context.close();
});

test('widget: a policy that forgot the issuer: slower, but signed in', async () => {
	const { context, page, kept } = await open('/silent/portal-login.html?return=/whoami');

	await phone.approve(await readQr(page));
	await page.waitForURL(site.portal + '/whoami');
	assert.ok((await kept('violations')).some((v) => v.startsWith('connect-src ')));
	await context.close();
});

test('widget: data-theme="dark" is dark whatever the reader has, and absent is light', async () => {
	for (const [theme, colour] of [['dark', 'rgb(34, 43, 53)'], ['', 'rgb(255, 255, 255)']]) {
		const { context, page } = await open('/nonce/rough.html',
			{ colorScheme: theme ? 'light' : 'dark' });

		await readQr(page);
		await page.evaluate((t) => { document.querySelector('[data-unitpass]')
			.dataset.theme = t; }, theme);
		assert.equal(await page.evaluate(() =>
			getComputedStyle(document.querySelector('.unitpass-box')).backgroundColor),
			colour);
		await context.close();
	}
});

test('issue confirm: a unit that is new to the browser is named and asked; '
	+ 'from then on it is known', async () => {
	const { context, page, kept } = await open('/whoami#part', {}, asking);

	assert.match(await page.innerText('.unitpass-issuer'), /湖南省示例管理局/);
	assert.match(await page.innerText('.unitpass-help'), /0731-12345678/);
	await phone.approve(await readQr(page));
	await stateOf(page, 'confirm');
	const who = await page.innerText('[data-unitpass] .unitpass-who');
	assert.ok(who.includes('测试单位') && who.includes('王*') && !who.includes('小明'), who);
	assert.equal(await page.evaluate(() => fetch('/.unitpass/session').then((a) => a.status)),
		401,
		'nobody is signed in yet');
	await page.click('text=以此身份继续');
	await page.waitForURL(asking + '/whoami#part');
	assert.deepEqual((await kept('states')).slice(-3), ['confirm', 'approved', 'done']);
	await page.evaluate(() => fetch('/.unitpass/logout', { method: 'POST',
		headers: { Accept: 'application/json' },
		body: new URLSearchParams({ return: '/' }) }));
	await page.goto(asking + '/whoami?again');
	await phone.approve(await readQr(page));
	await page.waitForURL(asking + '/whoami?again');
	await context.close();
});

test('issue confirm: "not me" signs nobody in and ends the session at the server', async () => {
	const { context, page } = await open('/whoami', {}, asking);
	const stranger = await site.newPhone({
		unitName: '湖南省示例自然资源与规划信息技术服务中心（湖南省示例测绘档案资料馆）' });

	await stranger.approve(await readQr(page));
	await stateOf(page, 'confirm');
	assert.deepEqual(await page.evaluate(() => {
		const box = document.querySelector('.unitpass-box').getBoundingClientRect();

		return [...document.querySelectorAll('.unitpass-box :is(dt, dd, button)')].filter(
			(e) => {
			const r = e.getBoundingClientRect();

			return r.top < box.top || r.bottom > box.bottom ||
				e.scrollHeight > e.clientHeight + 1;
		}).map((e) => e.textContent);
	}), [], 'all that is asked is to be seen');
	await page.click('text=不是我');
	await stateOf(page, 'declined');
	assert.equal(await page.evaluate(() => fetch('/.unitpass/session').then((a) => a.status)),
		401);
	const [row] = await site.sql('SELECT count(*) AS n FROM session s '
		+ 'JOIN role r ON r.id = s.role JOIN unit u ON u.id = r.unit '
		+ `WHERE u.code = '${stranger.unit}' AND s.revoked_ms IS NULL`);
	assert.equal(row.n, 0, 'no live session is left');
	await context.close();
});

test('issue confirm: without script, two buttons', async () => {
	const { context, page } = await open('/whoami', { javaScriptEnabled: false }, asking);

	await phone.approve(await readQr(page));
	await stateOf(page, 'approved', 12000);
	await page.click('form button');
	assert.match(await page.innerText('main'), /王\*/);
	await page.click('button[value=yes]');
	await page.waitForURL(asking + '/whoami');
	await context.close();
});

test('widget: the two manuals say the same policy', () => assert.equal(policyOf('WIDGET.zh-CN.md'),
	policyOf('WIDGET.md')));

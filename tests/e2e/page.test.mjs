/* SPDX-License-Identifier: Apache-2.0
 * The login page in a real browser: with and without script, small, by keyboard, in two languages,
 * cut off from the server. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { handleOf, launch, readQr, stateOf } from './lib/browser.mjs';
import { Site, TOP } from './lib/site.mjs';

const site = Site.shared();
const words = (lang) => JSON.parse(fs.readFileSync(path.join(TOP, `web/words/${lang}.json`)));
let chromium, phone;

before(async () => {
	[chromium, phone] = await Promise.all([launch(),
		site.newPhone({ unitName: '湖南省很长很长很长很长很长很长很长很长很长很长名称的事业单位测试中心' })]);
});
after(() => chromium && chromium.close());

async function open(options = {}, path = '/') {
	const context = await chromium.newContext({ locale: 'zh-CN', ...options });
	const page = await context.newPage();
	const trouble = [];

	page.on('console', (m) => m.type() === 'error' && trouble.push(m.text()));
	page.on('pageerror', (e) => trouble.push(String(e)));
	await page.goto(site.portal + path);
	return { context, page, trouble };
}

test('SECURITY 23: the page asks nobody but portal and server, and breaks none of its own rules',
	async () => {
	/* 401 is how the module says that nobody is signed in */
	const { context, page, trouble } = await open({}, '/public/headers');
	const asked = new Set();

	page.on('request', (r) => asked.add(new URL(r.url()).origin));
	await page.goto(site.portal + '/whoami');
	await phone.approve(await readQr(page));
	await page.waitForURL(site.portal + '/whoami');
	assert.deepEqual([...asked].sort(), [site.issuer, site.portal].sort());
	assert.deepEqual(trouble.filter((t) => !/favicon|status of 401/.test(t)), []);
	await context.close();
});

test('issue page: works without script: picture, refresh, button', async () => {
	const { context, page } = await open({ javaScriptEnabled: false }, '/whoami?plain');
	const text = await readQr(page);
	const view = (await phone.scan(text)).json();

	await stateOf(page, 'scanned', 12000);
	assert.equal((await phone.decide(view)).status, 200);
	await stateOf(page, 'approved', 12000);
	await page.click('form button');
	await page.waitForURL(site.portal + '/whoami?plain');
	assert.equal(JSON.parse(await page.textContent('body')).unit_code, phone.unit);
	await context.close();
});

test('issue page: without script a refusal shows a link to a new code', async () => {
	const { context, page } = await open({ javaScriptEnabled: false });
	const text = await readQr(page);
	const view = (await phone.scan(text)).json();

	await phone.decide(view, 'deny');
	await stateOf(page, 'denied', 12000);
	await page.click('.unitpass-cover a');
	assert.notEqual(handleOf(await readQr(page)), handleOf(text));
	await context.close();
});

test('issue page: when the browser cannot reach the server, the module tells', async () => {
	const context = await chromium.newContext({ locale: 'zh-CN' });
	const page = await context.newPage();
	const polled = page.waitForResponse((r) => r.url().includes('/.unitpass/state?attempt=') &&
		r.status() === 200);

	await page.route(site.issuer + '/**', (route) => route.abort());
	await page.goto(site.portal + '/whoami');
	await polled;
	await phone.approve(await readQr(page));
	await page.waitForURL(site.portal + '/whoami');
	await context.close();
});

test('issue page: offline and back: it goes on by itself', async () => {
	/* a stream that is open already outlives the browser's own switch: so without one */
	const context = await chromium.newContext({ locale: 'zh-CN' });
	const page = await context.newPage();

	await page.route(site.issuer + '/**', (route) => route.abort());
	await page.goto(site.portal + '/');
	const text = await readQr(page);
	await context.setOffline(true);
	await page.waitForSelector('[data-view="offline"]', { timeout: 20000 });
	await context.setOffline(false);
	const later = await readQr(page, text, 25000);
	assert.equal(handleOf(later), handleOf(text), 'the same attempt');
	await phone.approve(await readQr(page));
	await page.waitForURL(site.portal + '/');
	await context.close();
});

for (const [locale, lang] of [['zh-CN', 'zh-CN'], ['en-US', 'en']]) {
	test(`issue page: ${locale} reads ${lang}`, async () => {
		const { context, page } = await open({ locale });

		assert.equal(await page.getAttribute('html', 'lang'), lang);
		await readQr(page);
		assert.ok((await page.title()).startsWith(words(lang).login_title));
		const shown = await page.innerText('[data-unitpass]');
		assert.equal(/[\u4e00-\u9fff]/.test(shown), lang === 'zh-CN', shown);
		assert.ok(!/[a-z]+_[a-z]+|\{\w+\}/.test(shown), `no raw keys: ${shown}`);
		await context.close();
	});
}

test('issue page: what stands behind "#" comes back after signing in', async () => {
	const { context, page } = await open({}, '/whoami?a=1#/orders/5');
	const text = await readQr(page);

	await page.reload();
	await phone.approve(await readQr(page, text));
	await page.waitForURL(site.portal + '/whoami?a=1#/orders/5');
	await context.close();
});

/* What a browser may lack, or the way to it hold back. */
const LACKING = {
	'replaceChildren': (context) =>
		context.addInitScript(() => { delete Element.prototype.replaceChildren; }),
	'EventSource and AbortSignal': (context) =>
		context.addInitScript(() => { delete window.EventSource; delete window.AbortSignal;
			}),
	'toggleAttribute': (context) =>
		context.addInitScript(() => { delete Element.prototype.toggleAttribute; }),
	'modules': (context) => context.route('**/assets/unitpass.js', (route) => route.abort()),
	'a part of the script': (context) => context.route('**/assets/view.js',
		(route) => route.fulfill({ status: 500 })),
	'its words': (context) => context.route('**/assets/words.*', (route) => route.abort()),
};

for (const [name, lack] of Object.entries(LACKING)) {
	test(`issue page: without ${name} there is a code to be seen, or the way to one`,
		async () => {
		const context = await chromium.newContext({ locale: 'zh-CN' });
		const page = await context.newPage();

		await lack(context);
		await page.goto(site.portal + '/whoami');
		await page.waitForSelector('svg.unitpass-code:not([hidden]), .unitpass-late',
			{ timeout: 15000 });
		if (await page.locator('.unitpass-late').count())
			await page.click('.unitpass-late');
		await phone.approve(await readQr(page));
		if (await page.locator('img.unitpass-code').count()) {
			await stateOf(page, 'approved', 12000);
			await page.click('form button');
		}
		await page.waitForURL(site.portal + '/whoami');
		await context.close();
	});
}

test('issue page: on a small laptop code, steps and warning are seen at once, side by side',
	async () => {
	for (const locale of ['zh-CN', 'en-US'])
		for (const width of [1366, 720]) {
			const { context, page } =
				await open({ locale, viewport: { width, height: 625 } });
			const at = (selector) => page.locator(selector).first().boundingBox();

			const view = (await phone.scan(await readQr(page))).json();
			await stateOf(page, 'scanned');
			const [box, help, warning] =
				await Promise.all(['.unitpass-box', '.unitpass-help',
				'.unitpass-safety'].map(at));
			assert.ok(help.x >= box.x + box.width, 'beside the code');
			assert.ok(warning.y + warning.height <= 625,
				`the warning ends at ${warning.y + warning.height}`);
			assert.ok(!await page.isVisible('.unitpass-steps') &&
				!await page.isVisible('.unitpass-new'), 'nothing to scan any more');
			await phone.decide(view, 'deny');
			await stateOf(page, 'denied');
			const steps = await at('.unitpass-steps');
			assert.ok(steps.y + steps.height < 625);
			await context.close();
		}
});

test('issue page: on a phone first that it is for a computer, then the code', async () => {
	const { context, page } = await open({ viewport: { width: 360, height: 800 } });
	const text = await readQr(page);
	const tops = await Promise.all(['.unitpass-phone', '.unitpass-box', '.unitpass-steps'].map(
		async (s) => (await page.locator(s).boundingBox()).y));

	assert.ok(text && tops[0] < tops[1] && tops[1] < tops[2], tops.join());
	await context.close();
});

test('issue page: signing out asks, can be left, and says that it is done', async () => {
	const { context, page } = await open({}, '/whoami');

	await phone.approve(await readQr(page));
	await page.waitForURL(site.portal + '/whoami');
	await page.goto(site.portal + '/.unitpass/logout?return=/whoami');
	assert.match(await page.innerText('main'), new RegExp(phone.unit));
	await page.click('text=' + words('zh-CN').cancel);
	await page.waitForURL(site.portal + '/whoami');
	assert.equal(JSON.parse(await page.textContent('body')).unit_code, phone.unit,
		'still signed in');
	await page.goto(site.portal + '/.unitpass/logout');
	await page.click('button');
	await page.locator('h1', { hasText: words('zh-CN').logged_out_title }).waitFor();
	await page.click('text=' + words('zh-CN').again);
	await readQr(page);
	await context.close();
});

test('issue page: a guarded frame whose session ended leads out of the frame', async () => {
	const { context, page } = await open({}, '/public/whoami');

	await page.evaluate(() => {
		document.body.replaceChildren(Object.assign(document.createElement('iframe'),
			{ src: '/whoami', width: 600, height: 400 }));
	});
	await page.frameLocator('iframe').locator('a').click();
	await page.waitForURL((url) => url.pathname === '/.unitpass/login');
	await readQr(page);
	await context.close();
});

for (const width of [320, 375, 1280]) {
	test(`issue page: nothing to scroll sideways at ${width} px, and the code is readable`,
		async () => {
		const { context, page } = await open({ viewport: { width, height: 800 } },
			'/annual-report/?' + 'x'.repeat(60));
		const fits = () => page.evaluate(() =>
			document.documentElement.scrollWidth <=
				document.documentElement.clientWidth);

		const view = (await phone.scan(await readQr(page))).json();
		assert.ok(await fits(), 'pending');
		await stateOf(page, 'scanned');
		assert.ok(await fits(), 'scanned');
		await phone.decide(view, 'deny');
		await stateOf(page, 'denied');
		assert.ok(await fits(), 'denied');
		await page.goto(site.portal + '/.unitpass/logout');
		assert.ok(await fits(), 'message');
		await context.close();
	});
}

test('issue page: everything by keyboard, with visible focus', async () => {
	const { context, page } = await open();
	const text = await readQr(page);

	assert.equal((await phone.scan(text)).status, 200);
	await stateOf(page, 'scanned');
	let found = false;
	for (let i = 0; i < 10 && !found; i++) {
		await page.keyboard.press('Tab');
		found = await page.evaluate(() =>
			document.activeElement.matches('[data-unitpass] button'));
	}
	assert.ok(found, 'the button is reached');
	const outline = await page.evaluate(() => getComputedStyle(document.activeElement)
		.outlineStyle);
	assert.notEqual(outline, 'none');
	await page.keyboard.press('Enter');
	assert.notEqual(handleOf(await readQr(page, text)), handleOf(text));
	await context.close();
});

test('issue page: state changes are said to screen readers', async () => {
	const { context, page } = await open({ locale: 'en-US' });
	const status = page.locator('[data-unitpass] [role=status]');

	const view = (await phone.scan(await readQr(page))).json();
	await stateOf(page, 'scanned');
	assert.equal(await status.getAttribute('aria-live'), 'polite');
	assert.ok((await status.innerText()).includes(words('en').state_scanned_title));
	assert.equal(await page.locator('svg.unitpass-code').getAttribute('role'), 'img');
	await phone.decide(view, 'deny');
	await stateOf(page, 'denied');
	assert.ok((await status.innerText()).includes(words('en').state_denied_title));
	await context.close();
});

test('issue page: a camera that opens the QR gets words in both languages, no login', async () => {
	const { context, page } = await open();
	const text = await readQr(page);
	const phonePage = await (await chromium.newContext({ locale: 'zh-CN',
		viewport: { width: 360, height: 740 } })).newPage();
	const answer = await phonePage.goto(text);

	assert.equal(answer.status(), 200);
	assert.match(answer.headers()['content-security-policy'], /default-src 'none'/);
	assert.match(answer.headers()['content-security-policy'], /frame-ancestors 'none'/);
	const words = await phonePage.innerText('body');
	assert.ok(/[\u4e00-\u9fff]/.test(words) && /certificate app/.test(words));
	assert.ok(await phonePage.evaluate(() =>
		document.documentElement.scrollWidth <= document.documentElement.clientWidth));
	assert.equal((await phone.scan(await readQr(page))).status, 200, 'looking takes nothing');
	await phonePage.context().close();
	await context.close();
});

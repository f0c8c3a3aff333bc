/* SPDX-License-Identifier: Apache-2.0
 * The login page in a real browser: with and without script, small, by keyboard, in two languages, cut off from the server. */
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
	[chromium, phone] = await Promise.all([launch(), site.newPhone({ unitName: '湖南省很长很长很长很长很长很长很长很长很长很长名称的事业单位测试中心' })]);
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

test('SECURITY 23: the page asks nobody but portal and server, and breaks none of its own rules', async () => {
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
	const polled = page.waitForResponse((r) => r.url().includes('/.unitpass/state?attempt=') && r.status() === 200);

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

for (const width of [320, 375, 1280]) {
	test(`issue page: nothing to scroll sideways at ${width} px, and the code is readable`, async () => {
		const { context, page } = await open({ viewport: { width, height: 800 } }, '/annual-report/?' + 'x'.repeat(60));
		const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

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
		found = await page.evaluate(() => document.activeElement.matches('[data-unitpass] button'));
	}
	assert.ok(found, 'the button is reached');
	const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
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
	const phonePage = await (await chromium.newContext({ locale: 'zh-CN', viewport: { width: 360, height: 740 } })).newPage();
	const answer = await phonePage.goto(text);

	assert.equal(answer.status(), 200);
	assert.match(answer.headers()['content-security-policy'], /default-src 'none'/);
	assert.match(answer.headers()['content-security-policy'], /frame-ancestors 'none'/);
	const words = await phonePage.innerText('body');
	assert.ok(/[\u4e00-\u9fff]/.test(words) && /certificate app/.test(words));
	assert.ok(await phonePage.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
	assert.equal((await phone.scan(await readQr(page))).status, 200, 'looking takes nothing');
	await phonePage.context().close();
	await context.close();
});

/* SPDX-License-Identifier: Apache-2.0
 * Pictures of every page in every state, on a desktop and a phone, light and dark, in Chinese and
 * English, for people to look at.
 *
 *   BUILD=DIR NODE_MODULES=DIR/node_modules node tests/e2e/screens.mjs FOLDER
 *
 * STATES=pending,confirm and SIZES=desktop,phone,small: only these. */
import fs from 'node:fs';
import path from 'node:path';
import { launch, readQr, stateOf } from './lib/browser.mjs';
import { alive, Site, TOP, until } from './lib/site.mjs';

const out = process.argv[2];
if (!out) {
	console.error('usage: screens.mjs FOLDER');
	process.exit(2);
}
fs.mkdirSync(out, { recursive: true });

const SIZES = { desktop: { width: 1366, height: 625 }, phone: { width: 360, height: 800 },
	small: { width: 320, height: 568 } };
const site = await Site.start('screens', { confirm: 'on' });
const phone = await site.newPhone({ name: '欧阳小明', unitName: '湖南省示例自然资源与规划信息技术服务中心（湖南省示例测绘档案资料馆）' });
const chromium = await launch();
let count = 0;

const attemptOf = (page) => page.evaluate(() => new URLSearchParams(location.search)
	.get('attempt'));

const button = (page) => page.locator('[data-unitpass] .unitpass-cover button').first();
const asked = async (page, path = '/') => {
	await page.goto(site.portal + path);
	await phone.approve(await readQr(page));
	await stateOf(page, 'confirm');
};
const signIn = async (page) => {
	await asked(page);
	await button(page).click();
	await page.waitForURL(site.portal + '/');
};

/* name: what to do with a fresh page to get there */
const states = {
	pending: async (page) => { await page.goto(site.portal + '/annual-report/');
		await readQr(page); },
	scanned: async (page) => { await page.goto(site.portal + '/');
		await phone.scan(await readQr(page)); await stateOf(page, 'scanned'); },
	approved: async (page) => {
		await page.route('**/.unitpass/complete', () => {});
		await page.goto(site.portal + '/');
		await phone.approve(await readQr(page));
		await stateOf(page, 'approved');
	},
	denied: async (page) => {
		await page.goto(site.portal + '/');
		await phone.decide((await phone.scan(await readQr(page))).json(), 'deny');
		await stateOf(page, 'denied');
	},
	expired: async (page) => {
		await page.goto(site.portal + '/');
		await readQr(page);
		const other = await page.context().newPage();
		await other.goto(
			`${site.portal}/.unitpass/login?again=1&attempt=${await attemptOf(page)}`);
		await stateOf(page, 'expired');
		await other.close();
	},
	failed: async (page) => {
		await page.route('**/.unitpass/complete',
			(route) => route.fulfill({ status: 400, contentType: 'application/json',
			body: '{"error":"invalid_request"}' }));
		await page.goto(site.portal + '/');
		await phone.approve(await readQr(page));
		await stateOf(page, 'failed');
	},
	reconnecting: async (page) => {
		await page.route(site.issuer + '/**', (route) => route.abort());
		await page.route('**/.unitpass/state*', (route) => route.abort());
		await page.goto(site.portal + '/');
		await page.waitForSelector('[data-view="reconnecting"]', { timeout: 20000 });
	},
	noscript: async (page) => { await page.goto(site.portal + '/'); await readQr(page); },
	plain: async (page) => {
		await page.goto(site.portal + '/.unitpass/login?plain=1');
		await readQr(page);
	},
	confirm: (page) => asked(page),
	confirmform: async (page) => {
		await asked(page);
		await page.goto(`${site.portal}/.unitpass/login?attempt=${await attemptOf(page)}`);
	},
	declined: async (page) => {
		await asked(page);
		await page.locator('[data-unitpass] .unitpass-cover button').nth(1).click();
		await stateOf(page, 'declined');
	},
	forbidden: async (page) => { await signIn(page); await page.goto(site.portal + '/nobody/');
		},
	portal: signIn,
	logout: async (page) => {
		await signIn(page);
		await page.goto(site.portal + '/.unitpass/logout');
	},
	loggedout: async (page) => { await page.goto(site.portal + '/.unitpass/logout'); },
	unsent: async (page) => {
		await page.goto(site.portal + '/public/whoami');
		await page.setContent(
			`<form method="post" action="${site.portal}/whoami">`
			+ '<button>x</button></form>');
		await page.click('button');
		await page.waitForSelector('.unitpass-message');
	},
	error: async (page) => { await page.goto(site.portal
		+ '/.unitpass/login?return=/a&return=/b'); },
	notfound: async (page) => { await page.goto(site.portal + '/.unitpass/nothing'); },
	widget: async (page, locale) => {
		await page.goto(
		`${site.portal}/welcome/portal-login${locale === 'en-US' ? '.en' : ''}.html`);
		await readQr(page); },
	camera: async (page) => { const begun = await site.terminal.begin();
		await page.goto(begun.verification_uri_complete); },
	enrolment: async (page) => { await page.goto(`${site.issuer}/e/${'A'.repeat(22)}`); },
};
const down = { unavailable: async (page) => { await page.goto(site.portal
	+ '/.unitpass/login?return=/'); } };

const wanted = process.env.STATES?.split(',');

async function shoot(todo, sizes) {
	const entries = Object.entries(todo).filter(([state]) => wanted?.includes(state) ?? true);

	for (const [name, act] of entries)
		for (const size of sizes)
			for (const colorScheme of ['light', 'dark'])
				for (const locale of ['zh-CN', 'en-US']) {
					const context = await chromium.newContext({
						viewport: SIZES[size], colorScheme, locale,
						javaScriptEnabled: name !== 'noscript' });
					const page = await context.newPage();

					try {
						await act(page, locale);
						await page.screenshot({ path: path.join(out,
							`${name}-${size}-${colorScheme}-`
							+ `${locale.slice(0, 2)}.png`),
						fullPage: true });
						count++;
					} catch (error) {
						console.error(
							`${name} ${size} ${colorScheme} ${locale}: `
							+ `${error.message.split('\n')[0]}`);
						process.exitCode = 1;
					}
					await context.close();
				}
}

try {
	const www = path.join(site.dir, 'www');

	fs.cpSync(path.join(TOP, 'conf/examples'), www, { recursive: true });
	fs.writeFileSync(path.join(www, 'emblem.svg'),
		'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
		+ '<circle cx="16" cy="16" r="15" fill="#b02318"/><path d="'
		+ 'm16 5 3 7h7l-6 5 2 8-6-5-6 5 2-8-6-5h7z" fill="#f7d35c"/></svg>');
	const marks = 'unitpass_issuer_name 湖南省事业单位登记管理局; unitpass_emblem /welcome/emblem.svg; '
		+ "unitpass_telephone '0731-12345678'; unitpass_app /welcome/app;";

	fs.writeFileSync(path.join(site.dir, 'etc/portal-nginx.d/marks.conf'), marks);
	await site.addLocations('screens', { '/nobody/': { require: [['role', 'user']] },
		'/welcome/': { guard: false, to: 'files', folder: www } });
	await shoot(states, process.env.SIZES ? process.env.SIZES.split(',')
		: ['desktop', 'phone']);
	process.kill(site.serverPid, 'SIGTERM');
	await until(() => !alive(site.serverPid), 'the end of the server');
	await shoot(down, ['desktop', 'phone']);
	console.log(`${count} pictures in ${out}`);
} finally {
	await chromium.close();
	await site.stop();
}

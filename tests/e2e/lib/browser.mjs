/* SPDX-License-Identifier: Apache-2.0
 * A real Chromium, and eyes that read a QR code from its picture. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { remember } from './secrets.mjs';
import { run } from './site.mjs';

const modules = process.env.NODE_MODULES;
const { chromium } = createRequire(import.meta.url)(modules ? path.join(modules, 'playwright-core')
	: 'playwright-core');

export function launch() {
	return chromium.launch({
		executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
		/* root in a container has no sandbox to offer */
		args: [...(process.getuid() === 0 ? ['--no-sandbox'] : []), '--disable-gpu',
			'--disable-dev-shm-usage'],
	});
}

/* What a camera would read from the screen now; null when nothing. */
export async function look(page) {
	const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'qr-')), 'page.png');

	try {
		await page.screenshot({ path: file });
		const seen = await run(['zbarimg', '-q', '--raw', '-Sdisable', '-Sqrcode.enable',
			file]);
		if (seen.code !== 0)
			return null;
		remember('handle', (seen.stdout.trim().split('/q/')[1] || '').split('.')[0]);
		return seen.stdout.trim();
	} finally {
		fs.rmSync(path.dirname(file), { recursive: true });
	}
}

/* The code as soon as it is there; OTHER than the one given. */
export async function readQr(page, other = null, ms = 15000) {
	const end = Date.now() + ms;

	for (;;) {
		const text = await look(page);
		if (text && text !== other)
			return text;
		if (Date.now() > end)
			throw new Error('no QR code on the page: ' + await page.innerText('body')
				.catch(() => ''));
	}
}

/* Where a login page stands. */
export const stateOf = (page, state, ms = 15000) =>
	page.waitForSelector(`[data-unitpass][data-state="${state}"]`,
	{ timeout: ms, state: 'attached' });

/* Which transaction a frame belongs to. */
export const handleOf = (text) => text.split('/q/')[1].split('.')[0];

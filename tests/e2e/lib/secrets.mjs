/* SPDX-License-Identifier: Apache-2.0
 * What must never be found in a log: every secret that passes through here is kept in a file for
 * the last test. */
import fs from 'node:fs';
import path from 'node:path';

const file = process.env.E2E_DIR && path.join(process.env.E2E_DIR, 'secrets');

export function remember(kind, ...values) {
	if (file)
		fs.appendFileSync(file, values.filter((v) => v && String(v).length >= 8)
			.map((v) => `${kind}\t${v}\n`).join(''), { mode: 0o600 });
}

/* [{kind, value}] */
export function remembered() {
	return fs.readFileSync(file, 'utf8').trim().split('\n').map((line) => {
		const [kind, value] = line.split('\t');
		return { kind, value };
	});
}

/* SPDX-License-Identifier: Apache-2.0
 * What must never be found in a log: every secret that passes through here is kept in a file for
 * the last test. */
import { execFile } from 'node:child_process';
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

/* Where SECRETS stand in files that may be large and hold anything: "path: kind", each once. PATHS:
 * files and folders. One pass, by grep. */
export function foundIn(paths, secrets) {
	const kinds = new Map(secrets.map(({ kind, value }) => [value, kind]));

	return new Promise((resolve, reject) => {
		const child = execFile('grep', ['-raoFHZ', '-f', '-', '--', ...paths],
			{ env: { ...process.env, LC_ALL: 'C' }, maxBuffer: 64 << 20 },
			(error, out, told) => {
				/* 1: nothing; 2: perhaps a file that a server deleted meanwhile */
				const passed = error?.code === 2 &&
					!/grep: (?!.*No such file)/.test(told);
				const named = (line) => line.replace(/\0(.*)/,
					(all, value) => ': ' + kinds.get(value));

				if (error && error.code !== 1 && !passed)
					reject(new Error(`grep: ${error.code} ${told}`));
				else
					resolve([...new Set(out.split('\n').filter(Boolean)
						.map(named))]);
			});

		child.stdin.on('error', () => {});
		child.stdin.end([...kinds.keys()].join('\n') + '\n');
	});
}

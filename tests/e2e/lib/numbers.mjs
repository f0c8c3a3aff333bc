/* SPDX-License-Identifier: Apache-2.0
 * Numbers with right check characters, made by the standards' own text and not by the code under
 * test: GB 32100-2015 (unit code), GB 11714-1997 (organisation code), GB 11643-1999 (resident
 * ID). */
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const FULL = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/* The N-th code of a public institution (12) registered in Hunan (430000). */
export function unitCode(n) {
	const body = String(n).padStart(8, '0');
	const organisation = [3, 7, 9, 10, 5, 8, 4, 2].reduce((sum, w, i) =>
		sum + w * FULL.indexOf(body[i]), 0);
	const c9 = (11 - organisation % 11) % 11;
	const seventeen = '12430000' + body + (c9 === 10 ? 'X' : c9);
	const sum = [...seventeen].reduce((s, c, i) => s + ALPHABET.indexOf(c) * (3 ** i % 31), 0);

	return seventeen + ALPHABET[(31 - sum % 31) % 31];
}

/* A person of Changsha, born on one of the first 28 days of a month between 1950 and 1999. */
export function residentId(n) {
	const two = (x) => String(x).padStart(2, '0');
	const seventeen = '430102' + (1950 + Math.floor(n / 1000) % 50)
		+ two(1 + Math.floor(n / 50000) % 12) + two(1 + Math.floor(n / 600000) % 28) +
		String(n % 1000).padStart(3, '0');
	const sum = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2].reduce((s, w, i) =>
		s + w * Number(seventeen[i]), 0);

	return seventeen + '10X98765432'[sum % 11];
}

export const mobile = (n) => '139' + String(n).padStart(8, '0');

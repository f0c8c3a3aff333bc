// SPDX-License-Identifier: Apache-2.0
// node-oidc-provider with the device flow, as a portal's administrator would set it up:
//   node provider.mjs PORT      (oidc-provider resolved from this file's folder)
//
// Several issuers on one port, each with a key of its own kind, below the paths of ISSUERS. What
// doc/PROVIDERS.md says of this provider is what stands here: conformIdTokenClaims off,
// the claims of scope "unit".
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const secret = process.env.CLIENT_SECRET;
const jwk = JSON.parse(process.env.CLIENT_JWK);
const EC = ['ec', { namedCurve: 'P-256' }], RSA = ['rsa', { modulusLength: 2048 }];
const ISSUERS = {
	'': { alg: 'ES256', kind: EC },
	'/realms/a': { alg: 'RS256', kind: RSA },
	'/realms/b/': { alg: 'PS256', kind: RSA },
	'/bare': { alg: 'ES256', kind: EC, claims: { openid: ['sub'] } },       // as it comes
};
const UNIT = { code: '12430000100000016Y', name: '某研究院', certificate: 'C-7',
	certificate_version: 2 };
const HOLDER = { ref: 'H-7', role: 'manager', name: '张三' };
// "nobody" is a person of whom this provider knows no unit.
const people = { alice: { unit: UNIT, holder: HOLDER, items: ['annual-report'] }, nobody: {} };

function client(id, more, alg) {
	return { client_id: id, grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
		redirect_uris: [], response_types: [], id_token_signed_response_alg: alg, ...more };
}

function provider(path, { alg, kind,
	claims = { openid: ['sub'], unit: ['unit', 'holder', 'items'] } }) {
	const key = generateKeyPairSync(...kind).privateKey.export({ format: 'jwk' });

	const made = new Provider(`http://127.0.0.1:${port}${path}`, {
		jwks: { keys: [{ ...key, alg, use: 'sig' }] },
		clients: [
			client('portal', { client_secret: secret }, alg),
			client('keyed', { token_endpoint_auth_method: 'private_key_jwt',
				jwks: { keys: [jwk] } }, alg),
		],
		claims,
		conformIdTokenClaims: false,
		enabledJWA: { idTokenSigningAlgValues: [alg] },
		cookies: { keys: [randomBytes(32).toString('base64url')] },
		features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true } },
		findAccount: (ctx, sub) =>
			({ accountId: sub, claims: () => ({ sub, ...people[sub] }) }),
	});

	for (const what of ['device_authorization.error', 'grant.error', 'server_error'])
		made.on(what, (ctx, error) => console.log(what, error.error || error,
			error.error_detail || ''));
	return made;
}

const mounted = Object.entries(ISSUERS)
	.map(([path, how]) => [path.replace(/\/$/, ''), provider(path, how)]).reverse();

createServer((req, res) => {
	const [path, one] = mounted.find(([prefix]) => req.url.startsWith(prefix + '/'));

	// as a front that passes a folder on: the provider finds its own prefix in originalUrl
	req.originalUrl = req.url;
	req.url = req.url.slice(path.length);
	one.callback()(req, res);
}).listen(port, '127.0.0.1', () => console.log('listening'));
for (const signal of ['SIGTERM', 'SIGINT'])
	process.on(signal, () => process.exit(0));

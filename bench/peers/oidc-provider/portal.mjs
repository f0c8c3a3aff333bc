// SPDX-License-Identifier: Apache-2.0
// node-oidc-provider with the code flow, for portals that are compared:
//   node portal.mjs PORT REDIRECT_URI...      (oidc-provider resolved from this file's folder)
//
// Login and consent are the interactions it ships for development. Prints one line of JSON when it
// listens: "jwk", the public key with which it signs, and "bearer", an access token of one hour as
// a JWT under that key.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const redirects = process.argv.slice(3);
if (!Number.isInteger(port) || port < 1 || port > 65535 || redirects.length === 0) {
	console.error('usage: node portal.mjs PORT REDIRECT_URI...');
	process.exit(2);
}

const issuer = `http://127.0.0.1:${port}`;
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' };

function bearer() {
	const part = (o) => Buffer.from(JSON.stringify(o)).toString('base64url');
	const now = Math.floor(Date.now() / 1000);
	const head = part({ alg: 'ES256', typ: 'at+jwt', kid: jwk.kid });
	const claims = { iss: issuer, sub: 'user', aud: 'portal', client_id: 'portal',
		scope: 'openid', iat: now, exp: now + 3600,
		jti: randomBytes(16).toString('base64url') };
	const text = `${head}.${part(claims)}`;
	return `${text}.${sign('sha256', Buffer.from(text),
		{ key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const provider = new Provider(issuer, {
	jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig',
		kid: jwk.kid }] },
	clients: [{
		client_id: 'portal',
		client_secret: 'bench-secret',
		redirect_uris: redirects,
		token_endpoint_auth_method: 'client_secret_basic',
		id_token_signed_response_alg: 'ES256',
	}],
	cookies: { keys: [randomBytes(32).toString('base64url')] },
	features: { devInteractions: { enabled: true } },
	pkce: { required: () => false },
	findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
	ttl: { AccessToken: 86400, Grant: 86400, IdToken: 3600, Interaction: 600, Session: 86400 },
});
provider.on('server_error', (ctx, error) => console.error(error));

createServer(provider.callback()).listen(port, '127.0.0.1',
	() => console.log(JSON.stringify({ jwk, bearer: bearer() })));
for (const signal of ['SIGTERM', 'SIGINT'])
	process.on(signal, () => process.exit(0));

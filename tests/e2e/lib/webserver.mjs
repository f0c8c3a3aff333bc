/* SPDX-License-Identifier: Apache-2.0
 * A portal's configuration, said once, and written as nginx and as Apache spell it
 * (doc/PROTOCOL.md): one table of cases for both.
 *
 * LOCATIONS: { '/path/': {
 *   guard      false: open to everybody
 *   headers    false: no X-Unitpass-* to the application
 *   require    [['role', 'user'], ...], all of which hold
 *   session    'idle=30m max=8h'
 *   variables  true: the header X-Seen of the answer says the unit's code and name and the user, as
 *              the server's own variables hold them
 *   to         'app' (default), 'files' (below ROOT), 'ssi' (files with server side includes), or
 *              the port of an application with WebSockets
 *   folder     where 'files' are, if not below the host's root
 *   policy     the Content-Security-Policy they are sent with
 *   rewrite    the path that such a request is led to, within the server
 * } }
 * HOST: { port, http2 (another port), client, secret or key, sessionKey, page, proxies: [...],
 *   session, confirm: 'on' or 'off', marks: { issuer_name, emblem, favicon, telephone, app },
 *   errors: { 404: '/path' }, root, locations } */

const byLength = (locations) => Object.entries(locations).sort(([a], [b]) => a.length - b.length);

const nginx = {
	target(location, site) {
		switch (location.to) {
		case 'files': return location.folder ? `alias ${location.folder}/;` : '';
		case 'ssi': return 'ssi on;';
		case undefined: case 'app': return `proxy_pass http://127.0.0.1:${site.app_port};`;
		default: return `proxy_pass http://127.0.0.1:${location.to}; ` +
			'proxy_set_header Upgrade $http_upgrade; ' +
			'proxy_set_header Connection upgrade;';
		}
	},

	location(path, l, site) {
		if (l.rewrite)
			return `location ${path} { rewrite ^ ${l.rewrite} last; }`;
		return `location ${path} {
			unitpass ${l.guard === false ? 'off' : 'on'};
			unitpass_headers ${l.guard === false || l.headers === false ? 'off' : 'on'};
			${(l.require || [])
				.map((r) => `unitpass_require ${r.join(' ')};`).join(' ')}
			${l.session ? `unitpass_session ${l.session};` : ''}
			${l.variables ? 'add_header X-Seen ' +
				'"$unitpass_unit_code|$unitpass_unit_name|' +
				'$remote_user" always;' : ''}
			${l.policy ?
				`add_header Content-Security-Policy "${l.policy}" always;` : ''}
			${this.target(l, site)}
		}`;
	},

	page: (file) => `unitpass_page ${file};`,

	locations(locations, site) {
		return byLength(locations).map(([path, l]) => this.location(path, l, site))
			.join('\n');
	},

	host(h, site) {
		return `server {
			listen 127.0.0.1:${h.port};
			${h.http2 ? `listen 127.0.0.1:${h.http2} http2;` : ''}
			server_name localhost;
			proxy_http_version 1.1;
			# what a careless site lets through
			underscores_in_headers on;
			ignore_invalid_headers off;
			${h.root ? `root ${h.root};` : ''}
			unitpass_client ${h.client};
			${h.secret ?
				`unitpass_client_secret_file ${h.secret};` : ''} ${h.key ?
				 `unitpass_client_key_file ${h.key};` : ''}
			${h.sessionKey ? `unitpass_session_key_file ${h.sessionKey};` : ''}
			${h.page ? this.page(h.page) : ''}
			${h.session ? `unitpass_session ${h.session};` : ''}
			${h.confirm ? `unitpass_confirm ${h.confirm};` : ''}
			${Object.entries(h.marks || {})
				.map(([name, value]) => `unitpass_${name} "${value}";`).join(' ')}
			${h.proxies ? `unitpass_trusted_proxy ${h.proxies.join(' ')};` : ''}
			${Object.entries(h.errors || {})
				.map(([status, path]) => `error_page ${status} ${path};`).join(' ')}
			${this.locations(h.locations, site)}
		}`;
	},
};

const requirement = ([what, ...values]) =>
	`Require ${what === 'unit' ? 'unit' : 'unit-' + what} ${values.join(' ')}`;

const camel = (name) => name.replace(/(?:^|_)(\w)/g, (all, letter) => letter.toUpperCase());

const apache = {
	location(path, l) {
		const guard = l.guard === false ? 'AuthType None\nRequire all granted' :
			`AuthType unitpass\n${l.require ?
				`<RequireAll>\n${l.require.map(requirement).join('\n')}\n` +
				'</RequireAll>' :
				'Require valid-user'}`;

		return l.rewrite ? '' : `<Location "${path}">
			${guard}
			UnitpassHeaders ${l.guard === false || l.headers === false ? 'off' : 'on'}
			${l.session ? `UnitpassSession ${l.session}` : ''}
			${l.variables ? 'Header always set X-Seen ' +
				'"expr=%{reqenv:UNITPASS_UNIT_CODE}|' +
				'%{reqenv:UNITPASS_UNIT_NAME}|%{REMOTE_USER}"' : ''}
			${l.policy ? `Header always set Content-Security-Policy "${l.policy}"` : ''}
			${l.to === 'ssi' ? 'SetOutputFilter INCLUDES\nOptions +Includes' : ''}
		</Location>`;
	},

	page: (file) => `UnitpassPage ${file}`,

	target(path, l, site) {
		if (l.folder)
			return `Alias "${path}" "${l.folder}/"\nProxyPass "${path}" !\n` +
				`<Directory "${l.folder}">\nRequire all granted\n</Directory>`;
		if (l.rewrite)
			return `RewriteRule "^${path}" "${l.rewrite}" [PT]`;
		if (l.to === 'files' || l.to === 'ssi')
			return `ProxyPass "${path}" !`;
		return l.to && l.to !== 'app' ?
			`ProxyPass "${path}" "http://127.0.0.1:${l.to}${path}" upgrade=websocket` :
			`ProxyPass "${path}" "http://127.0.0.1:${site.app_port}${path}"`;
	},

	/* The first ProxyPass that fits is the one; the last Location is. */
	locations(locations, site) {
		const all = byLength(locations);

		return [...all.map(([path, l]) => this.location(path, l)),
			...all.reverse().map(([path, l]) => this.target(path, l, site))].join('\n');
	},

	host(h, site) {
		const ports = [h.port, h.http2].filter(Boolean);

		return `${ports.map((p) => `Listen 127.0.0.1:${p}`).join('\n')}
		<VirtualHost ${ports.map((p) => `127.0.0.1:${p}`).join(' ')}>
			Protocols h2c http/1.1
			RewriteEngine on
			${h.root ? `DocumentRoot ${h.root}\n` +
				`<Directory ${h.root}>\nRequire all granted\n</Directory>` : ''}
			UnitpassClient ${h.client}
			${h.secret ? `UnitpassClientSecretFile ${h.secret}` : ''}
			${h.key ? `UnitpassClientKeyFile ${h.key}` : ''}
			${h.sessionKey ? `UnitpassSessionKeyFile ${h.sessionKey}` : ''}
			${h.page ? this.page(h.page) : ''}
			${h.session ? `UnitpassSession ${h.session}` : ''}
			${h.confirm ? `UnitpassConfirm ${h.confirm}` : ''}
			${Object.entries(h.marks || {})
				.map(([name, value]) => `Unitpass${camel(name)} "${value}"`)
					.join('\n')}
			${h.proxies ? `UnitpassTrustedProxy ${h.proxies.join(' ')}` : ''}
			${Object.entries(h.errors || {})
				.map(([status, path]) => `ErrorDocument ${status} ${path}`)
				.join('\n')}
			${this.locations(h.locations, site)}
		</VirtualHost>`;
	},
};

export const SPELLINGS = { nginx, apache };

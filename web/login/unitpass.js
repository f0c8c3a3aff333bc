/* SPDX-License-Identifier: Apache-2.0
 * The login widget. It takes every element with data-unitpass; a page that adds one later calls
 * mount(element).
 *
 *   <div data-unitpass></div>     begins a login by itself and returns to this very page
 *     data-return="/path"         where to go when signed in
 *     data-item="annual-report"   the item (授权事项) asked for
 *     data-theme="auto"           follows the reader's dark mode; "dark" is dark; else light
 *   What stands in it is for readers without script and goes when the widget comes. The style sheet
 *   comes by itself where the page has no link to it. doc/WIDGET.md is the page for portals. The
 *   login page of the module has begun already and gives data-attempt, data-watch,
 *   data-frame-interval, data-expires-in, data-again: the address that replaces this attempt, and
 *   data-verification-uri, data-user-code where there is a code to type.
 *
 * Every change of state is told by the bubbling event "unitpass:state", detail {state}: starting,
 * pending, scanned, approved, confirm, declined, denied, expired, unusable, failed, unstarted,
 * done. "done" has {state, return} and can be prevented, which leaves the going to the page. */
import { Failure, Watch, call } from './watch.js';
import { ENDS, View } from './view.js';

const STALE = 8000;             /* the server refuses a frame older than 10 s (doc/PROTOCOL.md) */
const CHECK_SCANNED = 15000;    /* a stream without frames may be dead unnoticed */
const SESSION_EVERY = 5000;
const RETRY_MAX = 30000;
const STYLE_WAIT = 5000;
const GRACE = 3000;             /* after the time is up, wait this long for the server's own word */
const RANK = { pending: 0, scanned: 1, approved: 2, denied: 2, expired: 2, unusable: 2 };

const tables = new Map();

/* The words in the language of the page, else of the reader. */
function words(element) {
	const near = element.closest('[lang]');
	const wish = (near && near.lang) || navigator.language || 'zh-CN';
	const lang = /^zh\b/i.test(wish) ? 'zh-CN' : 'en';

	if (!tables.has(lang)) {
		tables.set(lang, fetch(new URL(`words.${lang}.json`, import.meta.url),
			{ credentials: 'same-origin' })
			.then((answer) => answer.ok ? answer.json()
				: Promise.reject(new Failure(answer.status))));
		tables.get(lang).catch(() => tables.delete(lang));
	}
	return tables.get(lang).then((table) => ({ table, lang }));
}

/* The style sheet, as soon as it counts: what the page links itself, else the first in its head, so
 * that the page's own rules come later. With the nonce that let this script in, where there is one.
 * A page without it still works. */
let style = null;

function loadStyle() {
	const href = new URL('unitpass.css', import.meta.url).href,
		script = [...document.scripts].find((s) => s.src === import.meta.url);
	const link = document.createElement('link');

	if ([...document.querySelectorAll('link[rel~="stylesheet"]')]
		.some((own) => own.href === href))
		return Promise.resolve();
	return new Promise((done) => {
		Object.assign(link, { rel: 'stylesheet', href, nonce: script ? script.nonce : '',
			onload: done, onerror: done });
		document.head.prepend(link);
		setTimeout(done, STYLE_WAIT);
	});
}

function styled() {
	style = style || loadStyle();
	return style;
}

/* A target on this very origin, as an absolute address; else this page. */
function target(text) {
	try {
		const url = new URL(text, location.origin);

		if (text && url.origin === location.origin)
			return url.href;
	} catch { /* no address at all */ }
	return location.href.split('#')[0];
}

/* A reader sees the page: not one that is rendered ahead, or lies in another tab. A login nobody
 * sees would only use up somebody's place. */
function seen() {
	return new Promise((go) => {
		const look = () => {
			if (document.visibilityState !== 'visible' || document.prerendering)
				return;
			document.removeEventListener('visibilitychange', look);
			document.removeEventListener('prerenderingchange', look);
			go();
		};

		document.addEventListener('visibilitychange', look);
		document.addEventListener('prerenderingchange', look);
		look();
	});
}

/* --- one widget ------------------------------------------------------------------------------- */

class Login {
	constructor(element, table) {
		const again = element.dataset.again &&
			new URL(element.dataset.again, location.origin);
		const query = again ? again.searchParams : new URLSearchParams();

		this.element = element;
		this.again = again;
		this.back = element.dataset.return || query.get('return') ||
			location.pathname + location.search;
		/* What stands behind "#" stays in the browser: no server can give it back. */
		this.hash = again ? location.hash : '';
		this.item = element.dataset.item || query.get('item') || '';
		this.view = new View(element, table, () => this.press(), () => this.answer('no'));
		this.clock = setInterval(() => this.tick(), 1000);
		this.events = new AbortController();
		this.listen();
	}

	listen() {
		const on = (where, name, what) => where.addEventListener(name, what,
			{ signal: this.events.signal });

		on(document, 'visibilitychange', () => this.seen());
		on(window, 'online', () => this.reopen());
		on(window, 'offline', () => this.render());
		/* from the back/forward cache; its stream is dead */
		on(window, 'pageshow', (event) => event.persisted && this.reopen());
		on(window, 'pagehide', () => this.watch && this.watch.close());
	}

	start() {
		const d = this.element.dataset;

		/* A page shown again after its attempt ended: begin anew at once. */
		if (d.attempt && d.state !== 'expired' && d.state !== 'denied')
			this.adopt({ attempt: d.attempt, watch_uri: d.watch,
				frame_interval: Number(d.frameInterval),
				expires_in: Number(d.expiresIn),
				verification_uri: d.verificationUri, user_code: d.userCode });
		else
			this.begin(d.attempt);
	}

	press() {
		if (this.state === 'confirm')
			this.answer('yes');
		else
			this.begin();
	}

	async begin(old = this.attempt) {
		const run = this.run = (this.run || 0) + 1;

		this.end();
		this.view.clear();
		this.set('starting');
		try {
			const form = { return: this.back };

			if (this.item)
				form.item = this.item;
			if (old)
				form.attempt = old;
			const begun = await call('login', form);

			if (run === this.run)
				this.adopt(begun);
		} catch (failure) {
			if (run === this.run)
				this.cannotBegin(failure);
		}
	}

	/* What may pass by itself is tried again, ever more slowly; the rest is said. */
	cannotBegin(failure) {
		if (failure.final)
			return this.set(failure.unusable ? 'unusable' : 'unstarted');
		this.lost(failure.status ? 'down' : 'reconnecting');
		this.tries = (this.tries || 0) + 1;
		this.later = setTimeout(() => this.begin(),
			Math.max(failure.wait, Math.min(1000 * 2 ** this.tries, RETRY_MAX)));
	}

	adopt(begun) {
		this.attempt = begun.attempt;
		this.tries = 0;
		this.rank = 0;
		this.whole = 1000 * (begun.expires_in || 300);
		this.deadline = Date.now() + this.whole;
		this.stale = Math.max(STALE, 2000 * (begun.frame_interval || 0) + 2000);
		this.heard = Date.now();
		this.loss = null;
		this.watch = new Watch(begun.attempt, begun.watch_uri, (news) => this.hear(news),
			(kind) => this.lost(kind));
		this.watch.open();
		this.view.count(this.whole, this.whole);
		this.view.type(begun.verification_uri, begun.user_code, !begun.watch_uri);
		this.set('starting');
		this.remember();
	}

	/* A reload of our own page then replaces this attempt. */
	remember() {
		if (!this.again)
			return;
		this.again.searchParams.set('attempt', this.attempt);
		history.replaceState(history.state, '',
			this.again.pathname + this.again.search + this.hash);
	}

	hear({ state, expires_in: left, frame }) {
		if (!(state in RANK) || RANK[state] < this.rank || this.rank === 2)
			return;
		this.rank = RANK[state];
		if (Number.isFinite(left))
			this.deadline = Date.now() + 1000 * left;
		if (frame && frame.text) {
			this.heard = Date.now();
			this.view.draw(frame.text);
		}
		if (this.rank === 2)
			this.end();
		/* pending is shown with its first frame */
		if (state !== 'pending' || this.view.text)
			this.set(state);
		if (state === 'approved')
			this.complete();
	}

	lost(kind) {
		this.loss = kind;
		this.render();
	}

	/* Stops watching. */
	end() {
		clearTimeout(this.later);
		if (this.watch)
			this.watch.stop();
		this.watch = null;
	}

	reopen() {
		if (this.watch)
			this.watch.open();
		else if (this.later && this.state === 'starting')
			this.begin();
		this.render();
	}

	tick() {
		const now = Date.now();

		if (!this.element.isConnected)
			return this.unmount();
		if (!this.watch)
			return;
		this.view.count(this.deadline - now, this.whole);
		if (now > this.deadline + GRACE)
			return this.hear({ state: 'expired' });
		if (this.isStale() && this.watch.stream)
			this.watch.fall();
		if (this.state === 'scanned' && this.watch.stream &&
			now - (this.asked || 0) > CHECK_SCANNED) {
			this.asked = now;
			this.watch.ask();
		}
		this.render();
	}

	isStale() {
		return this.watch && this.state !== 'scanned' &&
			Date.now() - this.heard > this.stale;
	}

	set(state, more) {
		const changed = this.state !== state;
		let go = true;

		this.state = state;
		if (state === 'scanned' && changed)
			this.asked = Date.now();
		if (changed) {
			this.element.dataset.state = state;
			go = this.element.dispatchEvent(new CustomEvent('unitpass:state',
				{ bubbles: true, cancelable: state === 'done',
				detail: { state, ...more } }));
		}
		this.render();
		return go;
	}

	/* The state is the server's; whether we can still hear the server is ours to say. */
	render() {
		const trouble = navigator.onLine === false ? 'offline' :
			this.loss || 'reconnecting';
		const lost = this.state === 'starting' ? this.loss || this.isStale() :
			this.state === 'pending' && this.isStale();
		const link = this.signed && (this.state === 'pending' || ENDS.includes(this.state))
			? this.where(this.back) : '';

		if (lost)
			this.view.show(trouble, '', '');
		else if (this.state)
			this.view.show(this.state === 'done' ? 'approved' : this.state,
				this.state === 'scanned' && this.loss ? trouble : '', link);
	}

	/* Signed in through another tab meanwhile? Offered, not done: perhaps the reader is here to
	 * change identity. */
	async seen() {
		const now = Date.now();

		if (document.visibilityState !== 'visible' ||
			['approved', 'confirm', 'done'].includes(this.state) ||
			now - (this.looked || 0) < SESSION_EVERY)
			return;
		this.looked = now;
		this.signed = await this.hasSession();
		this.render();
	}

	hasSession() {
		return call('session').then(() => true, () => false);
	}

	/* ANSWER: whether it is the reader herself, where that was asked. */
	async complete(answer) {
		const run = this.run, waits = ['authorization_pending', 'slow_down'],
			ends = { access_denied: 'denied', expired_token: 'expired',
				unusable_answer: 'unusable' };

		for (let i = 1; i <= 8; i++) {
			try {
				return this.completed(await call('complete', {
					attempt: this.attempt,
					...(answer ? { confirm: answer } : {}),
				}));
			} catch (failure) {
				if (run !== this.run)
					return;
				/* the answer may have been lost after the cookie was set */
				if (!failure.status && await this.hasSession())
					return this.done(this.back);
				if (failure.final && !waits.includes(failure.error))
					return this.set(ends[failure.error] || 'failed');
				await new Promise((wake) => setTimeout(wake, Math.max(failure.wait,
					1000 * (failure.error === 'slow_down' ? 5 : i))));
			}
		}
		this.set('failed');
	}

	completed(said) {
		if (said.declined)
			return this.set('declined');
		if (!said.confirm)
			return this.done(said.return);
		this.view.name(said.confirm);
		this.set('confirm');
	}

	answer(text) {
		if (this.state !== 'confirm')
			return;
		this.set('approved');
		this.complete(text);
	}

	/* The address of a target, with what stood behind "#" when the reader was sent to sign
	 * in. */
	where(text) {
		const to = target(text);

		return to.includes('#') ? to : to + this.hash;
	}

	done(where) {
		const to = this.where(where);

		if (this.set('done', { return: to }))
			location.replace(to);
	}

	unmount() {
		this.run = (this.run || 0) + 1;
		clearInterval(this.clock);
		this.events.abort();
		this.end();
	}
}

const mounted = new WeakSet();

/* Put the widget into ELEMENT. Taking the element out of the page ends it. */
export async function mount(element) {
	const without = [...element.childNodes];
	let table = null;

	if (mounted.has(element))
		return;
	mounted.add(element);
	await seen();
	await styled();
	for (let wait = 500; !table; wait = Math.min(2 * wait, RETRY_MAX)) {
		table = await words(element).catch(() => null);
		if (!table)
			await new Promise((wake) => setTimeout(wake, wait));
	}
	try {
		new Login(element, table).start();
	} catch (error) {
		/* a browser too old: what the page offers without us */
		while (element.firstChild)
			element.firstChild.remove();
		element.append(...without);
		throw error;
	}
}

document.querySelectorAll('[data-unitpass]').forEach(mount);

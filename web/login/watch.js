/* SPDX-License-Identifier: Apache-2.0
 * The module's calls, and watching one login attempt. */
const API = '/.unitpass/';
/* no event after this long: something on the way holds the stream back */
const STREAM_WAIT = 4000;
const POLL = 2000, POLL_MAX = 15000;
/* polling that long: try the stream again, it is cheaper for everybody */
const RETRY_STREAM = 60000;

export class Failure extends Error {
	constructor(status, error, wait) {
		super(error || 'HTTP ' + status);
		this.status = status;    /* 0: the network, not the server */
		this.error = error;
		this.wait = wait || 0;   /* ms that the server asks us to wait */
	}

	/* The provider answers, but its answer does not do for this site. */
	get unusable() {
		return this.error === 'unusable_answer';
	}

	/* Asking again would not help. */
	get final() {
		return this.unusable || this.status >= 400 && this.status < 500 &&
			this.status !== 408 && this.status !== 429;
	}
}

/* The JSON answer of the module; a POST when FORM is given. Throws a Failure. */
export async function call(path, form) {
	const init = { headers: { Accept: 'application/json' }, credentials: 'same-origin',
		cache: 'no-store', redirect: 'error' };
	let answer, body = null;

	if (form)
		Object.assign(init, { method: 'POST', body: new URLSearchParams(form) });
	if (window.AbortSignal && AbortSignal.timeout)
		init.signal = AbortSignal.timeout(20000);
	try {
		answer = await fetch(API + path, init);
		body = await answer.json();
	} catch {
		if (!answer || answer.ok)
			throw new Failure(0);
	}
	if (!answer.ok)
		throw new Failure(answer.status, body && body.error,
			Math.min(Number(answer.headers.get('Retry-After')) || 0, 60) * 1000);
	return body;
}

/* Tells HEAR of {state, expires_in, frame} and LOST(kind) or LOST(null): the server's stream where
 * it can be had, else questions to the module. */
export class Watch {
	constructor(attempt, uri, hear, lost) {
		Object.assign(this, { attempt, uri, hear, lost, delay: POLL, timer: 0, stream: null,
			stopped: false, wait: 0, turn: 0 });
	}

	open() {
		this.close();
		if (!this.uri || !window.EventSource)
			return this.fall();
		let errors = 0;
		const stream = this.stream = new EventSource(this.uri);
		const on = (name, read) => stream.addEventListener(name, (event) => {
			errors = 0;
			clearTimeout(this.timer);
			this.take(read(event.data));
		});

		on('state', (data) => JSON.parse(data));
		on('frame', (data) => ({ state: 'pending', frame: JSON.parse(data) }));
		stream.onerror = () => {
			if (this.stream === stream && (stream.readyState === EventSource.CLOSED ||
				++errors >= 2))
				this.fall();
		};
		this.timer = setTimeout(() => this.fall(), STREAM_WAIT);
	}

	take(news) {
		this.lost(null);
		this.hear(news);
	}

	/* From the stream to polling. */
	fall() {
		this.close();
		this.since = Date.now();
		this.delay = POLL;
		this.poll();
	}

	async poll() {
		const turn = this.turn;

		if (await this.ask())
			this.delay = POLL;
		else
			this.delay = Math.min(this.delay * 2, POLL_MAX);
		if (this.stopped || turn !== this.turn)
			return;
		if (this.uri && Date.now() - this.since > RETRY_STREAM)
			this.open();
		else
			this.timer = setTimeout(() => this.poll(), Math.max(this.delay, this.wait));
	}

	/* One question to the module. */
	async ask() {
		try {
			const news = await call('state?attempt='
				+ encodeURIComponent(this.attempt));

			this.wait = 0;
			if (!this.stopped)
				this.take(news);
			return true;
		} catch (failure) {
			this.wait = failure.wait;
			if (this.stopped)
				return false;
			if (failure.final)
				this.hear({ state: failure.unusable ? 'unusable' : 'expired' });
			else
				this.lost(failure.status ? 'down' : 'reconnecting');
			return false;
		}
	}

	close() {
		this.turn++;
		clearTimeout(this.timer);
		if (this.stream)
			this.stream.close();
		this.stream = null;
	}

	stop() {
		this.stopped = true;
		this.close();
	}
}

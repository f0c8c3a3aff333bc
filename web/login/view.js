/* SPDX-License-Identifier: Apache-2.0
 * What the widget shows: the code, the state in words, the time left, and the one thing to do
 * next. */
import encodeQR from './qr.js';

const QUIET_ZONE = 4;           /* ISO/IEC 18004 */

const ICONS = {
	phone: 'M8 2.5h8a1.5 1.5 0 0 1 1.5 1.5v16a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 '
		+ '20V4A1.5 1.5 0 0 1 8 2.5ZM10.5 18.5h3M9.5 10.5l2 2 3.5-3.5',
	done: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18ZM8 12.5l2.7 2.7L16 9.5',
	refused: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18ZM9 9l6 6M15 9l-6 6',
	clock: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18ZM12 7.5V12l3 2',
	warning: 'M12 4 21 19.5H3L12 4ZM12 10v4M12 16.8v.2',
};

/* What each view shows: icon and tone of the cover, its word, its button. The titles and hints are
 * state_{view}_title and …_hint. */
const VIEWS = {
	starting: { words: 'pending', cover: 'box_starting' },
	pending: { time: true },
	reconnecting: { cover: 'box_reconnecting', veil: true, time: true },
	offline: { cover: 'state_offline_title', veil: true, time: true },
	down: { cover: 'box_reconnecting', veil: true, time: true },
	scanned: { icon: 'phone', tone: 'wait', button: 'action_other', quiet: true, time: true },
	approved: { icon: 'done', tone: 'good' },
	confirm: { asks: true, button: 'confirm_yes', other: 'confirm_no' },
	declined: { icon: 'refused', tone: 'bad', button: 'action_new' },
	denied: { icon: 'refused', tone: 'bad', button: 'action_new' },
	expired: { icon: 'clock', tone: 'warn', button: 'action_new' },
	unusable: { icon: 'warning', tone: 'bad', button: 'action_retry' },
	failed: { icon: 'warning', tone: 'bad', button: 'action_new' },
	unstarted: { icon: 'warning', tone: 'bad', button: 'action_retry' },
};

export const ENDS = ['denied', 'declined', 'expired', 'unusable', 'failed', 'unstarted'];

function svg(name, attributes) {
	const e = document.createElementNS('http://www.w3.org/2000/svg', name);

	for (const [key, value] of Object.entries(attributes))
		e.setAttribute(key, value);
	return e;
}

function html(name, className, ...children) {
	const e = document.createElement(name);

	e.className = className;
	e.append(...children);
	return e;
}

export class View {
	/* PRESS, REFUSE: what the button of the view does, and the other where there is one. */
	constructor(element, { table, lang }, press, refuse) {
		this.word = (key, values) => (table[key] || key).replace(/\{(\w+)\}/g,
			(all, name) => values && name in values ? values[name] : all);
		this.code = svg('svg', { class: 'unitpass-code', role: 'img',
			'aria-label': this.word('qr_label'), 'shape-rendering': 'crispEdges' });
		this.path = svg('path', { fill: 'currentColor' });
		this.icon = svg('svg', { class: 'unitpass-icon', viewBox: '0 0 24 24',
			'aria-hidden': 'true' });
		this.shape = svg('path', {});
		/* the status says it already */
		this.label = html('p', '');
		this.label.setAttribute('aria-hidden', 'true');
		this.button = html('button', 'unitpass-button');
		this.button.type = 'button';
		this.button.addEventListener('click', press);
		this.other = html('button', 'unitpass-button is-quiet');
		this.other.type = 'button';
		this.other.addEventListener('click', refuse);
		this.who = html('dl', 'unitpass-who');
		this.title = html('p', 'unitpass-title');
		this.hint = html('p', 'unitpass-hint');
		this.typed = html('p', 'unitpass-typed');
		this.bar = html('progress', '');
		this.bar.setAttribute('aria-label', this.word('time_label'));
		this.time = html('span', 'unitpass-time');
		this.go = html('a', 'unitpass-button', this.word('action_continue'));
		this.code.append(this.path);
		this.icon.append(this.shape);
		this.cover = html('div', 'unitpass-cover', this.icon, this.label, this.who,
			this.button, this.other);
		this.status = html('div', 'unitpass-status', this.title, this.hint);
		this.status.setAttribute('role', 'status');
		this.status.setAttribute('aria-live', 'polite');
		this.status.setAttribute('aria-atomic', 'true');
		this.status.tabIndex = -1;
		element.classList.add('unitpass');
		element.lang = lang;
		while (element.firstChild)
			element.firstChild.remove();
		element.append(html('div', 'unitpass-box', this.code, this.cover),
			this.status, this.typed,
			html('div', 'unitpass-foot', this.bar, this.time, this.go));
		this.element = element;
		this.clear();
	}

	/* For who cannot scan: where to type which code; none where the provider has none. STILL:
	 * the QR does not change. */
	type(uri, code, still) {
		const link = html('a', '', uri);

		this.still = still;
		Object.assign(link, { href: uri, target: '_blank', rel: 'noreferrer' });
		this.typed.replaceChildren(...code ? [this.word('typed_before'), ' ', link, ' ',
			this.word('typed_after'), ' ', html('strong', '', code)] : []);
	}

	clear() {
		this.type();
		this.text = '';
		this.code.toggleAttribute('hidden', true);
		this.version = undefined;
	}

	/* The same elements for every frame, and a code never smaller than the one before: nothing
	 * flickers or jumps. */
	draw(text) {
		let rows;

		if (text === this.text)
			return;
		try {
			rows = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET_ZONE,
				version: this.version });
		} catch {
			rows = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET_ZONE });
		}
		this.text = text;
		this.version = (rows.length - 2 * QUIET_ZONE - 17) / 4;
		let d = '';

		rows.forEach((row, y) => {
			for (let x = 0, run; x < row.length; x += run || 1) {
				for (run = 0; row[x + run]; run++)
					;
				if (run)
					d += `M${x} ${y}h${run}v1h-${run}z`;
			}
		});
		this.code.setAttribute('viewBox', `0 0 ${rows.length} ${rows.length}`);
		this.path.setAttribute('d', d);
	}

	/* NAME of VIEWS; TROUBLE replaces the hint by that view's; LINK: the reader is signed in
	 * already and may go there. */
	show(name, trouble, link) {
		const view = VIEWS[name], had = document.activeElement === this.button,
			now = [name, trouble, link].join(' ');

		if (this.now === now)
			return;
		this.now = now;
		this.element.dataset.view = name;
		const words = this.still && name === 'pending' ? 'still' : view.words || name;

		this.put(this.title,
			this.word(link && name === 'pending' ?
				'signed_in_title' : `state_${words}_title`));
		this.put(this.hint, this.word(link && name === 'pending'
			? 'signed_in_hint' : `state_${trouble || words}_hint`));
		this.code.toggleAttribute('hidden', !this.text ||
			!(view.veil || name === 'pending'));
		this.code.classList.toggle('is-stale', Boolean(view.veil));
		this.showCover(view);
		this.typed.hidden = name !== 'pending' || !this.typed.firstChild;
		this.bar.hidden = this.time.hidden = !view.time || Boolean(link);
		this.go.hidden = !link;
		if (link)
			this.go.href = link;
		this.focus(name, had && !view.button);
	}

	showCover(view) {
		this.cover.hidden = !view.cover && !view.icon && !view.asks;
		this.who.hidden = !view.asks;
		this.other.hidden = !view.other;
		this.other.textContent = view.other ? this.word(view.other) : '';
		this.cover.classList.toggle('is-veil', Boolean(view.veil && this.text));
		this.cover.dataset.tone = view.tone || '';
		this.icon.toggleAttribute('hidden', !view.icon);
		this.shape.setAttribute('d', ICONS[view.icon] || '');
		this.label.hidden = !view.cover;
		this.label.textContent = view.cover ? this.word(view.cover) : '';
		this.button.hidden = !view.button;
		this.button.textContent = view.button ? this.word(view.button) : '';
		this.button.classList.toggle('is-quiet', Boolean(view.quiet));
	}

	/* Who it is that would be signed in here. */
	name({ unit, holder }) {
		const role = this.word('role_' + holder.role);

		this.who.textContent = '';
		for (const [label, text] of [['who_unit_label', unit.name],
			['who_person_label', `${holder.name} · ${role}`]])
			this.who.append(html('div', '', html('dt', '', this.word(label)),
				html('dd', 'unitpass-name', text)));
	}

	/* An unchanged text is not set again: screen readers would say it again. */
	put(element, text) {
		if (element.textContent !== text)
			element.textContent = text;
	}

	/* To the one thing that can be done now, unless the reader is busy elsewhere; never into
	 * nothing. */
	focus(name, gone) {
		const at = document.activeElement;

		if ((ENDS.includes(name) || name === 'confirm') && document.hasFocus() &&
			(!at || at === document.body || this.element.contains(at)))
			this.button.focus({ preventScroll: true });
		else if (gone)
			this.status.focus({ preventScroll: true });
	}

	count(left, whole) {
		const s = Math.max(0, Math.ceil(left / 1000));

		this.bar.max = Math.max(1, whole / 1000);
		this.bar.value = s;
		this.time.textContent = this.word('time_left',
			{ time: `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}` });
	}
}

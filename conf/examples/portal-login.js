/* SPDX-License-Identifier: Apache-2.0
 * What a portal does around the widget. It stands before unitpass.js and is deferred, so that it
 * has listened and set data-return in time. */
const widget = document.querySelector('[data-unitpass]');
const fields = document.querySelector('form fieldset');
const note = document.querySelector('form .note');
const wanted = new URLSearchParams(location.search).get('return');

/* The module takes a path of this portal only, and the widget goes nowhere else. */
if (wanted)
	widget.dataset.return = wanted;

/* One way at a time: while the phone is at work, the form waits; where scanning fails, the form is
 * pointed to. */
document.addEventListener('unitpass:state', ({ detail: { state } }) => {
	const busy = ['scanned', 'approved', 'confirm', 'done'].includes(state),
		trouble = ['failed', 'unstarted'].includes(state);

	fields.disabled = busy;
	note.hidden = !busy && !trouble;
	note.textContent = busy ? note.dataset.busy : trouble ? note.dataset.trouble : '';
});

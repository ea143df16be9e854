/* page.js: the page of a job on the phone. What waits in the outbox is shown as if it were saved, and marked; the live parts are asked
   for again and again; a field that somebody types in is never written to. Without this script all of it works as plain forms. */
{
  const {state, all, put, drop, flush, wipe, uuid} = window.hubOutbox, {body} = document, net = document.querySelector('#net');
  const find = (what, from = document) => from.querySelector(what), each = (what, work, from = document) => from.querySelectorAll(what).forEach(work);
  const every = +body.dataset.poll, sprite = find('use').getAttribute('href').split('#')[0], counted = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`;
  const live = new Map(), previews = new Map();
  let wait = every, timer = 0, version = body.dataset.version, kept = [];

  function make(html, texts = {}) {
    const place = document.createElement('template');
    place.innerHTML = html.replace(/\{(\w[\w-]*)\}/g, `<svg class="i" aria-hidden="true"><use href="${sprite}#$1"/></svg>`);
    for (const [what, text] of Object.entries(texts)) find(what, place.content).textContent = text;
    return place.content.firstElementChild;
  }

  /* The field of a form, what the server has in it, and whether somebody has typed something else. */
  const part = form => form.elements[state.part[form.dataset.outbox]], rowOf = form => +form.elements.row.value;
  const isTyped = form => part(form).value !== form.shown;
  const fill = (form, value) => { if (!isTyped(form)) part(form).value = value; form.shown = value; };

  /* Put this below the form, unless it stands there already. */
  function mark(form, sign, made) {
    if (form.sign === sign) return;
    form.sign = sign;
    each('.mark, .err', one => one.remove(), form);
    const field = form.dataset.outbox in state.part && part(form);
    if (field) field.removeAttribute('aria-invalid');
    if (!made) return;
    const told = made(), before = find(':scope > button', form);
    form.insertBefore(told, before);
    if (field && told.matches('.err')) {
      told.id ||= `${field.id}-error`;
      field.setAttribute('aria-invalid', 'true');
      field.setAttribute('aria-describedby', told.id);
    }
  }

  const waiting = () => make('<p class="mark">{cloud-upload}<span>Waits for network</span></p>');

  function refusal(form, {id, refused, fields}) {
    const isClash = 'theirs' in refused, sentence = isClash ? 'It was changed meanwhile.' : refused.error;
    const told = make(`<div class="err" role="alert">{triangle-alert}<div><p></p>${isClash ?
      '<dl class="facts"><dt>Yours</dt><dd class="y" dir="auto"></dd><dt>Now</dt><dd class="n" dir="auto"></dd></dl>' : ''}<div class="duo"><button type="button" class="b"></button></div></div></div>`,
      {p: sentence, ...isClash && {'.y': refused.yours || 'empty', '.n': refused.theirs || 'empty'}, button: isClash ? 'Keep theirs' : 'Discard'});
    const leave = find('button', told);
    leave.onclick = async () => {
      if (form.elements.seen) {
        if (isClash) form.elements.seen.value = refused.theirs;
        part(form).value = form.shown = form.elements.seen.value;
      }
      await drop({id});
    };
    if (isClash) {
      const again = make('<button type="button" class="b">Send mine again</button>');
      again.onclick = () => { form.elements.seen.value = refused.theirs; send(form, fields); };
      leave.after(again);
    }
    return told;
  }

  /* What waits or was refused, at its field. */
  function replay() {
    each('form[data-outbox]', form => {
      const {outbox: kind} = form.dataset, mine = kept.filter(one => one.kind === kind && one.row === rowOf(form));
      if (kind === 'photo') return strip(form, mine);
      if (kind === 'photo-removed') {
        const one = mine.find(entry => entry.fields.photo === form.elements.photo.value);
        form.closest('li').classList.toggle('going', Boolean(one && !one.refused));
        return mark(form, one && `${one.id} ${Boolean(one.refused)}`, one?.refused && (() => refusal(form, one)));
      }
      const last = mine.pop();
      if (last && kind in state.part) {
        const value = last.fields[state.part[kind]];
        if (form.shown === form.elements.seen.value || last.refused) fill(form, value); else form.shown = value;
      }
      if (last || form.sign?.[0] !== '?') mark(form, last && `${last.id} ${Boolean(last.refused)}`, last && (() => last.refused ? refusal(form, last) : waiting()));
    });
    each('.chg', row => {
      const mine = kept.filter(one => one.row === +row.dataset.row), refused = mine.filter(one => one.refused).length;
      const text = refused ? `${refused} refused` : mine.length ? `${mine.length} not sent yet` : '';
      let tag = find('summary .left', row);
      if (!text) return tag?.remove();
      if (!tag) find('summary > div', row).append(tag = make('<span class="tag left"></span>'));
      tag.className = `tag left ${refused ? 'bad' : 'warn'}`;
      tag.textContent = text;
    });
  }

  /* Photos that wait, in a row of their own below those that the server has. */
  function strip(form, mine) {
    const list = form.list ??= form.parentElement.insertBefore(make('<ul class="thumbs"></ul>'), form);
    const sign = mine.map(one => `${one.id}${Boolean(one.refused)}`).join();
    if (list.sign !== sign) {
      list.sign = sign;
      list.replaceChildren(...mine.map(one => {
        if (!previews.has(one.id)) previews.set(one.id, URL.createObjectURL(one.blob));
        const item = make(`<li><img width="76" height="76" alt="Photo, not sent yet"><p${one.refused ? ' role="alert"' : ''}></p><button type="button" class="b" aria-label="Remove this photo">{trash-2}</button></li>`, {p: one.refused?.error ?? ''});
        find('img', item).src = previews.get(one.id);
        find('button', item).onclick = () => drop(one);
        item.classList.add(one.refused ? 'bad' : 'going');
        return item;
      }));
    }
    mine.forEach((one, at) => { if (!one.refused) find('p', list.children[at]).textContent = one.id === state.sending ? `${state.progress} %` : 'waits'; });
  }

  function banner() {
    const refused = kept.filter(one => one.refused).length, left = kept.length - refused, isOff = !navigator.onLine || state.failed;
    const held = left ? `${counted(left, 'change')} kept here` : '';
    const [look, glyph, text, more] =
      state.pin ? ['off', 'key-round', 'Type the PIN again', held] :
      isOff ? ['off', 'cloud-off', navigator.onLine ? 'No answer' : 'No network', held || 'Nothing waits'] :
      left && state.sending ? ['go', 'cloud-upload', 'Sending …', `${counted(left, 'change')} left`] :
      refused ? ['off bad', 'triangle-alert', `${counted(refused, 'change')} ${refused === 1 ? 'was' : 'were'} refused`, held] :
      left ? ['off', 'hourglass', held, ''] :
      ['', 'check', 'All saved', state.savedAt ? new Date(state.savedAt).toTimeString().slice(0, 5) : ''];
    body.toggleAttribute('data-offline', isOff);
    if (net.sign === look + text + more) return;
    net.sign = look + text + more;
    net.className = `net ${look}`;
    net.replaceChildren(...make(`<p>{${glyph}}<span></span><small></small></p>`, {span: text, small: more}).childNodes);
    if (state.pin) find('span', net).replaceChildren(Object.assign(document.createElement('a'), {href: `${state.base}pin/`, textContent: text}));
  }

  async function refresh() {
    try { kept = await all(); } catch { kept = []; }
    settled();
    banner();
  }

  /* Keep it; a phone that cannot keep anything sends the form as it is. */
  async function send(form, fields, blob) {
    const kind = form.dataset.outbox, entry = {kind, row: rowOf(form), fields, name: find('h2', form.closest('.chg')).textContent};
    try { await put(entry, blob); } catch { form.submit(); }
  }

  async function keep(form) {
    const kind = form.dataset.outbox, fields = Object.fromEntries([...new FormData(form)].filter(([name]) => name !== 'kind' && name !== 'row'));
    if (kind === 'photo') return void photos(form);
    if (kind in state.part) {
      const field = part(form);
      if (kind === 'identity') fields.value = field.value = field.value.trim();
      if (field.validity.patternMismatch) return mark(form, `?${field.value}`, () => make('<p class="err" role="alert">{triangle-alert}<span></span></p>', {span: field.title}));
      if (!isTyped(form) && !kept.some(one => one.refused && one.kind === kind && one.row === rowOf(form))) return mark(form, '');
      form.shown = field.value;
    }
    await send(form, fields);
    if (kind === 'skip') form.reset();
  }

  /* At most 1600 pixels, without what the camera adds; as it came where this phone cannot read it. */
  async function shrunk(file) {
    try {
      const picture = await createImageBitmap(file, {imageOrientation: 'from-image'}), canvas = document.createElement('canvas');
      const by = Math.min(1, 1600 / Math.max(picture.width, picture.height));
      canvas.width = Math.round(picture.width * by);
      canvas.height = Math.round(picture.height * by);
      canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
      picture.close();
      return await new Promise(done => canvas.toBlob(blob => done(blob ?? file), 'image/jpeg', .8));
    } catch { return file; }
  }

  async function photos(form) {
    const {photo, photo_kind: shows} = form.elements;
    for (const file of photo.files) await send(form, {photo_kind: shows.value}, await shrunk(file));
    photo.value = '';
  }

  /* What is done at once or not at all: remote actions, taking over a password. */
  async function act(form, button) {
    const key = form.dataset.key ??= uuid();
    each('.err', one => one.remove(), form);
    button.disabled = true;
    let told = '';
    try {
      const answer = await fetch(form.action, {method: 'POST', body: new FormData(form, button), headers: {'Idempotency-Key': key}, signal: AbortSignal.timeout?.(20000)});
      delete form.dataset.key;
      if (!answer.ok) told = (await answer.json().catch(() => ({}))).error ?? 'It did not work. Try again.';
    } catch { told = 'No network: it may not have been sent. Try again.'; }
    button.disabled = false;
    if (told) form.append(make('<p class="err" role="alert">{triangle-alert}<span></span></p>', {span: told}));
    wait = every;
    poll();
  }

  /* The live parts, as they are now. Where the focus was in one, it stays at the same place. */
  function renew(html) {
    const fresh = new DOMParser().parseFromString(html, 'text/html'), parts = [...fresh.querySelectorAll('[data-live]')];
    const isOver = find('#job-state', fresh).dataset.state === 'completed' && body.dataset.state !== 'completed';
    if (isOver || parts.some(one => !document.getElementById(one.id)) || parts.length !== live.size) return again();
    for (const one of parts) {
      const now = document.getElementById(one.id), text = one.outerHTML;
      if (live.get(one.id) === text) continue;
      live.set(one.id, text);
      const targets = 'a, button, input, summary', at = [...now.querySelectorAll(targets)].indexOf(document.activeElement);
      for (const {name, value} of one.attributes) now.setAttribute(name, value);
      now.replaceChildren(...one.childNodes);
      if (at >= 0) now.querySelectorAll(targets)[at]?.focus();
    }
    settled();
  }

  /* What follows from the live parts: fields that may be changed, what the server has in them, buttons of the script. */
  function settled() {
    each('[data-live=lock]', lock => {
      const row = lock.closest('.chg');
      each('[data-lockable]', fields => { fields.disabled = lock.dataset.locked === 'true'; }, row);
      each('form[data-outbox]', form => {
        const {outbox: kind} = form.dataset, value = lock.dataset[kind];
        if (value === undefined || !(kind in state.part)) return;
        if (isTyped(form) || document.activeElement === part(form) || kept.some(one => one.kind === kind && one.row === rowOf(form))) return;
        form.elements.seen.value = value;
        fill(form, value);
      }, row);
    });
    each('[data-copy]', button => { button.hidden = !navigator.clipboard; });
    replay();
  }

  /* The page is another one now. Once a minute at most: the worker may have answered from what it keeps. */
  async function again() {
    const {time = 0} = history.state ?? {};
    if (Date.now() - time < 60000) return;
    for (const form of document.forms) if (form.dataset.outbox in state.part && isTyped(form)) await keep(form);
    history.replaceState({time: Date.now()}, '');
    location.reload();
  }

  async function poll() {
    clearTimeout(timer);
    if (document.hidden || !every) return;
    const was = state.failed;
    try {
      const answer = await fetch(`${state.base}state/?v=${version}`, {cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout?.(10000)});
      const ours = answer.headers.has('X-Robots-Tag');
      state.failed = !ours || answer.status >= 500;
      state.pin = answer.status === 401;
      if (ours && answer.status === 404) return void again();
      if (ours && answer.status === 200) {
        version = answer.headers.get('ETag').replaceAll('"', '');
        renew(await answer.text());
        wait = every;
      } else wait = Math.min(wait * 1.2, 5 * every);
    } catch {
      state.failed = true;
      wait = Math.min(wait * 2, 8 * every);
    }
    if (was && !state.failed) flush();
    banner();
    timer = setTimeout(poll, wait);
  }

  addEventListener('outbox', async ({detail}) => {
    if (detail?.sent) {
      const {kind, row, id} = detail.sent, form = [...document.forms].find(one => one.dataset.outbox === kind && rowOf(one) === row);
      if (form && kind in state.part) {
        const value = String(Object.values(detail.answer)[0] ?? '');
        form.elements.seen.value = value;
        fill(form, value);
      }
      URL.revokeObjectURL(previews.get(id));
      previews.delete(id);
      wait = every;
      poll();
    }
    if (state.dead) again();
    await refresh();
    // So that the page as it is kept for hours without network is the one with these changes.
    if (detail?.sent && !kept.length) navigator.serviceWorker?.controller && fetch(state.base);
  });
  for (const when of ['online', 'offline', 'visibilitychange', 'pageshow']) (when === 'visibilitychange' ? document : window).addEventListener(when, () => { wait = every; refresh(); poll(); });

  document.addEventListener('submit', event => {
    const form = event.target, {dataset} = form;
    if (dataset.outbox) { event.preventDefault(); keep(form); }
    if ('action' in dataset || 'pairing' in dataset) { event.preventDefault(); act(form, event.submitter); }
    if ('final' in dataset) unsent(event, form);
  });
  document.addEventListener('change', ({target}) => {
    if (target.form?.dataset.outbox && target.matches('[data-photo], [name=value]')) keep(target.form);
  });
  document.addEventListener('click', async event => {
    const button = event.target.closest('[data-copy], [data-camera], .dock a');
    if (!button) return;
    if (button.matches('a')) return unsent(event, button.parentElement);
    if ('camera' in button.dataset) return document.getElementById(button.dataset.camera).click();
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.replaceChildren(make('{check}'));
    button.setAttribute('aria-label', 'Copied');
  });

  /* A job is not completed while something of it is on the phone only. */
  function unsent(event, place) {
    const left = kept.filter(one => !one.refused).length, why = left ? `${counted(left, 'change')} must be sent first.` : navigator.onLine ? '' : 'This needs network.';
    each('.err', one => one.remove(), place);
    if (!why) return;
    event.preventDefault();
    place.prepend(make('<p class="err" role="alert">{cloud-off}<span></span></p>', {span: why}));
  }

  each('form[data-outbox]', form => { if (form.dataset.outbox in state.part) form.shown = form.elements.seen.value = form.elements.seen.defaultValue; });
  each('[data-live]', one => live.set(one.id, one.outerHTML));
  each('[data-script]', one => { one.hidden = false; });
  body.toggleAttribute('data-on', true);
  refresh().then(() => { flush(); poll(); });
  if (every && body.dataset.state !== 'completed') navigator.serviceWorker?.register(`${state.base}sw.js`).catch(() => {});
}

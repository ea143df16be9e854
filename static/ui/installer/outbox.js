/* outbox.js: a change is kept on the phone under a key of its own, then sent until it is answered, in order. */
{
  const base = document.body.dataset.base || `${location.pathname.split('/').slice(0, 3).join('/')}/`;
  const NAME = `hub ${base}`, PART = {identity: 'value', connector: 'value', note: 'text'};
  const state = {base, part: PART, after: 0};
  let opened, busy, again, timer, tries = 0;

  const tell = detail => dispatchEvent(new CustomEvent('outbox', {detail}));
  // crypto.randomUUID needs TLS.
  const uuid = () => '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, c => (c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16));

  const db = () => opened ??= new Promise((ok, no) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore('q', {keyPath: 'id', autoIncrement: true});
    asked.onsuccess = () => { asked.result.onversionchange = () => asked.result.close(); ok(asked.result); };
    asked.onerror = () => no(asked.error);
  });

  /* Strict: on the disk when it is done; batteries die. */
  async function store(mode, work) {
    const doing = (await db()).transaction('q', mode, {durability: 'strict'});
    return new Promise((ok, no) => {
      const asked = work(doing.objectStore('q'));
      doing.oncomplete = () => ok(asked?.result);
      doing.onabort = doing.onerror = () => no(doing.error);
    });
  }

  const all = () => store('readonly', kept => kept.getAll());
  const drop = async entry => { await store('readwrite', kept => kept.delete(entry.id)); tell(); };
  const change = work => store('readwrite', kept => { const asked = kept.getAll(); asked.onsuccess = () => work(kept, asked.result); });
  const isSame = (one, entry) => PART[entry.kind] && one.kind === entry.kind && one.row === entry.row;

  /* In place of one of the same field that was never sent or was refused. */
  async function put(entry) {
    const part = PART[entry.kind];
    await change((kept, all) => {
      const same = all.filter(one => isSame(one, entry)), before = same.filter(one => !one.refused).pop();
      for (const one of same) if (one.refused) kept.delete(one.id);
      if (!before || before.tried) {
        if (before) entry.fields.seen = before.fields[part];
        kept.put({...entry, key: uuid(), tried: 0});
      } else if (entry.fields[part] === before.fields.seen) kept.delete(before.id);
      else {
        before.fields[part] = entry.fields[part];
        kept.put(before);
      }
    });
    navigator.storage?.persist?.();
    tell();
    flush();
  }

  async function next() {
    let found;
    await change((kept, all) => {
      found = all.find(one => !one.refused);
      if (found) kept.put({...found, tried: 1});
    });
    return found;
  }

  function post(entry) {
    const sent = new XMLHttpRequest(), form = new FormData();
    form.append('row', entry.row);
    if (!entry.blob) form.append('kind', entry.kind);
    for (const [name, value] of Object.entries(entry.fields)) form.append(name, value);
    if (entry.blob) form.append('photo', entry.blob, 'photo.jpg');
    sent.open('POST', base + (entry.blob ? 'photos/' : 'edits/'));
    sent.setRequestHeader('Idempotency-Key', entry.key);
    sent.timeout = entry.blob ? 180000 : 20000;
    if (entry.blob) sent.upload.onprogress = part => { state.progress = Math.round(100 * part.loaded / part.total); tell(); };
    return new Promise(done => { sent.onloadend = () => done(sent); sent.send(form); });
  }

  /* A gateway's page or a hotel's sign-in is no answer. */
  async function settle(entry, sent) {
    const {status} = sent, head = name => sent.getResponseHeader(name), ours = !!head('X-Robots-Tag');
    state.failed = !ours || status >= 500 || status === 429;
    state.dead = ours && (status === 404 || status === 401);
    state.after = 1000 * head('Retry-After') || 0;
    if (state.failed || state.dead) return false;
    const answer = /json/.test(head('Content-Type')) ? JSON.parse(sent.responseText) : {error: sent.responseText};
    await change((kept, all) => {
      kept.delete(entry.id);
      if (status === 200) return;
      // What was typed meanwhile starts from where this one did.
      const later = all.find(one => one.id > entry.id && isSame(one, entry));
      if (later) later.fields.seen = entry.fields.seen;
      kept.put(later ?? {...entry, refused: answer});
    });
    if (status === 200) {
      state.savedAt = new Date().toTimeString().slice(0, 5);
      tell({sent: entry, answer});
    }
    return true;
  }

  /* Of several tabs one sends. */
  async function drain(lock) {
    if (lock === null) return void (tries = 3);
    for (let entry; (entry = await next()); tries = 0) {
      Object.assign(state, {sending: true, progress: 0});
      tell();
      if (await settle(entry, await post(entry))) continue;
      tries++;
      break;
    }
  }

  async function flush() {
    again = busy;
    if (busy) return;
    busy = true;
    clearTimeout(timer);
    try {
      do {
        again = false;
        await (navigator.locks?.request(NAME, {ifAvailable: true}, drain) ?? drain());
      } while (again);
    } catch { tries++; }
    busy = state.sending = false;
    tell();
    if (tries && !state.dead) timer = setTimeout(flush, Math.max(state.after, Math.min(60000, 500 * 2 ** tries)));
  }

  window.hubOutbox = {state, name: NAME, db, all, put, drop, flush, uuid};
  for (const name of ['online', 'visibilitychange']) addEventListener(name, flush);
}

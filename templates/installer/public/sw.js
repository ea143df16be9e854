{% load static %}/* The worker of a job's page keeps the page, so that it opens without network. It sends nothing: outbox.js does. */
const BASE = '{{ base }}', PREFIX = `hub ${BASE}`, CACHE = `${PREFIX} {{ version }}`;
const SHELL = [{% for file in files %}'{% static file %}'{% if not forloop.last %}, {% endif %}{% endfor %}];
const PATIENCE = 4000;

addEventListener('install', event => event.waitUntil((async () => {
  await (await caches.open(CACHE)).addAll([BASE, ...SHELL]);
  await skipWaiting();
})()));

addEventListener('activate', event => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  await clients.claim();
})()));

/* From the network, and kept. A link that is dead takes everything along. */
async function fetched(request, key) {
  const answer = await fetch(request);
  if (answer.status === 404 && key === BASE && answer.headers.has('X-Robots-Tag')) await caches.delete(CACHE);
  // What was deleted with the job is not begun anew by an answer that comes late.
  if (answer.ok && !answer.redirected && await caches.has(CACHE)) await (await caches.open(CACHE)).put(key, answer.clone());
  return answer;
}

/* The network has some seconds where the page is kept; behind a bar of reception it often says nothing at all. */
async function fresh(event, key) {
  const kept = await caches.match(key), asked = fetched(event.request, key);
  event.waitUntil(asked.catch(() => {}));
  if (!kept) return asked;
  const late = new Promise(done => setTimeout(done, PATIENCE, kept));
  return Promise.race([asked.then(answer => answer.status < 500 ? answer : kept, () => kept), late]);
}

addEventListener('fetch', event => {
  const {request} = event, {origin, pathname} = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (pathname === BASE || SHELL.includes(pathname)) event.respondWith(fresh(event, pathname));
  else if (pathname.endsWith('/small/')) event.respondWith(caches.match(pathname).then(kept => kept ?? fetched(request, pathname)));
  else if (request.mode === 'navigate') event.respondWith(fetch(request).catch(() => Response.redirect(BASE)));
});

/* last.js: the last message of a charger is fetched again when its log goes on. It needs live.js, loaded before it. */
const rows = document.querySelector('#log .rows'), place = document.querySelector('#last');

/* What was fetched comes with its copying button hidden, as it is for who has no script. */
function copying() {
  for (const button of document.querySelectorAll('#last [data-copy][hidden]')) button.hidden = !navigator.clipboard;
}
if (place) new MutationObserver(copying).observe(place.parentElement, {childList: true, subtree: true, attributeFilter: ['hidden']});
copying();

if (rows && place) {
  const added = found => found.some(change => [...change.addedNodes].some(node => node.nodeType === 1));
  new MutationObserver(found => { if (added(found)) window.hubLive.refresh('last'); }).observe(rows, {childList: true, subtree: true});
}

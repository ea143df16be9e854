/* chart.js: dragging over a curve looks closer. The links below the curve do the same without it. */
const WIDTH = 780, LEFT = 34, RIGHT = 738, LEAST = 8;
const at = (svg, event) => {
  const box = svg.getBoundingClientRect(), scale = Math.min(box.width / WIDTH, box.height / svg.viewBox.baseVal.height);
  const x = (event.clientX - box.left - (box.width - WIDTH * scale) / 2) / scale;
  return Math.min(Math.max(x, LEFT), RIGHT);
};
document.addEventListener("pointerdown", (event) => {
  const svg = event.target.closest("svg[data-zoom-from]");
  if (!svg || event.button !== 0 || event.pointerType === "touch") return;
  event.preventDefault();
  const first = at(svg, event), mark = document.createElementNS(svg.namespaceURI, "rect");
  mark.setAttribute("class", "drag");
  mark.setAttribute("y", "8");
  mark.setAttribute("height", "168");
  svg.append(mark);
  svg.setPointerCapture(event.pointerId);
  const draw = (moved) => {
    const x = at(svg, moved);
    mark.setAttribute("x", Math.min(first, x));
    mark.setAttribute("width", Math.abs(x - first));
  };
  const done = (up) => {
    svg.removeEventListener("pointermove", draw);
    mark.remove();
    const last = at(svg, up), [from, to] = [Number(svg.dataset.zoomFrom), Number(svg.dataset.zoomTo)];
    if (up.type !== "pointerup" || Math.abs(last - first) < LEAST) return;
    const moment = (x) => new Date((from + (to - from) * (x - LEFT) / (RIGHT - LEFT)) * 1000).toISOString().slice(0, 19) + "Z";
    location.search = new URLSearchParams({from: moment(Math.min(first, last)), to: moment(Math.max(first, last))});
  };
  svg.addEventListener("pointermove", draw);
  svg.addEventListener("pointerup", done, {once: true});
  svg.addEventListener("pointercancel", done, {once: true});
});

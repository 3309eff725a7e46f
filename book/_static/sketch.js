// "Draw your curve before you see ours": empty axes in front of a folded figure. The reader draws with mouse, finger or
// arrow keys; then the run's curve draws itself over theirs, a sentence says in numbers what differs, and the figure unfolds.

const SVG = "http://www.w3.org/2000/svg";

function svgElement(name, attributes = {}, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// A number with as many digits as tell values apart on an axis of this length; on a log axis two that count.
function sketchNumber(value, range) {
  const digits = range ? Math.max(0, 2 - Math.round(Math.log10(range))) : Math.max(0, 1 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toLocaleString("en", { minimumFractionDigits: range ? digits : 0, maximumFractionDigits: digits }).replace("-", "−");
}

// The axis of a share ends at 0 and 1, of per cent at 0 and 100, also where the run's band made it wider.
function clipShares(curve) {
  const end = /\bshare\b|labels learned/.test(curve.ylabel) ? 1 : /per cent|%/.test(curve.ylabel) ? 100 : null;
  if (end === null || curve.log || !curve.y.every((value) => value >= 0 && value <= end)) return;
  curve.ylim = [Math.max(curve.ylim[0], 0), Math.min(curve.ylim[1], end)];
  curve.yticks = curve.yticks.filter(([value]) => value >= curve.ylim[0] && value < curve.ylim[1] + 1e-9);
}

// What differs between what the reader drew and the run, at the points where they drew: two sentences, or "".
// `curve` has x, y, low, high, log, xlabel and ylim; `drawn` maps the number of a point to the value drawn there.
function compareSketch(curve, drawn) {
  const points = [...drawn.keys()].sort((a, b) => a - b);
  if (points.length < 2) return "";
  const range = curve.log ? 0 : curve.ylim[1] - curve.ylim[0];
  const say = (value) => sketchNumber(value, range);
  const place = (i) => curve.x[i].toLocaleString("en", { maximumSignificantDigits: 3 }).replace("-", "−");
  const scaled = (value) => (curve.log ? Math.log(value) : value);
  const ours = points.map((i) => scaled(curve.y[i]));
  const theirs = points.map((i) => scaled(drawn.get(i)));

  // A peak, or a lowest point, inside counts where it stands out from both ends by a tenth of the curve's height. A curve
  // that is flat within a tenth of the axis has none.
  const flat = Math.max(...ours) - Math.min(...ours) < 0.1 * (scaled(curve.ylim[1]) - scaled(curve.ylim[0]));
  const stands = (sign) => {
    const signed = ours.map((value) => sign * value);
    const top = Math.max(...signed);
    return !flat && top - Math.max(signed[0], signed.at(-1)) > 0.1 * (top - Math.min(...signed)) && signed.indexOf(top);
  };
  const [high, low] = [stands(1), stands(-1)];
  const [word, sign, at] = high !== false ? ["peak", 1, high] : low !== false ? ["lowest point", -1, low] : [];
  let first;
  if (word) {
    const signed = theirs.map((value) => sign * value);
    const yours = points[signed.indexOf(Math.max(...signed))];
    first =
      yours === points[at]
        ? `You put the ${word} at ${place(yours)} (${curve.xlabel}), as the run does.`
        : `You put the ${word} at ${place(yours)} (${curve.xlabel}), the run has it at ${place(points[at])}.`;
  } else {
    const [start, end] = [points[0], points.at(-1)];
    const ways = [(i) => drawn.get(i), (i) => curve.y[i]].map((value) => `from ${say(value(start))} to ${say(value(end))}`);
    first = `Between ${place(start)} and ${place(end)} (${curve.xlabel}) your curve goes ${ways[0]}, the run's ${ways[1]}.`;
  }

  const off = theirs.map((value, i) => value - ours[i]);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [bias, distance] = [mean(off), mean(off.map(Math.abs))];
  const oneSided = Math.abs(bias) > 0.6 * distance;
  const size = oneSided ? Math.abs(bias) : distance;
  const amount = curve.log ? `a factor of ${sketchNumber(Math.exp(size), 0)}` : say(size);
  let second = oneSided
    ? `Your curve lies ${bias > 0 ? "above" : "below"} the run's by ${amount} on average`
    : `Your curve is ${curve.log ? `off by ${amount}` : `${amount} away from the run's`} on average`;
  const banded = points.filter((i) => curve.low[i] !== null);
  if (banded.length) {
    const within = banded.filter((i) => drawn.get(i) >= curve.low[i] && drawn.get(i) <= curve.high[i]).length;
    second += `, and inside its 95\u00a0% band at ${within} of ${banded.length} places`;
  }
  return `${first} ${second}.`;
}

// The points at which the reader sets a value: all, or about two dozen of many.
function sketchPoints(curve) {
  const all = curve.x.map((_, i) => i);
  if (all.length <= 30) return all;
  const wanted = Array.from({ length: 25 }, (_, k) => curve.place[0] + (k / 24) * (curve.place.at(-1) - curve.place[0]));
  const nearest = (at) => all.reduce((best, i) => (Math.abs(curve.place[i] - at) < Math.abs(curve.place[best] - at) ? i : best), 0);
  return [...new Set(wanted.map(nearest))];
}

function runSketch(data, number) {
  const curve = JSON.parse(data.textContent);
  clipShares(curve);
  const figure = data.closest("figure");
  const fold = foldFigure(figure);
  const points = sketchPoints(curve).sort((a, b) => curve.place[a] - curve.place[b]);
  const name = `sketch:${location.pathname}:${figure.id}`;
  const id = `sketch-${number + 1}`;
  const drawn = new Map();
  let now = 0; // the place, among the points, at which the keys draw
  let last = null; // where the pointer was

  const box = makeElement("div", "sketch-box");
  const ask = makeElement("p", "sketch-ask");
  ask.id = `${id}-ask`;
  ask.append(makeElement("strong", "", "Draw your curve before you see ours."), ` ${curve.title ? `${curve.title}. ` : ""}`);
  ask.append(curve.ask.replace(/(\d) ?%/g, "$1\u00a0%"));
  const plot = makeElement("div", "sketch-plot");
  plot.tabIndex = 0;
  plot.setAttribute("role", "slider");
  plot.setAttribute("aria-orientation", "vertical");
  plot.setAttribute("aria-labelledby", `${id}-ask`);
  plot.setAttribute("aria-describedby", `${id}-hint`);
  const hint = makeElement("p", "sketch-hint");
  hint.id = `${id}-hint`;
  const says = makeElement("p", "predicted sketch-says");
  says.setAttribute("role", "status");
  const reveal = makeElement("button", "", "Show me");
  const again = makeElement("button", "again", "Draw again");
  const foot = makeElement("div", "sketch-foot");
  foot.append(reveal, again);
  box.append(ask, plot, hint, says, foot);
  fold.front.append(box);

  const [least, most] = curve.log ? curve.ylim.map(Math.log) : curve.ylim;
  const heightOf = (value) => ((curve.log ? Math.log(value) : value) - least) / (most - least);
  const valueAt = (height) => {
    const value = least + Math.min(1, Math.max(0, height)) * (most - least);
    return curve.log ? Math.exp(value) : value;
  };
  let area = null; // the axes in pixels: left, top, width, height
  let mine = null; // the reader's line
  let cursor = null;

  const path = (indices, height) => {
    let pen = "M";
    return indices
      .map((i) => {
        const value = height(i);
        if (value === null || value === undefined) return (pen = "M"), "";
        const step = `${pen}${(area.left + curve.place[i] * area.width).toFixed(1)} ${(area.top + (1 - heightOf(value)) * area.height).toFixed(1)}`;
        pen = "L";
        return step;
      })
      .join("");
  };

  const yTicks = () => {
    if (!curve.log || curve.yticks.length > 2) return curve.yticks;
    const ticks = [];
    for (let power = Math.floor(Math.log10(curve.ylim[0])); power <= Math.log10(curve.ylim[1]); power++) {
      for (const lead of [1, 2, 5]) ticks.push(lead * 10 ** power);
    }
    return ticks.filter((t) => t >= curve.ylim[0] && t <= curve.ylim[1]).map((t) => [t, String(Number(t.toPrecision(2)))]);
  };

  // Draw the axes anew, at the width there is, with what is drawn so far; the run's curve once the figure is unfolded.
  const draw = (moving = false) => {
    const width = Math.round(plot.clientWidth);
    if (!width) return;
    const height = width < 480 ? 260 : 300;
    const ticks = yTicks();
    area = { left: 14 + 8 * Math.max(...ticks.map(([, text]) => text.length)), top: 14 };
    area.width = width - area.left - 14;
    area.height = height - area.top - 50;
    const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true", class: "sketch-axes" });
    const [bottom, right] = [area.top + area.height, area.left + area.width];
    for (const [value, text] of ticks) {
      const y = area.top + (1 - heightOf(value)) * area.height;
      svg.append(svgElement("line", { x1: area.left, x2: right, y1: y, y2: y, class: "grid" }));
      svg.append(svgElement("text", { x: area.left - 8, y: y + 4.5, "text-anchor": "end" }, text));
    }
    let free = -Infinity;
    for (const [place, text] of curve.xticks.toSorted((a, b) => a[0] - b[0])) {
      const x = area.left + place * area.width;
      svg.append(svgElement("line", { x1: x, x2: x, y1: area.top, y2: bottom, class: "grid" }));
      if (x - 4 * text.length < free) continue;
      svg.append(svgElement("text", { x, y: bottom + 20, "text-anchor": "middle" }, text));
      free = x + 4 * text.length + 6;
    }
    svg.append(svgElement("path", { d: `M${area.left} ${area.top}V${bottom}H${right}`, class: "frame" }));
    svg.append(svgElement("text", { x: (area.left + right) / 2, y: height - 6, "text-anchor": "middle" }, curve.xlabel));

    const all = curve.x.map((_, i) => i).sort((a, b) => curve.place[a] - curve.place[b]);
    if (fold.open) {
      const clip = svgElement("clipPath", { id: `${id}-clip` });
      const window = svgElement("rect", { x: area.left - 4, y: area.top - 4, width: area.width + 8, height: area.height + 8 });
      if (moving) window.setAttribute("class", "sketch-unrolls");
      clip.append(window);
      const ours = svgElement("g", { "clip-path": `url(#${id}-clip)`, style: `color: ${curve.color}`, class: "ours" });
      const banded = all.filter((i) => curve.low[i] !== null);
      const floor = (value) => Math.max(value, curve.ylim[0]);
      const back = path(banded.toReversed(), (i) => floor(curve.low[i])).replace(/^M/, "L");
      if (banded.length > 1) ours.append(svgElement("path", { d: `${path(banded, (i) => floor(curve.high[i]))}${back}Z`, class: "band" }));
      ours.append(svgElement("path", { d: path(all, (i) => curve.y[i]), class: "line" }));
      svg.append(clip, ours);
    }
    mine = svgElement("path", { class: "mine" });
    cursor = svgElement("g", { class: "cursor" });
    svg.append(mine, cursor);
    plot.replaceChildren(svg);
    trace();
  };

  // Draw what changes while the reader draws.
  const trace = () => {
    mine.setAttribute("d", path(points, (i) => drawn.get(i)));
    cursor.replaceChildren();
    for (const i of points) {
      if (!drawn.has(i)) continue;
      const at = { cx: area.left + curve.place[i] * area.width, cy: area.top + (1 - heightOf(drawn.get(i))) * area.height };
      cursor.append(svgElement("circle", { ...at, r: points.length > 16 ? 2.5 : 3.5, class: "dot" }));
    }
    if (!fold.open) {
      const x = area.left + curve.place[points[now]] * area.width;
      cursor.append(svgElement("line", { x1: x, x2: x, y1: area.top, y2: area.top + area.height, class: "here" }));
    }
    const value = drawn.get(points[now]);
    const at = curve.x[points[now]].toLocaleString("en", { maximumSignificantDigits: 3 });
    const range = curve.log ? 0 : curve.ylim[1] - curve.ylim[0];
    plot.setAttribute("aria-valuemin", curve.ylim[0]);
    plot.setAttribute("aria-valuemax", curve.ylim[1]);
    plot.setAttribute("aria-valuenow", value ?? valueAt(0.5));
    const there = value === undefined ? "nothing drawn" : sketchNumber(value, range);
    reveal.textContent = drawn.size ? "Compare" : "Show me";
    plot.setAttribute("aria-valuetext", `${curve.xlabel} ${at}: ${there}, ${drawn.size} of ${points.length} places drawn`);
  };

  const set = (k, height) => drawn.set(points[k], valueAt(height));
  const keep = () => kept.set(name, { x: points.map((i) => curve.x[i]), y: points.map((i) => drawn.get(i) ?? null) });
  // Before: axes to draw in. After: both curves and the sentence; where nothing was drawn, the figure says it all.
  const show = (moving) => {
    const done = fold.open;
    plot.toggleAttribute("inert", done);
    reveal.hidden = done;
    hint.hidden = done && !drawn.size;
    hint.textContent = done
      ? `Dashed: yours. Solid: the run's${curve.low.some((value) => value !== null) ? ", with its 95\u00a0% band" : ""}.`
      : "Draw with the mouse or a finger, then compare. With keys: ←, →, Home and End move, ↑ and ↓ set the height.";
    again.hidden = !done;
    again.textContent = drawn.size ? "Draw again" : "Draw it yourself";
    ask.hidden = plot.hidden = done && !drawn.size;
    says.textContent = done ? compareSketch(curve, drawn) : "";
    draw(moving);
  };
  const compare = () => {
    if (drawn.size) keep();
    fold.open = true;
  };

  const placeOf = (event) => {
    const frame = plot.getBoundingClientRect();
    const across = (event.clientX - frame.left - area.left) / area.width;
    const height = 1 - (event.clientY - frame.top - area.top) / area.height;
    const k = points.reduce((best, i, j) => (Math.abs(curve.place[i] - across) < Math.abs(curve.place[points[best]] - across) ? j : best), 0);
    return { k, height };
  };
  plot.addEventListener("pointerdown", (event) => {
    if (fold.open || event.button) return;
    plot.setPointerCapture(event.pointerId);
    last = placeOf(event);
    now = last.k;
    set(last.k, last.height);
    trace();
  });
  plot.addEventListener("pointermove", (event) => {
    if (!last) return;
    const here = placeOf(event);
    const steps = Math.abs(here.k - last.k);
    for (let step = 0; step <= steps; step++) {
      const share = steps ? step / steps : 1;
      set(last.k + Math.sign(here.k - last.k) * step, last.height + share * (here.height - last.height));
    }
    last = here;
    now = here.k;
    trace();
  });
  for (const ending of ["pointerup", "pointercancel"]) {
    plot.addEventListener(ending, () => (last = null));
  }
  plot.addEventListener("keydown", (event) => {
    if (fold.open) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const end = { Home: 0, End: points.length - 1 }[event.key];
    const climb = { ArrowUp: 0.02, ArrowDown: -0.02, PageUp: 0.1, PageDown: -0.1 }[event.key];
    if (step) {
      const before = drawn.get(points[now]);
      now = Math.min(points.length - 1, Math.max(0, now + step));
      // Walking on draws a level line, so that a curve takes few keys.
      if (before !== undefined && !drawn.has(points[now])) drawn.set(points[now], before);
    } else if (end !== undefined) {
      now = end;
    } else if (climb) {
      set(now, heightOf(drawn.get(points[now]) ?? valueAt(0.5)) + climb);
    } else return;
    event.preventDefault();
    trace();
  });
  reveal.addEventListener("click", () => {
    compare();
    again.focus({ preventScroll: true }); // the button is gone
  });
  again.addEventListener("click", () => {
    drawn.clear();
    kept.set(name, null);
    now = 0;
    fold.open = false;
    plot.focus({ preventScroll: true });
  });

  const before = kept.get(name);
  if (before?.x.join() === points.map((i) => curve.x[i]).join()) {
    before.y.forEach((value, k) => value !== null && drawn.set(points[k], value));
    if (drawn.size && !fold.waits) fold.open = true;
  }
  show(false);
  fold.onchange(() => show(true));
  new ResizeObserver(() => draw()).observe(plot);
}

document.querySelectorAll("figure script.sketch").forEach(runSketch);

// The lab's common part: an experiment that computes in the page, its controls, its status line and its plots.
//
// An experiment is a file of its own, book/_static/lab/NAME.js, a classic script that calls lab() once. The directive
// {lab} NAME (book/_ext/lab.py) makes the figure and loads ui.js, lab.css and NAME.js, on the pages that hold one.
//
//   lab("NAME", (ui) => { ... })        called for each <figure class="lab" data-lab="NAME">, as soon as it is there.
//
// What is made appears in the figure in the order in which it is made, above the caption:
//
//   ui.row()                            a new row: controls made from now on stand in it, side by side where there is room
//   ui.slider({ label, value, change, min, max, step, values, text })
//                                       a native range. With `values` it runs over that list. text(value) is what is shown beside
//                                       the label and said; change(value) is called on every move. Returns { value, disabled }, both
//                                       of which can be set (setting calls nothing).
//   ui.choice({ label, options, value, change })
//                                       one of options [[value, text], ...]: buttons to choose from up to four, else a list.
//                                       Returns { value, disabled }, as above.
//   ui.button(text, click)              a button; returns the element.
//   ui.plot({ label, height, x, y })    a plot (below).
//   ui.add(element)                     any other element of yours.
//   ui.say(text)                        the status line under it all: polite, and spoken when it has rested for a moment.
//   ui.seen(f)                          f() once, when the figure comes near the screen: for what costs more than a few milliseconds.
//   ui.frame(f)                         a function that calls f() at the next frame, however often it was called until then.
//   ui.still                            true where the reader wants no motion: then show the end at once.
//   ui.figure                           the <figure>.
//
// A plot's axes: x and y are { label, min, max, log, ticks, format }; ticks and format(value) have good defaults. `height` is in
// pixels, or a function of the width. `label` names the picture. A plot is laid out anew, never shrunk, when its width changes.
//
//   plot.draw({ marks, alt, x, y })     replaces what is drawn. x and y change the axes (only the fields that are given). alt is what the
//                                       picture now shows, in words and numbers. marks, from back to front; every `color` is a name
//                                       of the figures' colours ("train", "test", "true-labels", "random-labels", "threshold", "bias",
//                                       "variance", "noise", "r0" ... "r8") or "ink":
//     { line: [xs, ys], color, width, dash, opacity, label }        NaN lifts the pen; `label` stands at the line's end, or in a key
//                                                                   above where it is narrow (so does the label of a band or points);
//                                                                   the same [xs, ys] again, unchanged, costs nothing
//     { band: [xs, lows, highs], color, opacity, label }
//     { points: [xs, ys], color, size, shape, opacity, label }      shape: "circle" (default), "square", "diamond", "ring"
//     { rule: x } or { rule: y, across: true }, color, label        a dotted line of reference
//     { note: text, at: [x, y], color, anchor }                     words in the plot; anchor: "start" (default), "middle", "end"
//   plot.handles({ count, at, move, name, text, axis, step, color, reach })
//                                       points to drag, by mouse, touch and arrow keys (Shift: ten steps). at(i) → [x, y] is where they
//                                       are (asked at every draw); move(i, x, y) is told where they are wanted, within the axes. name(i)
//                                       and text(i) are said. axis: "xy" (default), "x" or "y"; with "y" and several, left and right go to
//                                       the next one. step: [dx, dy] of a key, or a function of i. reach: pixels around it, 22.
//                                       Draw them as a mark of points, too: paper shows the marks only.
//
//   lab.number(value, digits = 2)       a plain number: so many significant digits, thousands with commas, − for minus, no exponent.
//   lab.fixed(value, places = 2)        the same with so many decimal places; what rounds to zero has no sign.
//   lab.maths                           where experiments leave their arithmetic for the tests: lab.maths.peak = { ... }.
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const NARROW = 520; // pixels: below, labels at the ends of lines would take too much of the width
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let made = 0; // for names that are there once in a page

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const draw = (tag, attributes, ...children) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  // Text and shapes are changed where they are: new elements at every move would have the page's styles worked out anew.
  const write = (element, text) => {
    const node = element.firstChild;
    if (!node) element.append(text);
    else if (node.data !== text) node.data = text;
  };
  function fill(parent, wanted) {
    while (parent.childElementCount > wanted.length) parent.lastChild.remove();
    wanted.forEach(([tag, attributes, text], i) => {
      let child = parent.children[i];
      if (child?.tagName !== tag) {
        const fresh = document.createElementNS(SVG, tag);
        if (child) child.replaceWith(fresh);
        else parent.append(fresh);
        child = fresh;
      }
      for (const name of child.getAttributeNames()) if (attributes[name] === undefined) child.removeAttribute(name);
      for (const [name, value] of Object.entries(attributes)) {
        if (value !== undefined && child.getAttribute(name) !== String(value)) child.setAttribute(name, value);
      }
      if (text !== undefined) write(child, text);
    });
  }
  const paint = (color = "ink") => (color === "ink" ? "currentColor" : `var(--lab-${color})`);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  // A value with so many significant digits; whole numbers of more digits are not rounded away.
  function number(value, digits = 2) {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
    const size = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) + 1e-9);
    const places = clamp(digits - 1 - size, 0, 20);
    const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
    return (value < 0 && /[1-9]/.test(text) ? "−" : "") + text;
  }

  function fixed(value, places = 2) {
    const text = Math.abs(value).toFixed(places);
    return (value < 0 && /[1-9]/.test(text) ? "−" : "") + text;
  }

  // --- axes ----------------------------------------------------------------------------------------------------------------

  const plain = (value) => {
    const text = Math.abs(value).toLocaleString("en-US", { maximumFractionDigits: 12, maximumSignificantDigits: 6 });
    return (value < 0 ? "−" : "") + text;
  };

  // About so many round numbers within the axis.
  function ticksOf({ min, max, log, ticks }, many) {
    if (ticks) return ticks.filter((tick) => tick >= min && tick <= max);
    if (!log) {
      const rough = (max - min) / many;
      const power = 10 ** Math.floor(Math.log10(rough));
      const step = power * [1, 2, 5, 10].find((each) => each * power >= rough * 0.999);
      const first = Math.ceil(min / step - 1e-9);
      const last = Math.floor(max / step + 1e-9);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
    }
    const [low, high] = [Math.log10(min), Math.log10(max)];
    const every = Math.max(1, Math.ceil((high - low) / many));
    const digits = (high - low) * 3 <= many ? [1, 2, 5] : [1];
    const found = [];
    for (let power = Math.ceil(low / every - 1) * every; power <= high; power += every) {
      for (const digit of digits) {
        const tick = Number((digit * 10 ** power).toPrecision(6));
        if (tick >= min * 0.999 && tick <= max * 1.001) found.push(tick);
      }
    }
    return found;
  }

  function scaleOf({ min, max, log }, from, to) {
    const warp = log ? Math.log : (value) => value;
    const [low, high] = [warp(min), warp(max)];
    const scale = (value) => from + ((warp(value) - low) / (high - low)) * (to - from);
    scale.back = (pixel) => {
      const value = low + ((pixel - from) / (to - from)) * (high - low);
      return clamp(log ? Math.exp(value) : value, min, max);
    };
    return scale;
  }

  // --- plots ---------------------------------------------------------------------------------------------------------------

  const round = (value) => Math.round(clamp(value, -1e5, 1e5) * 10) / 10;

  function linePath(x, y, [xs, ys]) {
    let path = "";
    let pen = false;
    for (let i = 0; i < xs.length; i++) {
      const [left, top] = [x(xs[i]), y(ys[i])];
      if (Number.isNaN(left) || Number.isNaN(top)) {
        pen = false;
        continue;
      }
      path += `${pen ? "L" : "M"}${round(left)} ${round(top)}`;
      pen = true;
    }
    return path;
  }

  function bandPath(x, y, [xs, lows, highs]) {
    const points = [];
    for (let i = 0; i < xs.length; i++) points.push(`${round(x(xs[i]))} ${round(y(lows[i]))}`);
    for (let i = xs.length - 1; i >= 0; i--) points.push(`${round(x(xs[i]))} ${round(y(highs[i]))}`);
    return points.length ? `M${points.join("L")}Z` : "";
  }

  function pointPath(x, y, [xs, ys], size, shape) {
    let path = "";
    for (let i = 0; i < xs.length; i++) {
      const [left, top] = [x(xs[i]), y(ys[i])];
      if (Number.isNaN(left) || Number.isNaN(top)) continue;
      const [a, b] = [round(left), round(top)];
      if (shape === "square") path += `M${a - size} ${b - size}h${2 * size}v${2 * size}h${-2 * size}z`;
      else if (shape === "diamond") path += `M${a} ${b - size * 1.3}l${size * 1.3} ${size * 1.3}l${-size * 1.3} ${size * 1.3}l${-size * 1.3} ${-size * 1.3}z`;
      else path += `M${a - size} ${b}a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0`;
    }
    return path;
  }

  // The look of a mark as attributes, without its place.
  function look(mark) {
    const color = paint(mark.color);
    if (mark.band) return { fill: color, stroke: "none", opacity: mark.opacity ?? 0.18 };
    if (mark.points) {
      const ring = mark.shape === "ring";
      return { fill: ring ? "none" : color, stroke: ring ? color : "none", "stroke-width": 1.5, opacity: mark.opacity ?? 1 };
    }
    const dash = mark.rule === undefined ? mark.dash : "2 4";
    return {
      fill: "none", stroke: color, "stroke-width": mark.width ?? (mark.rule === undefined ? 2 : 1.5),
      "stroke-dasharray": dash ?? "none", opacity: mark.opacity ?? 1, "stroke-linejoin": "round", "stroke-linecap": "round",
    };
  }

  // Where a label stands beside what it names: at the last point that there is.
  function endOf(mark, x, y) {
    const [xs, ...heights] = mark.line ?? mark.points ?? mark.band;
    for (let i = xs.length - 1; i >= 0; i--) {
      const top = heights.reduce((sum, each) => sum + y(each[i]), 0) / heights.length;
      if (Number.isFinite(top) && Number.isFinite(x(xs[i]))) return top;
    }
    return undefined;
  }

  // Labels keep a line's distance from each other, and stay within the plot.
  function spread(labels, low, high) {
    labels.sort((a, b) => a.top - b.top);
    for (const label of labels) label.top = clamp(label.top, low, high);
    for (let i = 1; i < labels.length; i++) labels[i].top = Math.max(labels[i].top, labels[i - 1].top + 17);
    for (let i = labels.length - 1, limit = high; i >= 0; i--, limit -= 17) labels[i].top = Math.min(labels[i].top, limit);
  }

  function plotIn(parent, { label, height = 300, ...given }) {
    const clip = `lab-clip-${++made}`;
    const axes = { x: { ...given.x }, y: { ...given.y } };
    const key = make("ul", { class: "lab-key", "aria-hidden": "true", hidden: "" });
    const clipBox = draw("rect", {});
    const frame = draw("g", { class: "lab-frame" });
    const inside = draw("g", { "clip-path": `url(#${clip})` });
    const over = draw("g", { class: "lab-labels" });
    const svg = draw("svg", { role: "img", "aria-label": label }, draw("clipPath", { id: clip }, clipBox), frame, inside, over);
    const field = make("div", { class: "lab-field" });
    field.append(svg);
    parent.append(make("div", { class: "lab-plot" }, key, field));
    const groups = [];
    const paths = new WeakMap();
    let shown = { marks: [], alt: "" };
    let width = 0;
    let x, y;

    function layOut() {
      const tall = typeof height === "function" ? height(width) : height;
      const narrow = width < NARROW;
      const named = shown.marks.filter((mark) => mark.label && mark.rule === undefined);
      const longest = narrow ? 0 : Math.max(0, ...named.map((mark) => mark.label.length));
      const format = { x: axes.x.format ?? plain, y: axes.y.format ?? plain };
      const [top, bottom] = [axes.y.label ? 30 : 12, tall - (axes.x.label ? 48 : 28)];
      const ticks = { y: ticksOf(axes.y, Math.max(2, (bottom - top) / 45)) };
      const left = 12 + 7.6 * Math.max(1, ...ticks.y.map((tick) => format.y(tick).length));
      const right = width - (longest ? 14 + 7.2 * longest : 12);
      ticks.x = ticksOf(axes.x, Math.max(2, (right - left) / 70));
      x = scaleOf(axes.x, left, right);
      y = scaleOf(axes.y, bottom, top);
      svg.setAttribute("viewBox", `0 0 ${width} ${tall}`);
      svg.setAttribute("width", width);
      svg.setAttribute("height", tall);
      for (const [name, value] of Object.entries({ x: left, y: top - 4, width: Math.max(0, right - left), height: bottom - top + 8 })) clipBox.setAttribute(name, value);

      const parts = [];
      for (const tick of ticks.y) {
        const at = round(y(tick));
        parts.push(["path", { class: "lab-grid", d: `M${left} ${at}H${right}` }]);
        parts.push(["text", { x: left - 7, y: at, dy: "0.35em", "text-anchor": "end" }, format.y(tick)]);
      }
      let free = -Infinity; // a tick whose words would touch the last ones keeps its line only
      for (const tick of ticks.x) {
        const at = round(x(tick));
        const text = format.x(tick);
        parts.push(["path", { class: "lab-grid", d: `M${at} ${top}V${bottom}` }]);
        if (at - 4 * text.length < free) continue;
        free = at + 4 * text.length + 6;
        parts.push(["text", { x: at, y: bottom + 20, "text-anchor": "middle" }, text]);
      }
      parts.push(["path", { class: "lab-axis", d: `M${left} ${top}V${bottom}H${right}` }]);
      if (axes.x.label) parts.push(["text", { class: "lab-name", x: (left + right) / 2, y: tall - 6, "text-anchor": "middle" }, axes.x.label]);
      if (axes.y.label) parts.push(["text", { class: "lab-name", x: 0, y: 15 }, axes.y.label]);
      fill(frame, parts);
      drawMarks({ left, right, top, bottom, narrow, named });
    }

    // The path of a line whose arrays are the same as before, on the same axes, is the same.
    function kept(line) {
      const place = JSON.stringify([axes, width, x(axes.x.max), y(axes.y.min)]);
      if (paths.get(line)?.place !== place) paths.set(line, { place, path: linePath(x, y, line) });
      return paths.get(line).path;
    }

    function drawMarks({ left, right, top, bottom, narrow, named }) {
      const words = [];
      const strokes = shown.marks.filter((mark) => !mark.note);
      fill(inside, strokes.map((mark) => {
        const place = mark.line ? kept(mark.line)
          : mark.band ? bandPath(x, y, mark.band)
          : mark.points ? pointPath(x, y, mark.points, mark.size ?? 4, mark.shape)
          : mark.across ? `M${left} ${round(y(mark.rule))}H${right}` : `M${round(x(mark.rule))} ${top}V${bottom}`;
        if (mark.rule !== undefined && mark.label) {
          const late = !mark.across && x(mark.rule) > (left + right) / 2;
          const at = mark.across ? { x: right - 4, y: round(y(mark.rule)) - 6, "text-anchor": "end" }
            : { x: round(x(mark.rule)) + (late ? -6 : 6), y: top + 12, "text-anchor": late ? "end" : "start" };
          words.push(["text", { ...at, fill: paint(mark.color) }, mark.label]);
        }
        return ["path", { ...look(mark), d: place }];
      }));
      for (const { note, at, color, anchor } of shown.marks.filter((mark) => mark.note)) {
        words.push(["text", { x: round(x(at[0])), y: round(y(at[1])), "text-anchor": anchor ?? "start", fill: paint(color) }, note]);
      }
      const ends = narrow ? [] : named.map((mark) => ({ mark, top: endOf(mark, x, y) })).filter((end) => end.top !== undefined);
      spread(ends, top + 4, bottom - 4);
      for (const end of ends) {
        words.push(["text", { x: right + 8, y: round(end.top), dy: "0.35em", fill: paint(end.mark.color) }, end.mark.label]);
      }
      fill(over, words);
      drawKey(narrow ? named : []);
      const text = `${label}. ${shown.alt}`.trim();
      if (svg.getAttribute("aria-label") !== text) svg.setAttribute("aria-label", text);
      groups.forEach((place) => place());
    }

    let keyed = "";
    function drawKey(marks) {
      const now = JSON.stringify(marks.map((mark) => [mark.label, look(mark), mark.shape]));
      if (now === keyed) return;
      keyed = now;
      key.hidden = !marks.length;
      key.replaceChildren(...marks.map((mark) => {
        const d = mark.points ? pointPath(Number, Number, [[13], [7]], 4, mark.shape) : mark.band ? "M0 1H26V13H0Z" : "M1 7H25";
        return make("li", {}, draw("svg", { width: 26, height: 14 }, draw("path", { ...look(mark), d })), mark.label);
      }));
    }

    function handles({ count, at, move, name, text, axis = "xy", step, color, reach = 22 }) {
      const fixed = { x: axis === "y", y: axis === "x" };
      const rove = axis === "y" && count > 1;
      const value = (i) => (axis === "x" ? at(i)[0] : at(i)[1]);
      const go = (i, left, top) => {
        const [oldX, oldY] = at(i);
        move(i, fixed.x ? oldX : clamp(left, axes.x.min, axes.x.max), fixed.y ? oldY : clamp(top, axes.y.min, axes.y.max));
        place();
      };
      const all = Array.from({ length: count }, (_, i) =>
        make("div", { class: "lab-handle", role: "slider", tabindex: rove && i ? -1 : 0, "aria-label": name(i), "aria-orientation": axis === "x" ? "horizontal" : "vertical" }));
      function place() {
        if (!width) return;
        all.forEach((handle, i) => {
          const [left, top] = at(i);
          handle.style.transform = `translate(${round(x(left))}px, ${round(y(top))}px)`;
          const { min, max } = axis === "x" ? axes.x : axes.y;
          const said = { "aria-valuemin": min, "aria-valuemax": max, "aria-valuenow": Number(value(i).toPrecision(6)), "aria-valuetext": text(i) };
          for (const [key, now] of Object.entries(said)) if (handle.getAttribute(key) !== String(now)) handle.setAttribute(key, now);
        });
      }
      // Where several lie under a finger, the nearest one is meant, not the one on top.
      const nearest = (event) => {
        const box = svg.getBoundingClientRect();
        const far = all.map((_, i) => Math.hypot(x(at(i)[0]) - (event.clientX - box.left), y(at(i)[1]) - (event.clientY - box.top)));
        return far.indexOf(Math.min(...far));
      };
      const focus = (i) => {
        if (rove) all.forEach((handle, j) => (handle.tabIndex = i === j ? 0 : -1));
        all[i].focus({ preventScroll: true });
      };
      all.forEach((handle, own) => {
        handle.style.setProperty("--reach", `${reach}px`);
        handle.style.setProperty("--dot", paint(color));
        if (axis === "x") handle.style.touchAction = "pan-y"; // up and down, a finger scrolls
        let held = null;
        handle.addEventListener("pointerdown", (event) => {
          if (event.button) return;
          event.preventDefault();
          const i = nearest(event);
          held = { i, dx: 0, dy: 0, from: event.pointerType === "touch" ? [event.clientX, event.clientY] : null };
          const box = svg.getBoundingClientRect();
          held.dx = x(at(i)[0]) - (event.clientX - box.left);
          held.dy = y(at(i)[1]) - (event.clientY - box.top);
          handle.setPointerCapture(event.pointerId);
          all[i].classList.add("held");
          focus(i);
        });
        handle.addEventListener("pointermove", (event) => {
          if (!held) return;
          if (held.from && Math.hypot(event.clientX - held.from[0], event.clientY - held.from[1]) < 6) return; // a tap
          held.from = null;
          const box = svg.getBoundingClientRect();
          go(held.i, x.back(event.clientX - box.left + held.dx), y.back(event.clientY - box.top + held.dy));
        });
        for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
          handle.addEventListener(kind, () => {
            if (held) all[held.i].classList.remove("held");
            held = null;
          });
        }
        handle.addEventListener("keydown", (event) => {
          const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], PageUp: [0, 10], PageDown: [0, -10] };
          let [dx, dy] = ways[event.key] ?? [0, 0];
          if (!(dx || dy) || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          if (rove && dx) return focus((own + dx + count) % count);
          if (axis === "x") [dx, dy] = [dx + dy, 0];
          const size = (typeof step === "function" ? step(own) : step) ?? [(axes.x.max - axes.x.min) / 50, (axes.y.max - axes.y.min) / 50];
          const times = event.shiftKey ? 10 : 1;
          go(own, at(own)[0] + dx * times * size[0], at(own)[1] + dy * times * size[1]);
        });
      });
      field.append(...all);
      groups.push(place);
      place();
    }

    const measure = () => {
      const now = Math.floor(field.clientWidth);
      if (!now || now === width) return;
      width = now;
      layOut();
    };
    new ResizeObserver(measure).observe(field);
    measure();
    return {
      draw({ marks = [], alt = "", x: newX, y: newY }) {
        Object.assign(axes.x, newX);
        Object.assign(axes.y, newY);
        shown = { marks, alt };
        if (width) layOut();
      },
      handles,
      element: field.parentElement,
    };
  }

  // --- an experiment -----------------------------------------------------------------------------------------------------

  function mount(figure, setup) {
    const stage = figure.querySelector(".lab-stage");
    const status = make("p", { class: "lab-status", role: "status" });
    let row = stage;
    let rest = 0;
    const touched = (change) => (value) => {
      figure.classList.add("touched");
      change?.(value);
    };
    const ui = {
      figure,
      get still() {
        return still.matches;
      },
      row() {
        row = make("div", { class: "lab-row" });
        status.before(row);
      },
      add(element) {
        status.before(element);
        row = stage;
        return element;
      },
      slider({ label, value, change, min, max, step = 1, values, text = plain }) {
        if (values) [min, max, step] = [0, values.length - 1, 1];
        const toValue = (position) => (values ? values[position] : Number(position));
        const toPosition = (wanted) => (values ? Math.max(0, values.indexOf(wanted)) : wanted);
        const id = `lab-control-${++made}`;
        const input = make("input", { type: "range", id, min, max, step });
        const output = make("output", { for: id, "aria-live": "off" }) /* the range says it */;
        const tell = () => {
          const words = text(toValue(input.value));
          write(output, words);
          input.setAttribute("aria-valuetext", words);
        };
        input.value = toPosition(value);
        tell();
        const changed = touched(change);
        input.addEventListener("input", () => {
          tell();
          changed(toValue(input.value));
        });
        into(make("div", { class: "lab-slider" }, make("label", { for: id }, label), output, input));
        return handle(input, () => toValue(input.value), (wanted) => {
          input.value = toPosition(wanted);
          tell();
        });
      },
      choice({ label, options, value, change }) {
        const id = `lab-control-${++made}`;
        const changed = touched(change);
        const values = options.map(([each]) => each);
        if (options.length > 4) {
          const list = make("select", { id }, ...options.map(([, text], i) => make("option", { value: i }, text)));
          list.selectedIndex = values.indexOf(value);
          list.addEventListener("change", () => changed(values[list.selectedIndex]));
          into(make("div", { class: "lab-select" }, make("label", { for: id }, label), list));
          return handle(list, () => values[list.selectedIndex], (wanted) => (list.selectedIndex = values.indexOf(wanted)));
        }
        const inputs = options.map((_, i) => make("input", { type: "radio", name: id, value: i, id: `${id}-${i}` }));
        const set = make("fieldset", { class: "lab-choice" }, make("legend", {}, label),
          ...inputs.flatMap((input, i) => [input, make("label", { for: input.id }, options[i][1])]));
        inputs.forEach((input, i) => {
          input.checked = values[i] === value;
          input.addEventListener("change", () => changed(values[i]));
        });
        into(set);
        return handle(set, () => values[inputs.findIndex((input) => input.checked)], (wanted) => {
          inputs.forEach((input, i) => (input.checked = values[i] === wanted));
        });
      },
      button(text, click) {
        const button = make("button", { type: "button" }, text);
        button.addEventListener("click", touched(click));
        into(button);
        return button;
      },
      plot(options) {
        const holder = make("div");
        ui.add(holder);
        const plot = plotIn(holder, options);
        const { handles } = plot;
        plot.handles = (given) => {
          handles({ ...given, move: (...to) => (figure.classList.add("touched"), given.move(...to)) });
        };
        return plot;
      },
      say(text) {
        clearTimeout(rest);
        rest = setTimeout(() => write(status, text), status.firstChild ? 250 : 0);
      },
      seen(callback) {
        const watch = new IntersectionObserver((entries) => {
          if (!entries.some((entry) => entry.isIntersecting)) return;
          watch.disconnect();
          callback();
        }, { rootMargin: "400px" });
        watch.observe(figure);
      },
      frame(callback) {
        let waiting = false;
        return () => {
          if (waiting) return;
          waiting = true;
          requestAnimationFrame(() => {
            waiting = false;
            callback();
          });
        };
      },
    };
    const into = (element) => (row === stage ? status.before(element) : row.append(element));
    const handle = (element, get, set) => ({
      get value() {
        return get();
      },
      set value(wanted) {
        set(wanted);
      },
      get disabled() {
        return element.disabled;
      },
      set disabled(off) {
        element.disabled = off;
      },
    });
    stage.append(status);
    stage.hidden = false;
    figure.classList.add("live");
    setup(ui);
  }

  window.lab = (name, setup) => {
    document.querySelectorAll(`figure.lab[data-lab="${name}"]`).forEach((figure) => mount(figure, setup));
  };
  Object.assign(window.lab, { number, fixed, maths: {} });
})();

// "Train it here": one network learns 200 digits, of which the reader says how many have random labels.
"use strict";

lab("train", (ui) => {
  const TRAIN = 200, CLASSES = 10, EPOCHS = 120;
  const LOOKS = [...new Set(Array.from({ length: 60 }, (_, i) => Math.round(EPOCHS ** (i / 59))))];
  const images = LAB_DIGITS.trim().split("\n").map((row) => ({ label: Number(row[0]), shades: Array.from(row.slice(1), (c) => parseInt(c, 17)) }));
  const part = (rows) => ({ x: Float64Array.from(rows.flatMap(({ shades }) => shades.map((s) => s / 16))), y: rows.map(({ label }) => label) });
  const [seen, unseen] = [images.slice(0, TRAIN), images.slice(TRAIN)];
  const [data, test] = [part(seen), part(unseen)];
  const engine = labEngine();
  const CHANCE = "One in ten random labels is right by chance.";
  const percent = (share) => `${Math.round(100 * share)}\u00a0%`;
  let share = 0.4, seed = 0, told, stop = null, history = [], looked = null, saidAt = 0;

  ui.row();
  ui.slider({
    label: "Random labels", min: 0, max: 1, step: 0.05, value: share, text: percent,
    change: (value) => {
      share = value;
      if (stop || history.length) soon();
      else tellLabels();
    },
  });
  const button = ui.button("Train", () => {
    if (stop || history.length) seed += 1; // again: other labels, weights and order; the first time, the labels that are shown
    start();
  });
  const plot = ui.plot({
    label: "Error of one network against epochs",
    height: (width) => (width < 520 ? 260 : 300),
    x: { label: "epoch", min: 1, max: EPOCHS, log: true },
    y: { label: "misclassified", min: 0, max: 1, ticks: [0, 0.25, 0.5, 0.75, 1], format: percent },
  });
  ui.row();
  const look = ui.slider({
    label: "Look back at epoch", values: LOOKS, value: EPOCHS, text: String,
    change: (epoch) => {
      looked = epoch;
      draw();
      say();
    },
  });
  look.disabled = true; // until there is something to look back at
  const strip = ui.add(document.createElement("div"));
  strip.className = "lab-digits";
  const [heading, list] = [document.createElement("p"), document.createElement("ul")];
  strip.append(heading, list);
  const drawSoon = ui.frame(draw);
  const soon = ui.frame(start); // a moving slider starts one run per frame at most
  tellLabels();
  ui.say(`${TRAIN} digits, one hidden layer of 128 units: 9,610 parameters, not trained yet. ${CHANCE}`);

  /** The labels that the network will be told. From the same seed, more of them differ the larger the share is. */
  function tellLabels() {
    told = engine.corrupt(data.y, share, CLASSES, engine.generator(seed, "labels"));
    draw();
  }

  function start() {
    stop?.();
    history = [];
    looked = null;
    look.value = EPOCHS;
    look.disabled = true;
    button.textContent = "Train again";
    tellLabels();
    const job = {
      run: "train", data: { x: data.x, features: 64, classes: CLASSES }, told, test, hidden: [128], seed,
      epochs: EPOCHS, looks: LOOKS, batch: 50, optimizer: "sgd", lr: 0.1, momentum: 0.9, tell: true,
    };
    stop = labPool({
      jobs: [job],
      report: (_, result) => {
        history.push(result);
        drawSoon();
        if (performance.now() - saidAt > 600) say();
      },
      done: () => {
        stop = null;
        look.disabled = false;
        draw();
        say();
      },
      fail: (message) => {
        stop = null;
        ui.say(`The network cannot be trained here: ${message}.`);
      },
    });
  }

  /** The epoch that is looked at: the last one, if no other was chosen. */
  function now() {
    return history.find(({ epoch }) => epoch === looked) ?? history.at(-1);
  }

  function words() {
    const { epoch, train, test, seen } = now();
    const best = history.filter((h) => h.epoch <= epoch).reduce((a, b) => (b.test < a.test ? b : a));
    const rose = test - best.test > 0.02 ? ` (${percent(best.test)} after epoch ${best.epoch})` : "";
    const wrong = told.map((_, i) => i).filter((i) => told[i] !== data.y[i]);
    const as = (labels) => wrong.filter((i) => seen[i] === labels[i]).length;
    const of = wrong.length ? ` Of ${wrong.length} digits with a wrong label it answers ${as(data.y)} as they are and ${as(told)} as it was told. ${CHANCE}` : "";
    return `Epoch ${epoch}: ${percent(train)} of the labels as told are missed, ${percent(test)} of new digits${rose}.${of}`;
  }

  function say() {
    saidAt = performance.now();
    ui.say(words());
  }

  function draw() {
    const wrong = told.filter((label, i) => label !== data.y[i]).length / TRAIN;
    const marks = [{ rule: 1 - 1 / CLASSES, across: true, color: "threshold", label: "guessing" }];
    if (wrong && share < 1) {
      marks.push({ rule: wrong, across: true, color: "random-labels" }, { note: "wrong labels", at: [1.1, wrong - 0.06], color: "random-labels" });
    }
    const line = (part, label, dash) => ({ line: [history.map((h) => h.epoch), history.map((h) => h[part])], color: part, label, dash });
    if (looked) marks.push({ rule: now().epoch, color: "threshold" });
    if (history.length) marks.push(line("train", "labels as told", "7 4"), line("test", "new digits"));
    plot.draw({ marks, alt: history.length ? words() : `${percent(wrong)} of the labels are wrong; nothing is trained yet.` });
    drawStrip();
  }

  /** Digits whose label is wrong, with what the network answers; where there are none, new digits that it gets wrong. */
  function drawStrip() {
    const last = now();
    let rows = seen.map((image, i) => ({ ...image, told: told[i], answer: last?.seen[i] })).filter((row) => row.told !== row.label);
    let title = "Training digits with a wrong label";
    if (!rows.length && last) {
      rows = unseen.map((image, i) => ({ ...image, answer: last.unseen[i] })).filter((row) => row.answer !== row.label);
      title = "New digits that it gets wrong";
    }
    heading.textContent = rows.length ? title : "No label is wrong.";
    rows = rows.slice(0, 12);
    while (list.childElementCount > rows.length) list.lastChild.remove();
    rows.forEach(({ shades, label, told, answer }, i) => {
      const item = list.children[i] ?? list.appendChild(tile());
      const says = [told === undefined ? "" : `told ${told},`, `is ${label},`, `answers ${answer ?? "–"}`];
      const kinds = ["told", "true", answer === undefined ? "" : answer === told ? "told" : answer === label ? "true" : ""];
      const [picture, ...lines] = item.children;
      shades.forEach((shade, k) => picture.children[k].setAttribute("fill-opacity", shade / 16));
      lines.forEach((line, k) => {
        line.textContent = says[k];
        line.className = kinds[k];
      });
    });
  }

  /** An empty 8 × 8 picture, with room for three lines of words. */
  function tile() {
    const SVG = "http://www.w3.org/2000/svg";
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("viewBox", "0 0 8 8");
    picture.setAttribute("aria-hidden", "true"); // the words below say all
    for (let i = 0; i < 64; i++) {
      const square = document.createElementNS(SVG, "rect");
      for (const [name, value] of Object.entries({ x: i % 8, y: i >> 3, width: 1.02, height: 1.02 })) square.setAttribute(name, value);
      picture.append(square);
    }
    const item = document.createElement("li");
    item.append(picture, ...[0, 1, 2].map(() => document.createElement("span")));
    return item;
  }
});

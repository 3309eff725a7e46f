// "Networks at the threshold": a hundred networks train in the page, and the curve of their error against size draws itself.
"use strict";

lab("threshold", (ui) => {
  const WIDTHS = [3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 27, 33, 40, 50, 65, 85, 110, 150, 200];
  const SEEDS = 5, N = 300, CLASSES = 10;
  const LOOKS = [5, 8, 12, 18, 25, 35, 50, 70, 100, 140, 200]; // epochs: the chapter's
  const TOTAL = WIDTHS.length * SEEDS;
  const RECIPES = { adam: { optimizer: "adam", lr: 0.005 }, sgd: { optimizer: "sgd", lr: 0.05, momentum: 0.9 } }; // the chapter's, too
  const T = 2.776; // of Student's distribution: a 95 % band from five seeds
  const parameters = WIDTHS.map((width) => 51 * width + 10);
  const percent = (share) => `${Math.round(100 * share)}\u00a0%`;
  const chosen = { wrong: 0.2, optimizer: "adam", epoch: LOOKS.at(-1) };
  let stop = null, begun = 0, saidAt = 0;
  let shown = null; // the run that is drawn: what was chosen for it, its errors by epoch and width, how many networks are through
  let before = null; // the finished one that it replaces

  ui.row();
  ui.choice({
    label: "Wrong labels", value: chosen.wrong, options: [0, 0.1, 0.2, 0.4].map((share) => [share, percent(share)]),
    change: (wrong) => choose({ wrong }),
  });
  ui.choice({
    label: "Optimizer", value: chosen.optimizer, options: [["adam", "Adam"], ["sgd", "SGD, momentum"]],
    change: (optimizer) => choose({ optimizer }),
  });
  ui.row();
  ui.slider({
    label: "Look after epoch", values: LOOKS, value: chosen.epoch,
    change: (epoch) => {
      chosen.epoch = epoch;
      draw();
      if (shown) say();
    },
  });
  const button = ui.button(`Train ${TOTAL} networks`, () => (stop ? halt() : start()));
  const plot = ui.plot({
    label: "Error of networks against their number of parameters",
    height: (width) => (width < 520 ? 300 : 360),
    x: { label: "parameters", min: 150, max: 11000, log: true },
    y: { label: "misclassified", min: 0, max: 0.6, ticks: [0, 0.2, 0.4, 0.6, 0.8], format: percent },
  });
  const drawSoon = ui.frame(draw);
  draw();
  ui.say(`${WIDTHS.length} widths from ${WIDTHS[0]} to ${WIDTHS.at(-1)} units, ${SEEDS} seeds each: nothing is trained yet.`);

  function choose(what) {
    Object.assign(chosen, what);
    if (stop || shown?.through === TOTAL) start(); // the other choice at once, but after a halt it waits for the button
  }

  function start() {
    stop?.();
    if (shown?.through === TOTAL) before = shown;
    const { wrong, optimizer } = chosen;
    const first = shown ? shown.first + SEEDS : 0; // other data, labels and weights each time
    const run = { wrong, optimizer, first, through: 0, errors: new Map(LOOKS.map((epoch) => [epoch, WIDTHS.map(() => [])])) };
    const how = { run: "threshold", n: N, tests: 1000, wrong, epochs: LOOKS.at(-1), looks: LOOKS, batch: 50, ...RECIPES[optimizer] };
    const seeds = Array.from({ length: SEEDS }, (_, i) => first + i);
    shown = run;
    begun = performance.now();
    button.textContent = "Stop";
    stop = labPool({
      // A whole curve of the first seed, then of the next; of each the widest first, since they take longest
      jobs: seeds.flatMap((seed) => [...WIDTHS].reverse().map((width) => ({ ...how, width, seed }))),
      report: ({ width }, { epoch, train, test }) => {
        run.errors.get(epoch)[WIDTHS.indexOf(width)].push({ train, test });
        if (epoch === LOOKS.at(-1)) run.through += 1;
        drawSoon();
        say(false);
      },
      done: () => ended(` in ${((performance.now() - begun) / 1000).toFixed(1)} seconds`),
      fail: (message) => {
        ended();
        ui.say(`The networks cannot be trained here: ${message}.`);
      },
    });
    draw();
    say();
  }

  function halt() {
    stop();
    ended();
  }

  function ended(time = "") {
    stop = null;
    button.textContent = `Train ${TOTAL} new networks`;
    draw();
    say(true, time);
  }

  /** Means over seeds, their 95 % bands where all seeds are there, and what a reader would point at, after the epoch looked at. */
  function summary(run) {
    const rows = run.errors.get(chosen.epoch);
    const at = (part) => {
      const means = rows.map((row) => row.reduce((sum, each) => sum + each[part], 0) / row.length); // NaN where there is none
      const half = rows.map((row, i) =>
        row.length < SEEDS ? NaN : T * Math.sqrt(row.reduce((sum, each) => sum + (each[part] - means[i]) ** 2, 0) / (SEEDS - 1) / SEEDS));
      return { means, half };
    };
    const [train, test] = [at("train"), at("test")];
    return { train, test, peak: peakAndDip(test.means), fits: justFits(train.means) };
  }

  /**
   * As the chapter's measure: the size whose error is highest above the smallest before it, so that the first descent does not
   * count. Null without a rise and a fall of two points.
   */
  function peakAndDip(errors) {
    const there = [...errors.keys()].filter((i) => !Number.isNaN(errors[i]));
    let dip = there[0], found = null;
    for (const i of there.slice(1, -1)) {
      if (!found || errors[i] - errors[dip] > found.rise) found = { at: i, dip, rise: errors[i] - errors[dip] };
      if (errors[i] < errors[dip]) dip = i;
    }
    const fall = found && errors[found.at] - errors[there.at(-1)];
    return found && found.rise >= 0.02 && fall >= 0.02 ? found : null;
  }

  /** The number of parameters at which 5 % of the labels as given are missed. */
  function justFits(errors) {
    const i = errors.findIndex((error, j) => error <= 0.05 && errors[j - 1] > 0.05);
    if (i < 1) return null;
    const part = (errors[i - 1] - 0.05) / (errors[i - 1] - errors[i]);
    return parameters[i - 1] * (parameters[i] / parameters[i - 1]) ** part;
  }

  /** What the test error does, from the narrowest network that is there to the widest. */
  function words({ test, peak }, through) {
    const so = through < TOTAL ? " so far" : "";
    const there = [...WIDTHS.keys()].filter((i) => !Number.isNaN(test.means[i]));
    if (!there.length) return "no network is through yet";
    const at = (i) => `${percent(test.means[i])} at ${WIDTHS[i]} units`;
    const ends = [at(there[0]), at(there.at(-1))];
    if (!peak) return `test error${so} ${ends.join(", ")}, no peak between`;
    return `test error${so} lowest ${at(peak.dip)}, peak ${at(peak.at)} (${parameters[peak.at].toLocaleString("en-US")} parameters), then ${ends[1]}`;
  }

  function say(now = true, time = "") {
    if (!now && performance.now() - saidAt < 600) return;
    saidAt = performance.now();
    const { wrong, optimizer, through } = shown;
    const how = `${percent(wrong)} wrong labels, ${optimizer === "adam" ? "Adam" : "SGD"}, epoch ${chosen.epoch}`;
    ui.say(`${through} of ${TOTAL} networks${time}. ${how}: ${words(summary(shown), through)}.`);
  }

  function draw() {
    const marks = [{ rule: N * CLASSES, color: "threshold", label: "examples × classes" }];
    let alt = "Nothing is trained yet.", max = 0.6;
    if (shown) {
      const { train, test, peak, fits } = summary(shown);
      const curve = ({ means, half }, color, label) => {
        const there = [...means.keys()].filter((i) => !Number.isNaN(means[i]));
        const pick = (values) => there.map((i) => values[i]);
        const banded = [...half.keys()].filter((i) => !Number.isNaN(half[i]));
        const edge = (sign) => banded.map((i) => Math.max(0, means[i] + sign * half[i]));
        return [
          { band: [banded.map((i) => parameters[i]), edge(-1), edge(1)], color },
          { line: [pick(parameters), pick(means)], color, label, dash: color === "train" ? "7 4" : undefined },
          { points: [pick(parameters), pick(means)], color, size: 3 },
        ];
      };
      if ([...train.means, ...test.means].some((mean) => mean > 0.55)) max = 0.9;
      if (before) {
        const old = summary(before).test.means;
        marks.push({ line: [parameters, old], color: "threshold", width: 1.5, dash: "2 3", label: "test, before" });
      }
      if (fits) marks.push({ rule: fits, color: "train" }, { note: `${percent(0.05)} missed`, at: [1.06 * fits, 0.85 * max], color: "train" });
      marks.push(...curve(train, "train", "train"), ...curve(test, "test", "test"));
      if (peak) marks.push({ points: [[parameters[peak.at]], [test.means[peak.at]]], color: "test", size: 8, shape: "ring" });
      alt = `After epoch ${chosen.epoch}, ${shown.through} of ${TOTAL} networks being through: ${words({ test, peak }, shown.through)}.`;
      if (fits) alt += ` ${percent(0.05)} of the training labels are missed at about ${Math.round(fits)} parameters.`;
    }
    plot.draw({ marks, alt, y: { max } });
  }
});

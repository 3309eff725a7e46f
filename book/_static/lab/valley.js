// The valley: gradient descent, the gradient flow and the modified flow of L(a, b) = (1 - ab)² / 2 from one start.
//
// The modified flow is that of L + h/4 |∇L|², whose gradient is g + h/2 H g. Flows are followed by the Runge–Kutta method of
// order 4, with steps of a tenth of the fastest time there is at the place.
"use strict";

(() => {
  const TIME = 10;
  const STEPS = 600;
  const LEVELS = [0.003, 0.03, 0.12, 0.4, 1, 3];
  const times = Float64Array.from({ length: 140 }, (_, i) => (i ? 1e-3 * (TIME / 1e-3) ** ((i - 1) / 138) : 0));

  const gradient = ([a, b]) => [(a * b - 1) * b, (a * b - 1) * a];
  const bent = (h) => (point) => {
    const [a, b] = point;
    const [g, k] = gradient(point);
    const mixed = 2 * a * b - 1;
    return [g + (h / 2) * (b * b * g + mixed * k), k + (h / 2) * (mixed * g + a * a * k)];
  };
  // The largest eigenvalue of the Hessian.
  const sharpness = ([a, b]) => (a * a + b * b) / 2 + Math.hypot((a * a - b * b) / 2, 2 * a * b - 1);

  function descend(start, h, steps = STEPS) {
    const path = [start];
    for (let i = 0; i < steps; i++) {
      const [a, b] = path[i];
      const [g, k] = gradient(path[i]);
      path.push([a - h * g, b - h * k]);
      if (!(Math.hypot(...path[i + 1]) < 1e6)) break;
    }
    return path;
  }

  // The path at these ascending times, from 0 on, against a field; h is that of the modified flow, 0 for the gradient flow.
  function flow(start, h, at = times) {
    const field = h ? bent(h) : gradient;
    const path = [];
    let point = start;
    let time = 0;
    for (const next of at) {
      while (time < next) {
        const curvature = sharpness(point) + 1;
        const step = Math.min(0.1 / (curvature * (1 + (h * curvature) / 2)), next - time);
        const go = (slope, share) => [point[0] - share * step * slope[0], point[1] - share * step * slope[1]];
        const first = field(point);
        const second = field(go(first, 0.5));
        const third = field(go(second, 0.5));
        const last = field(go(third, 1));
        point = go([0, 1].map((i) => first[i] + 2 * second[i] + 2 * third[i] + last[i]), 1 / 6);
        time = next - time <= step ? next : time + step;
      }
      path.push(point);
    }
    return path;
  }

  lab.maths.valley = { descend, flow, sharpness };

  lab("valley", (ui) => {
    let start = [2.8, 0.05];
    const plan = ui.frame(show);
    const AXES = { x: { label: "a", min: 0, max: 3.2 }, y: { label: "b", min: -0.4, max: 1.6 } };
    ui.row();
    const step = ui.slider({ label: "Step size h", min: 0.02, max: 0.6, step: 0.005, value: 0.225, text: (h) => h.toFixed(3), change: plan });
    ui.button("Back to the start", () => {
      start = [2.8, 0.05];
      step.value = 0.225;
      show();
    });
    const valley = ui.plot({ label: "Three paths in the valley", height: (width) => (width < 500 ? 290 : 360), ...AXES });
    const gauge = ui.plot({
      label: "Step size times sharpness along the paths", height: 230,
      x: { label: "time: number of steps × h", min: 0, max: 6 }, y: { label: "h × sharpness", min: 0, max: 3 },
    });
    const minima = hyperbola(1);
    const contours = LEVELS.flatMap((level) => [1 - Math.sqrt(2 * level), 1 + Math.sqrt(2 * level)]).map(hyperbola);
    valley.handles({
      count: 1, step: [0.05, 0.05],
      at: () => start,
      move(_, a, b) {
        start = [a, b];
        plan();
      },
      name: () => "Start",
      text: place,
    });

    function place() {
      return `a = ${lab.fixed(start[0])}, b = ${lab.fixed(start[1])}`;
    }

    function hyperbola(product) {
      const as = Array.from({ length: 160 }, (_, i) => 0.02 * (AXES.x.max / 0.02) ** (i / 159));
      const seen = as.filter((a) => Math.abs(product / a) < 3);
      return [seen, seen.map((a) => product / a)];
    }

    const columns = (path) => [path.map(([a]) => a), path.map(([, b]) => b)];

    function show() {
      const h = step.value;
      const descent = descend(start, h);
      const left = Math.hypot(...descent.at(-1)) > 1e3;
      const paths = [
        { name: "gradient flow", color: "test", path: flow(start, 0), time: times, until: `by time ${TIME}` },
        { name: "modified flow", color: "train", dash: "7 5", path: flow(start, h), time: times, until: `by time ${TIME}` },
        { name: "gradient descent", color: "ink", path: descent, time: descent.map((_, i) => i * h), width: 1, until: `after ${STEPS} steps` },
      ];
      const products = paths.map(({ path }) => path.map((point) => h * sharpness(point)));
      const steps = columns(descent);
      valley.draw({
        marks: [
          ...contours.map((line) => ({ line, color: "noise", width: 0.8, opacity: 0.7 })),
          { line: minima, color: "threshold", dash: "2 4" },
          ...paths.map(({ name, color, dash, path, width }) => ({ line: columns(path), color, dash, width, label: name })),
          { points: steps, size: 3 },
          { points: [[start[0]], [start[1]]], size: 6 },
        ],
        alt: `From ${place()}: ${ends()}`,
      });
      const seen = products[2].filter((_, i) => i * h <= 6);
      const top = Math.max(3, Math.min(6, Math.ceil(Math.max(...seen, products[0].at(-1)))));
      gauge.draw({
        marks: [
          { rule: 2, across: true, color: "threshold", label: "2" },
          ...paths.map(({ name, color, dash, time, width }, k) => ({ line: [time, products[k]].map((all) => all.filter((_, i) => time[i] <= 6)), color, dash, width, label: name })),
          { points: [paths[2].time, products[2]], size: 3 },
        ],
        y: { max: top },
        alt: `All start at h × sharpness ${lab.fixed(products[0][0])}. ${ends()}`,
      });
      ui.say(`h = ${h.toFixed(3)}. ${ends()}`);

      // Where each path ends, if it is at rest in a minimum: elsewhere, and at the saddle, its last sharpness says nothing.
      function ends() {
        const said = paths.map(({ path, until }, k) => {
          const [a, b] = path.at(-1);
          if (k === 2 && left) return "leaves the valley";
          if ((a * b - 1) ** 2 > 1e-6) return `has not come to rest ${until}`;
          return `ends at sharpness ${lab.fixed(sharpness([a, b]))}, h × sharpness ${lab.fixed(h * sharpness([a, b]))}`;
        });
        return `The gradient flow ${said[0]}; the modified flow ${said[1]}; descent ${said[2]}.`;
      }
    }

    show();
  });
})();

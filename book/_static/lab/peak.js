// The peak you can compute: twenty points, a polynomial with 1 to 100 coefficients, and its error against the truth.
//
// The features are Legendre polynomials, of mean square 1 on [-1, 1]. Of all fits that are equally good the one with the
// smallest Σ c_j² is taken, or the smoothest, with the smallest Σ c_j² (1 + j (j + 1))²: j (j + 1) are the eigenvalues of the
// operator f ↦ -((1 - x²) f')', so that bends are dear. Both are the minimum norm, of features of different sizes. Each number
// of coefficients has one singular value decomposition, made once; a move of a point or of the penalty is a few small products.
"use strict";

(() => {
  const POINTS = 20;
  const COUNTS = [...Array.from({ length: 30 }, (_, i) => i + 1), 32, 34, 36, 38, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100];
  const MOST = COUNTS.at(-1);
  const PENALTIES = [0, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
  const SETS = 100;
  const [LOW, HIGH] = [1e-3, 1e5]; // the ends of the axis of errors
  const evenly = (count) => Float64Array.from({ length: count }, (_, i) => -1 + (2 * i) / (count - 1));
  const truth = (x) => Math.sin(5 * x);
  const inputs = evenly(POINTS);
  const grid = evenly(201);
  const dot = (a, b) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
    return sum;
  };

  // The features at some points, one array for each feature.
  function legendre(at) {
    const columns = [at.map(() => 1), at.slice()];
    for (let j = 1; j < MOST - 1; j++) {
      columns.push(at.map((x, i) => ((2 * j + 1) * x * columns[j][i] - j * columns[j - 1][i]) / (j + 1)));
    }
    return columns.map((column, j) => column.map((value) => value * Math.sqrt(2 * j + 1)));
  }

  // The left singular vectors of a matrix and its singular values, all by columns: one-sided Jacobi turns the columns until they are
  // orthogonal, and then their lengths are the singular values.
  function decompose(columns) {
    const squares = Float64Array.from(columns, (column) => dot(column, column));
    for (let sweep = 0, turned = true; turned && sweep < 40; sweep++) {
      turned = false;
      for (let i = 0; i < columns.length - 1; i++) {
        for (let j = i + 1; j < columns.length; j++) {
          const [a, b] = [columns[i], columns[j]];
          const along = dot(a, b);
          if (Math.abs(along) <= 1e-13 * Math.sqrt(squares[i] * squares[j])) continue;
          turned = true;
          const half = (squares[j] - squares[i]) / (2 * along);
          const tan = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.hypot(1, half));
          const cos = 1 / Math.hypot(1, tan);
          const sin = cos * tan;
          for (let k = 0; k < a.length; k++) {
            const first = a[k];
            a[k] = cos * first - sin * b[k];
            b[k] = sin * first + cos * b[k];
          }
          squares[i] = dot(a, a);
          squares[j] = dot(b, b);
        }
      }
    }
    const sizes = Float64Array.from(columns, (column) => Math.sqrt(dot(column, column)));
    columns.forEach((column, i) => column.forEach((_, k) => (column[k] /= sizes[i])));
    return { seen: columns, sizes };
  }

  // The lower triangle L of X = L Q for a matrix X of more columns than rows, given by its rows (Gram–Schmidt); L by columns.
  function triangle(rows) {
    const lower = rows.map(() => new Float64Array(rows.length));
    for (let i = 0; i < rows.length; i++) {
      const size = Math.sqrt(dot(rows[i], rows[i]));
      rows[i].forEach((_, k) => (rows[i][k] /= size));
      lower[i][i] = size;
      for (let j = i + 1; j < rows.length; j++) {
        const along = dot(rows[i], rows[j]);
        for (let k = 0; k < rows[j].length; k++) rows[j][k] -= along * rows[i][k];
        lower[i][j] = along;
      }
    }
    return lower;
  }

  const atInputs = legendre(inputs);
  const atGrid = legendre(grid);
  const answers = grid.map(truth);
  const known = { small: new Map(), smooth: new Map() };

  // For each number of coefficients the directions in which a fit can go: labels along `seen` [direction][point] become
  // curves on the grid. And what the error needs of them.
  function prepare(norm) {
    const size = (j) => (norm === "smooth" ? 1 / (1 + j * (j + 1)) : 1);
    const kernel = Array.from(inputs, () => new Float64Array(grid.length)); // Σ ψ_j(x) ψ_j(x_i), by points
    const features = [];
    for (const count of COUNTS) {
      for (let j = features.length; j < count; j++) {
        features.push(atInputs[j].map((value) => value * size(j)));
        kernel.forEach((column, i) => {
          const weight = features[j][i] * size(j);
          for (let k = 0; k < column.length; k++) column[k] += weight * atGrid[j][k];
        });
      }
      const columns = count > POINTS
        ? triangle(Array.from(inputs, (_, i) => Float64Array.from(features, (feature) => feature[i])))
        : features.map((feature) => feature.slice());
      const { seen, sizes } = decompose(columns);
      const curves = seen.map((direction, k) => {
        const curve = new Float64Array(grid.length);
        kernel.forEach((column, i) => {
          const weight = direction[i] / sizes[k];
          for (let g = 0; g < curve.length; g++) curve[g] += weight * column[g];
        });
        return curve;
      });
      const products = curves.map(() => new Float64Array(curves.length));
      curves.forEach((curve, k) => {
        for (let l = 0; l <= k; l++) products[k][l] = products[l][k] = dot(curve, curves[l]) / grid.length;
      });
      const withTruth = Float64Array.from(curves, (curve) => dot(curve, answers) / grid.length);
      known[norm].set(count, { seen, sizes, curves, products, withTruth });
    }
  }

  function directions(norm, count) {
    if (!known[norm].size) prepare(norm);
    return known[norm].get(count);
  }

  // How far a fit to labels y goes in each direction; a penalty λ on the squared norm of the coefficients holds it back.
  function amounts({ seen, sizes }, y, penalty) {
    const far = new Float64Array(sizes.length);
    for (let k = 0; k < far.length; k++) far[k] = (dot(seen[k], y) * sizes[k]) / (sizes[k] * sizes[k] + penalty);
    return far;
  }

  function curveOf(norm, count, penalty, y) {
    const ways = directions(norm, count);
    const far = amounts(ways, y, penalty);
    const curve = new Float64Array(grid.length);
    ways.curves.forEach((way, k) => way.forEach((value, i) => (curve[i] += far[k] * value)));
    return curve;
  }

  // Mean squared distance to the truth, over the grid.
  const power = dot(answers, answers) / grid.length;
  function errorOf(norm, count, penalty, y) {
    const ways = directions(norm, count);
    const far = amounts(ways, y, penalty);
    let error = power;
    for (let k = 0; k < far.length; k++) error += far[k] * (dot(ways.products[k], far) - 2 * ways.withTruth[k]);
    return Math.max(error, 1e-12); // below lies rounding
  }

  // Independent standard normal numbers that a seed determines (mulberry32, Box–Muller).
  function normals(seed, count) {
    let state = Math.imul(seed + 1, 0x9e3779b9);
    const uniform = () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    return Float64Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()));
  }

  const quantile = (sorted, share) => sorted[Math.round(share * (sorted.length - 1))];

  lab.maths.peak = { inputs, grid, curveOf, errorOf, counts: COUNTS };

  const truthLine = [grid, answers];

  lab("peak", (ui) => {
    const [plan, redraw, measure] = [show, draw, remeasure].map(ui.frame);
    let seed = 0;
    let batch = 0;
    let labels; // of the points
    const moved = new Map(); // those of the points that the reader has moved: the noise does not reach them
    let noises = []; // of the many training sets
    let sets = []; // their labels
    let fan = null; // their fits, for these settings
    let spread = null; // of their errors: for each number of coefficients [low, middle, high]

    ui.row();
    const count = ui.slider({ label: "Coefficients", values: COUNTS, value: 20, change: plan });
    const noise = ui.slider({ label: "Noise", min: 0, max: 1, step: 0.05, value: 0.3, change: redraw });
    const penalty = ui.slider({
      label: "Ridge penalty", values: PENALTIES, value: 0, change: measure,
      text: (value) => (value ? value.toLocaleString("en-US", { maximumFractionDigits: 6 }) : "none"),
    });

    const fit = ui.plot({
      label: "The fit to twenty points", height: (width) => (width < 500 ? 250 : 290),
      x: { label: "x", min: -1.04, max: 1.04, ticks: [-1, -0.5, 0, 0.5, 1] }, y: { label: "y", min: -3, max: 3 },
    });
    const errors = ui.plot({
      label: "Test error against the number of coefficients", height: (width) => (width < 500 ? 240 : 260),
      x: { label: "coefficients", min: 1, max: MOST, log: true, ticks: [1, 2, 5, 10, 20, 50, 100] },
      y: { label: "test error (squared distance to the truth)", min: LOW, max: HIGH, log: true, ticks: [0.001, 0.1, 10, 1000, 1e5] },
    });
    ui.row();
    const norm = ui.choice({
      label: "Of equally good fits, take the one with the smallest", value: "small", change: remeasure,
      options: [["small", "coefficients"], ["smooth", "bends"]],
    });
    ui.row();
    ui.button("New points", () => {
      seed += 1;
      moved.clear();
      noises = [];
      draw();
    });
    ui.button("100 new training sets", () => {
      batch += 1;
      noises = Array.from({ length: SETS }, (_, i) => normals(1e6 + batch * SETS + i, POINTS));
      remeasure();
    });

    function clip(value) {
      return Math.min(Math.max(value, LOW), HIGH);
    }

    // Beyond the axis lies rounding, or what nobody compares.
    function words(error) {
      return error < LOW ? "below 0.001" : error > HIGH ? "above 100,000" : lab.number(error);
    }

    function draw() {
      const z = normals(seed, POINTS);
      labels = inputs.map((x, i) => moved.get(i) ?? truth(x) + noise.value * z[i]);
      remeasure();
    }

    function remeasure() {
      sets = noises.map((z) => inputs.map((x, i) => truth(x) + noise.value * z[i]));
      spread = sets.length && COUNTS.map((each) => {
        const found = Float64Array.from(sets, (y) => errorOf(norm.value, each, penalty.value, y)).sort();
        return [0.1, 0.5, 0.9].map((share) => quantile(found, share));
      });
      show();
    }

    function fanOf(settings) {
      const line = [[], []];
      for (const set of sets) {
        const curve = curveOf(...settings, set);
        for (let i = 0; i < grid.length; i += 2) {
          line[0].push(grid[i]);
          line[1].push(curve[i]);
        }
        line[0].push(NaN);
        line[1].push(NaN);
      }
      return line;
    }

    function show() {
      const now = count.value;
      const settings = [norm.value, now, penalty.value];
      const curve = curveOf(...settings, labels);
      const found = COUNTS.map((each) => errorOf(norm.value, each, penalty.value, labels));
      const place = COUNTS.indexOf(now);
      if (fan?.key !== String([settings, batch, noise.value, sets.length])) fan = { key: String([settings, batch, noise.value, sets.length]), line: fanOf(settings) };
      fit.draw({
        marks: [
          ...(sets.length ? [{ line: fan.line, color: "variance", width: 0.8, opacity: 0.22 }] : []),
          { line: truthLine, color: "true-labels", dash: "7 5", label: "truth" },
          { line: [grid, curve], color: "variance", width: 2.5, label: "fit" },
          { points: [inputs, labels] },
        ],
        alt: `${now} coefficients; the fit lies between ${lab.number(Math.min(...curve))} and ${lab.number(Math.max(...curve))}, the truth between −1 and 1.`,
      });
      const said = (i) => `${words(found[i])} with ${COUNTS[i]}`;
      // Of several beyond the axis, the first.
      const extreme = (value) => {
        const shown = found.map(clip);
        const i = shown.indexOf(clip(value));
        return found[i] === shown[i] ? said(i) : said(i).replace(" with", ", first with");
      };
      const lowest = extreme(Math.min(...found));
      const highest = extreme(Math.max(...found));
      errors.draw({
        marks: [
          ...(spread ? [
            { band: [COUNTS, spread.map(([low]) => clip(low)), spread.map(([, , high]) => clip(high))], color: "test", label: "80 of 100 sets" },
            { line: [COUNTS, spread.map(([, middle]) => clip(middle))], color: "test", dash: "2 5", label: "their median" },
          ] : []),
          { rule: POINTS, color: "threshold", label: "20 points" },
          { line: [COUNTS, found.map(clip)], color: "test", label: "these points" },
          { points: [[now], [clip(found[place])]], color: "test", size: 6 },
        ],
        alt: `The error is ${said(0)} coefficient, lowest (${lowest}), highest (${highest}), and ${said(COUNTS.length - 1)}.` +
          (spread ? ` Of 100 training sets, the median with ${now} is ${words(spread[place][1])}.` : ""),
      });
      ui.say(
        `${now} ${now === 1 ? "coefficient" : "coefficients"}: test error ${words(found[place])}. ` +
          `Lowest: ${lowest}; highest: ${highest}; ${said(COUNTS.length - 1)}.`,
      );
    }

    ui.seen(() => {
      draw();
      fit.handles({
        count: POINTS, axis: "y", reach: 12 /* so that a finger can scroll between them */, step: [0, 0.1],
        at: (i) => [inputs[i], labels[i]],
        move(i, _, y) {
          labels[i] = y;
          moved.set(i, y);
          plan();
        },
        name: (i) => `Point ${i + 1} of ${POINTS}`,
        text: (i) => `y = ${lab.fixed(labels[i])}, truth ${lab.fixed(truth(inputs[i]))}`,
      });
      errors.handles({
        count: 1, axis: "x", color: "test",
        at: () => [count.value, clip(errorOf(norm.value, count.value, penalty.value, labels))],
        move(_, x) {
          const near = COUNTS.map((each) => Math.abs(Math.log(each / x)));
          count.value = COUNTS[near.indexOf(Math.min(...near))];
          plan();
        },
        step: () => [count.value < 30 ? 1 : count.value < 40 ? 2 : 5, 0],
        name: () => "Number of coefficients",
        text: () => `${count.value} coefficients, test error ${words(errorOf(norm.value, count.value, penalty.value, labels))}`,
      });
      setTimeout(() => directions("smooth", 1), 200); // so that the choice answers at once
    });
  });
})();

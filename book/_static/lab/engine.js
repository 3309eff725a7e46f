// The lab's engine: small ReLU networks that train in the page, on typed arrays and without a library.
//
// It mirrors the book's stacked engine. A stack is a few networks over one set of examples; all of their weights lie in one
// array, network after network, and what passes through a network lies as [feature, example]. The backward pass is written
// out. SGD with momentum and Adam are PyTorch's, initial weights are drawn as PyTorch's layers draw them. Numbers are 64-bit:
// in JavaScript 32 bits are not faster, since every product is computed in 64. tests/test_lab_engine.py holds it to PyTorch.
//
//   labEngine()             the functions below; they need nothing else, so that their text can become a worker's program
//   labPool({ ... })        does jobs in workers, one per core, at the end of this file
"use strict";

function labEngine() {
  "use strict"; // again, since a worker has this text alone

  // --- Random numbers: every stream follows from a seed and from what it is for -------------------------------------

  /** Uniform numbers in [0, 1), whole numbers, normal ones and shuffles: sfc32, keyed by a seed and a text. */
  function generator(seed, purpose) {
    let state = [seed | 0, 0x9e3779b9, 0x243f6a88, 1];
    for (const letter of purpose) state[1] = Math.imul(state[1] ^ letter.charCodeAt(0), 0x01000193);
    let [a, b, c, d] = state;
    const bits = () => {
      const t = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = ((c << 21) | (c >>> 11)) + t | 0;
      return t >>> 0;
    };
    for (let i = 0; i < 16; i++) bits();
    const uniform = () => bits() / 4294967296;
    const below = (n) => Math.floor(uniform() * n);
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()); // Box–Muller
    const shuffle = (items) => {
      for (let i = items.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [items[i], items[j]] = [items[j], items[i]];
      }
      return items;
    };
    return { uniform, below, normal, shuffle };
  }

  // --- Examples ------------------------------------------------------------------------------------------------------

  /** Labels of which each is drawn anew from all classes with probability `share`, as Zhang et al. (2017) do. */
  function corrupt(labels, share, classes, random) {
    return labels.map((label) => {
      const [chance, drawn] = [random.uniform(), random.below(classes)];
      return chance < share ? drawn : label;
    });
  }

  // MNIST-1D (Greydanus and Kobak 2024): 12 points for each digit, and what is done to them
  const SHAPES = [
    [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5],
    [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
    [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5],
    [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
    [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5],
    [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
    [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5],
    [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
    [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5],
    [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
  ].map((points) => {
    const mean = points.reduce((a, b) => a + b) / points.length;
    const deviation = Math.sqrt(points.reduce((sum, p) => sum + (p - mean) ** 2, 0) / points.length);
    return points.map((p) => (p - points[0]) / deviation / 6);
  });
  const LONG = 72;
  const BLUR = Array.from({ length: 17 }, (_, i) => Math.exp(-((i - 8) ** 2) / 8));
  const BLUR_SUM = BLUR.reduce((a, b) => a + b);

  /** Values at n equally spaced places of a line through `points`. */
  function interpolate(points, n) {
    return Array.from({ length: n }, (_, i) => {
      const place = (i * (points.length - 1)) / (n - 1);
      const left = Math.min(Math.floor(place), points.length - 2);
      return points[left] + (place - left) * (points[left + 1] - points[left]);
    });
  }

  /** One MNIST-1D signal of 40 samples that is not moved: `draws` are uniform (pad, scale, shear) and normal (smooth, rough). */
  function signal(digit, { pad, scale, shear, smooth, rough }) {
    const padded = SHAPES[digit].map((p) => p + 1e-8); // so that only what is padded is exactly 0
    for (let i = 36 + Math.floor(pad * 25); i > 0; i--) padded.push(0);
    const factor = 1 + 0.4 * (scale - 0.5);
    const noisy = interpolate(padded, LONG).map((value, i) => {
      let sum = 0;
      for (let j = 0; j < BLUR.length; j++) {
        let from = i + j - 8; // reflected at both ends
        if (from < 0) from = -1 - from;
        if (from >= LONG) from = 2 * LONG - 1 - from;
        sum += BLUR[j] * smooth[from];
      }
      const background = (0.25 * sum) / BLUR_SUM;
      return (value === 0 ? background : value * factor) + 0.02 * rough[i] - 0.75 * (shear - 0.5) * (i / (LONG - 1) - 0.5);
    });
    return interpolate(noisy, 40);
  }

  /** MNIST-1D signals x [example · 40] and labels, as many of each digit, with mean 0 and variance 1 over all. */
  function signals(count, seed) {
    const random = generator(seed, "signals");
    const many = (draw) => Array.from({ length: LONG }, draw);
    const y = random.shuffle(Array.from({ length: count }, (_, i) => i % 10));
    const x = new Float64Array(40 * count);
    y.forEach((digit, i) => {
      const [pad, scale, shear] = [random.uniform(), random.uniform(), random.uniform()];
      const draws = { pad, scale, shear, smooth: many(random.normal), rough: many(random.normal) };
      x.set(signal(digit, draws), 40 * i);
    });
    const mean = x.reduce((a, b) => a + b) / x.length;
    const deviation = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length);
    return { x: x.map((v) => (v - mean) / deviation), y, features: 40, classes: 10 };
  }

  // --- Networks ------------------------------------------------------------------------------------------------------

  /**
   * C [m, n] = Σ_k A(i, k) · B(k, j), where A(i, k) lies at a0 + i · ai + k · ak and B(k, j) at k · bk + j · bj.
   * Two rows and four columns at a time: eight sums that stay in registers.
   */
  function multiply(C, c0, m, n, A, a0, ai, ak, B, b0, bk, bj, depth) {
    let i = 0;
    for (; i + 1 < m; i += 2) {
      let j = 0;
      for (; j + 3 < n; j += 4) {
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0, t0 = 0, t1 = 0, t2 = 0, t3 = 0;
        let a = a0 + i * ai, b = b0 + j * bj;
        for (let k = 0; k < depth; k++, a += ak, b += bk) {
          const u = A[a], v = A[a + ai];
          const x0 = B[b], x1 = B[b + bj], x2 = B[b + 2 * bj], x3 = B[b + 3 * bj];
          s0 += u * x0; s1 += u * x1; s2 += u * x2; s3 += u * x3;
          t0 += v * x0; t1 += v * x1; t2 += v * x2; t3 += v * x3;
        }
        const c = c0 + i * n + j;
        C[c] = s0; C[c + 1] = s1; C[c + 2] = s2; C[c + 3] = s3;
        C[c + n] = t0; C[c + n + 1] = t1; C[c + n + 2] = t2; C[c + n + 3] = t3;
      }
      for (; j < n; j++) {
        let s = 0, t = 0;
        for (let k = 0, a = a0 + i * ai, b = b0 + j * bj; k < depth; k++, a += ak, b += bk) {
          s += A[a] * B[b];
          t += A[a + ai] * B[b];
        }
        C[c0 + i * n + j] = s;
        C[c0 + (i + 1) * n + j] = t;
      }
    }
    if (i < m) {
      for (let j = 0; j < n; j++) {
        let s = 0;
        for (let k = 0, a = a0 + i * ai, b = b0 + j * bj; k < depth; k++, a += ak, b += bk) s += A[a] * B[b];
        C[c0 + i * n + j] = s;
      }
    }
  }

  /** Where the weights [out, in] and biases [out] of each layer lie, for networks with these hidden widths; and their number. */
  function layout(features, hidden, classes) {
    let size = 0;
    const networks = hidden.map((widths) => {
      const sizes = [features, ...widths, classes];
      return widths.concat(0).map((_, i) => {
        const [inputs, outputs] = [sizes[i], sizes[i + 1]];
        const layer = { inputs, outputs, weight: size, bias: size + inputs * outputs };
        size += (inputs + 1) * outputs;
        return layer;
      });
    });
    return { networks, size };
  }

  /**
   * Networks with ReLU on the same examples x [example · features]. `hidden`: their hidden widths, e.g. [[3], [50, 50]];
   * `optimizer`: "sgd" or "adam". Weights are 0 until they are drawn or set.
   */
  function stack({ x, features, classes, hidden, optimizer = "sgd", lr = 0.1, momentum = 0 }) {
    const { networks, size } = layout(features, hidden, classes);
    const values = new Float64Array(size), gradients = new Float64Array(size);
    const first = new Float64Array(size), second = new Float64Array(optimizer === "adam" ? size : 0);
    let steps = 0, room = 0, input, outputs, deltas;

    /** Uniform on ±1/√fan-in, the weights and then the biases of every layer: PyTorch's default. */
    function draw(network, random) {
      for (const { inputs, outputs, weight, bias } of networks[network]) {
        for (let i = weight; i < bias + outputs; i++) values[i] = (2 * random.uniform() - 1) / Math.sqrt(inputs);
      }
    }

    /** Memory for so many examples on their way through the widest network. */
    function reserve(examples) {
      if (examples <= room) return;
      room = examples;
      input = new Float64Array(features * examples);
      const deepest = Math.max(...networks.map((layers) => layers.length));
      const widest = (depth) => Math.max(...networks.map((layers) => layers[depth]?.outputs ?? 0));
      outputs = Array.from({ length: deepest }, (_, depth) => new Float64Array(widest(depth) * examples));
      deltas = outputs.map((o) => new Float64Array(o.length));
    }

    /** Outputs [class, example] of a network before the softmax for the examples in these rows of x. */
    function forward(network, x, rows) {
      const examples = rows.length;
      reserve(examples);
      for (let e = 0; e < examples; e++) {
        for (let f = 0, from = rows[e] * features; f < features; f++) input[f * examples + e] = x[from + f];
      }
      let before = input;
      networks[network].forEach(({ inputs, outputs: out, weight, bias }, depth, layers) => {
        const after = outputs[depth];
        multiply(after, 0, out, examples, values, weight, inputs, 1, before, 0, examples, 1, inputs);
        const last = depth === layers.length - 1;
        for (let o = 0, at = 0; o < out; o++) {
          const add = values[bias + o];
          for (let e = 0; e < examples; e++, at++) {
            const sum = after[at] + add;
            after[at] = sum > 0 || last ? sum : 0;
          }
        }
        before = after;
      });
      return before;
    }

    /** The gradient of the mean cross-entropy over these rows, into `gradients`; returns that mean. */
    function backward(network, labels, rows) {
      const layers = networks[network], examples = rows.length;
      const logits = forward(network, x, rows);
      let delta = deltas[layers.length - 1], loss = 0;
      for (let e = 0; e < examples; e++) {
        let largest = -Infinity, sum = 0;
        for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[c * examples + e]);
        for (let c = 0; c < classes; c++) sum += delta[c * examples + e] = Math.exp(logits[c * examples + e] - largest);
        const told = labels[rows[e]];
        loss += Math.log(sum) + largest - logits[told * examples + e];
        for (let c = 0; c < classes; c++) {
          const at = c * examples + e;
          delta[at] = (delta[at] / sum - (c === told ? 1 : 0)) / examples;
        }
      }
      for (let depth = layers.length - 1; depth >= 0; depth--) {
        const { inputs, outputs: out, weight, bias } = layers[depth];
        const before = depth ? outputs[depth - 1] : input;
        multiply(gradients, weight, out, inputs, delta, 0, examples, 1, before, 0, 1, examples, examples);
        for (let o = 0; o < out; o++) {
          let sum = 0;
          for (let e = 0; e < examples; e++) sum += delta[o * examples + e];
          gradients[bias + o] = sum;
        }
        if (depth === 0) break;
        const back = deltas[depth - 1];
        multiply(back, 0, inputs, examples, values, weight, 1, inputs, delta, 0, examples, 1, out);
        for (let i = 0; i < inputs * examples; i++) if (before[i] === 0) back[i] = 0; // ReLU passes nothing where it is 0
        delta = back;
      }
      return loss / examples;
    }

    /** One step of all networks, on their own labels and rows; returns their losses before it. */
    function step(labels, rows) {
      const losses = networks.map((_, network) => backward(network, labels[network], rows[network]));
      steps += 1;
      if (optimizer === "adam") {
        const rate = lr / (1 - 0.9 ** steps), root = Math.sqrt(1 - 0.999 ** steps);
        for (let i = 0; i < size; i++) {
          const g = gradients[i];
          first[i] = 0.9 * first[i] + 0.1 * g;
          second[i] = 0.999 * second[i] + 0.001 * g * g;
          values[i] -= (rate * first[i]) / (Math.sqrt(second[i]) / root + 1e-8);
        }
      } else {
        for (let i = 0; i < size; i++) {
          first[i] = momentum * first[i] + gradients[i];
          values[i] -= lr * first[i];
        }
      }
      return losses;
    }

    /** The class that a network answers for each of the examples x [example · features]. */
    function answers(network, x) {
      const count = x.length / features, found = [];
      for (let from = 0; from < count; from += 100) {
        const rows = Array.from({ length: Math.min(100, count - from) }, (_, i) => from + i);
        const logits = forward(network, x, rows);
        rows.forEach((_, e) => {
          let best = 0;
          for (let c = 1; c < classes; c++) if (logits[c * rows.length + e] > logits[best * rows.length + e]) best = c;
          found.push(best);
        });
      }
      return found;
    }

    return { values, gradients, networks, draw, forward, backward, step, answers };
  }

  /** The share of answers that differ from the labels. */
  const misses = (answers, labels) => answers.filter((answer, i) => answer !== labels[i]).length / labels.length;

  /**
   * Train one network from the seed on and report after the epochs in `looks` (all, without it): {epoch, train, test}, shares
   * misclassified of the labels as told and of the true ones in the test set; with `tell` also the answers on both sets.
   */
  function train({ data, told, test, hidden, seed, epochs, batch, looks, tell, ...how }, report) {
    const { x, features, classes } = data;
    const nets = stack({ x, features, classes, hidden: [hidden], ...how });
    nets.draw(0, generator(seed, "weights"));
    const random = generator(seed, "order");
    const order = Array.from(told, (_, i) => i);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      random.shuffle(order);
      for (let from = 0; from < order.length; from += batch) nets.step([told], [order.slice(from, from + batch)]);
      if (looks && !looks.includes(epoch) && epoch < epochs) continue;
      const [seen, unseen] = [nets.answers(0, x), nets.answers(0, test.x)];
      const result = { epoch, train: misses(seen, told), test: misses(unseen, test.y) };
      report(tell ? { ...result, seen, unseen } : result);
    }
  }

  const drawn = new Map(); // signals by seed

  /** The experiment of the chapter "Networks at the threshold" for one network: MNIST-1D, a share `wrong` of wrong labels. */
  function threshold({ seed, width, wrong, n, tests, ...how }, report) {
    if (!drawn.has(seed)) drawn.set(seed, signals(n + tests, seed));
    const { x, y, features, classes } = drawn.get(seed);
    const cut = n * features;
    const told = corrupt(y.slice(0, n), (wrong * classes) / (classes - 1), classes, generator(seed, "labels"));
    const test = { x: x.slice(cut), y: y.slice(n) };
    train({ data: { x: x.slice(0, cut), features, classes }, told, test, hidden: [width], seed, ...how }, report);
  }

  return { generator, corrupt, signal, signals, stack, train, threshold, misses };
}

/**
 * Workers, one per core and at most 8, that take the jobs in their order: the longest should come first. A job is
 * { run, ... }: labEngine()[run](job, report), whose reports come to report(job, result). done() after the last one;
 * fail(message) once, if a job or a worker fails. Returns a function that stops it all.
 */
function labPool({ jobs, report, done, fail }) {
  const program = `"use strict"; const engine = (${labEngine})();
    onmessage = ({ data: job }) => { engine[job.run](job, (result) => postMessage(result)); postMessage(null); };`;
  const address = URL.createObjectURL(new Blob([program], { type: "text/javascript" })); // a file:// page may start no other
  const count = Math.min(navigator.hardwareConcurrency || 2, 8, jobs.length);
  let next = 0, finished = 0;
  const workers = [];
  const stop = () => {
    for (const worker of workers) worker.terminate();
    workers.length = 0;
    URL.revokeObjectURL(address);
  };
  const start = (worker) => {
    const job = jobs[next++];
    if (!job) return;
    worker.onmessage = ({ data: result }) => {
      if (result) return report(job, result);
      finished += 1;
      start(worker);
      if (finished === jobs.length) {
        stop();
        done();
      }
    };
    worker.postMessage(job);
  };
  for (let i = 0; i < count; i++) {
    const worker = new Worker(address);
    workers.push(worker);
    worker.onerror = (event) => {
      stop();
      fail(event.message ?? "a worker did not start");
    };
    start(worker);
  }
  return stop;
}

if (typeof module === "object") module.exports = labEngine; // for the tests, in node

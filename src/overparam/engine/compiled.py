"""Steps of fully connected networks that are not wide, and of Adam, by some 250 lines of C, which the system's C compiler builds once.

A step of PyTorch's operations on a stack of narrow networks spends more time between the products than in them. Here one call
takes all layers of one network after the other forth, another one back, while what they need is still in the cache, and
no network is padded. Every sum is a chain of fused multiply-adds in the same order as in the matrix products that PyTorch
calls on x86, so that the numbers are mostly the same to the bit. Without a compiler the operations of PyTorch do all.
"""

import contextlib
import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from overparam import paths
from overparam.architectures.stacked import Layer

LANES = 8  # floats that the C code takes at a time
_OWN = "-mcpu=native" if platform.machine() in ("arm64", "aarch64") else "-march=native"  # all that the processor has
_FLAGS = ("-O3", _OWN, "-ffp-contract=fast", "-fno-math-errno", "-fPIC", "-shared")
_SOURCE = r"""
#include <stdint.h>
#include <string.h>

typedef float vec __attribute__((vector_size(32), aligned(4), may_alias));
typedef float wide_vec __attribute__((vector_size(64), aligned(4), may_alias)); /* of processors with AVX-512 */
enum { LANES = 8, ROWS = 4, VECTORS = 3 };
#define UP(n) (((n) + LANES - 1) / LANES * LANES)
#define MIN(a, b) ((a) < (b) ? (a) : (b))

typedef struct {
    int64_t networks, examples, layers, kept;
    int64_t apart;         /* from the inputs of one network to those of the next; 0 where they share them */
    const int64_t *units;  /* [network, layer + 1]: the inputs of each network, then the outputs of its layers */
    const int64_t *padded; /* [layer + 1]: the same as the stack holds them */
    float *inputs;         /* [network, example, input + 1]; the last is 1 */
    float *outputs;        /* [network, output, example] */
    float *work;           /* `kept` floats of activations for each network, then memory for one at a time */
} Pass;

#ifdef __x86_64__ /* compilers would load it again for each of the rows, which halves the speed */
#define IN_REGISTER(x) __asm__("" : "+v"(x))
#else
#define IN_REGISTER(x)
#endif

/* Some rows and vectors of C = A B + bias, or of C += A B + bias where there is `more` already.
   The sums of A B stay in registers, each one a chain of multiply-adds in the order of k, whatever the vectors' length. */
#define TILE_OF(name, type)                                                                                              \
    static inline __attribute__((always_inline)) void name(                                                              \
        int rows, int vectors, int64_t inner, const float *a, int64_t am, int64_t ak, const float *b, int64_t bk,        \
        float *c, int64_t cm, const float *bias, int more)                                                               \
    {                                                                                                                    \
        type sum[ROWS][VECTORS] = {0};                                                                                   \
        for (int64_t k = 0; k < inner; k++) {                                                                            \
            type right[VECTORS];                                                                                         \
            for (int v = 0; v < vectors; v++) {                                                                          \
                right[v] = ((const type *)(b + k * bk))[v];                                                              \
                IN_REGISTER(right[v]);                                                                                   \
            }                                                                                                            \
            for (int m = 0; m < rows; m++)                                                                               \
                for (int v = 0; v < vectors; v++)                                                                        \
                    sum[m][v] += a[m * am + k * ak] * right[v];                                                          \
        }                                                                                                                \
        for (int m = 0; m < rows; m++)                                                                                   \
            for (int v = 0; v < vectors; v++) {                                                                          \
                type *to = (type *)(c + m * cm) + v;                                                                     \
                if (bias)                                                                                                \
                    sum[m][v] += bias[m * am];                                                                           \
                if (more)                                                                                                \
                    sum[m][v] += *to;                                                                                    \
                *to = sum[m][v];                                                                                         \
            }                                                                                                            \
    }

TILE_OF(tile, vec)
#ifdef __AVX512F__
TILE_OF(wide_tile, wide_vec)
#endif

/* How many of those left to take at once: not 4 + 1 or 4 + 2, which would leave too few sums to keep the processor busy. */
#define ROWS_OF(left) ((left) == 5 || (left) == 6 ? 3 : (left) < ROWS ? (left) : ROWS)
#define VECTORS_OF(left) ((left) == 4 ? 2 : (left) < VECTORS ? (left) : VECTORS)
#define TILE(name, rows, vectors) \
    name(rows, vectors, inner, a + m * am, am, ak, b + n, bk, c + m * cm + n, cm, bias ? bias + m * am : 0, more)
#define CASE(name, rows) \
    case rows: vectors == 3 ? TILE(name, rows, 3) : vectors == 2 ? TILE(name, rows, 2) : TILE(name, rows, 1); break
#define ALL_ROWS(name)                                                                         \
    for (int64_t m = 0, some; m < rows; m += some) {                                           \
        some = ROWS_OF(rows - m);                                                              \
        switch (some) { CASE(name, 4); CASE(name, 3); CASE(name, 2); CASE(name, 1); }          \
    }

/* C [rows, columns] = A [rows, inner] B [inner, columns], whole vectors of columns; A has any strides. */
static void product(
    int64_t rows, int64_t columns, int64_t inner, const float *a, int64_t am, int64_t ak, const float *b, int64_t bk, float *c, int64_t cm,
    const float *bias, int more)
{
    int64_t n = 0, vectors;
#ifdef __AVX512F__
    for (; UP(columns - n) >= 2 * LANES; n += vectors * 2 * LANES) {
        vectors = VECTORS_OF(UP(columns - n) / (2 * LANES));
        ALL_ROWS(wide_tile)
    }
#endif
    for (; n < columns; n += vectors * LANES) {
        vectors = VECTORS_OF(UP(columns - n) / LANES);
        ALL_ROWS(tile)
    }
}

/* How many of so many multiply-adds are one chain; the sums of several are added. (As the matrix products of PyTorch do it.) */
static int64_t chain(int64_t inner)
{
    return inner <= 192 ? inner : inner < 384 ? inner / 2 : 192;
}

#ifdef __clang__
#define PICK(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int places __attribute__((vector_size(32)));
#define PICK(a, b, ...) __builtin_shuffle(a, b, (places){__VA_ARGS__})
#endif

/* B [columns, rows] = A [rows, columns] transposed, in whole blocks of 8 by 8. */
static void transpose(int64_t rows, int64_t columns, const float *a, int64_t am, float *b, int64_t bm)
{
    for (int64_t m = 0; m < rows; m += LANES)
        for (int64_t n = 0; n < columns; n += LANES) {
            vec r[LANES], s[LANES];
            for (int i = 0; i < LANES; i++)
                r[i] = *(const vec *)(a + (m + i) * am + n);
            for (int i = 0; i < LANES; i += 2) {
                s[i] = PICK(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
                s[i + 1] = PICK(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
            }
            for (int i = 0; i < LANES; i += 4)
                for (int j = i; j < i + 2; j++) {
                    r[j] = PICK(s[j], s[j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
                    r[j + 2] = PICK(s[j], s[j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
                }
            for (int j = 0; j < 4; j++) {
                *(vec *)(b + (n + j) * bm + m) = PICK(r[j], r[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
                *(vec *)(b + (n + j + 4) * bm + m) = PICK(r[j], r[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
            }
        }
}

/* Copy the examples in these rows [network, example] of the pool [example, input] into the inputs. */
void gather(const Pass *p, const float *pool, const int64_t *rows, int64_t apart)
{
    int64_t inputs = p->padded[0];
    for (int64_t k = 0; k < p->networks; k++)
        for (int64_t j = 0; j < p->examples; j++)
            memcpy(p->inputs + (k * p->examples + j) * (inputs + 1), pool + rows[k * apart + j] * inputs, inputs * sizeof(float));
}

/* From the inputs to the outputs. Of hidden layers the activations [unit, example] are kept. */
void forward(const Pass *p, const float *const *weights)
{
    int64_t n = p->examples, wide = UP(n), stride = p->padded[0] + 1;
    for (int64_t k = 0; k < p->networks; k++) {
        const int64_t *units = p->units + k * (p->layers + 1);
        float *in = p->work + p->networks * p->kept, *out = p->work + k * p->kept;
        transpose(n, units[0], p->inputs + k * p->apart, stride, in, wide);
        for (int64_t l = 0; l < p->layers; l++) {
            int64_t across = p->padded[l] + 1, some = chain(across);
            const float *w = weights[l] + k * p->padded[l + 1] * across, *bias = w + across - 1;
            for (int64_t i = 0; i < across; i += some)
                product(
                    units[l + 1], n, MIN(units[l] - i, some), w + i, across, 1, in + i * wide, wide, out, wide,
                    i + some >= across ? bias : 0, i > 0);
            if (l == p->layers - 1)
                for (int64_t o = 0; o < units[l + 1]; o++)
                    memcpy(p->outputs + (k * units[l + 1] + o) * n, out + o * wide, n * sizeof(float));
            else
                for (int64_t j = 0; j < units[l + 1] * wide; j++)
                    out[j] = out[j] < 0 ? 0 : out[j];
            in = out;
            out += units[l + 1] * wide;
        }
    }
}

/* To sums = beta · sums + gradient in the weights, from the predictions [network, output, example], the classes and the weights
   of the examples [network, example]; after `forward` with the same weights. With `move` the weights move by minus the sums. */
void backward(
    const Pass *p, float *const *weights, const float *predictions, const int64_t *classes, int64_t classes_apart,
    const float *shares, int64_t shares_apart, float *const *sums, float beta, int64_t move)
{
    int64_t n = p->examples, wide = UP(n), most = 0;
    for (int64_t l = 0; l <= p->layers; l++)
        most = p->padded[l] > most ? p->padded[l] : most;
    float *here = p->work + p->networks * p->kept, *below = here + most * wide;
    float *turned = below + most * wide, *found = turned + wide * UP(most + 1);
    for (int64_t k = 0; k < p->networks; k++) {
        const int64_t *units = p->units + k * (p->layers + 1);
        const float *in = p->work + k * p->kept;
        for (int64_t l = 1; l < p->layers; l++)
            in += units[l] * wide; /* past the last one that is kept */
        for (int64_t o = 0; o < units[p->layers]; o++)
            memcpy(here + o * wide, predictions + (k * units[p->layers] + o) * n, n * sizeof(float));
        for (int64_t j = 0; j < n && classes; j++)
            here[classes[k * classes_apart + j] * wide + j] -= 1;
        for (int64_t o = 0; o < units[p->layers]; o++)
            for (int64_t j = 0; j < n; j++)
                here[o * wide + j] *= shares[k * shares_apart + j];
        for (int64_t l = p->layers - 1; l >= 0; l--) {
            int64_t inputs = units[l], outputs = units[l + 1], across = p->padded[l] + 1, width = UP(inputs + 1);
            float *w = weights[l] + k * p->padded[l + 1] * across;
            const float *by_example = p->inputs + k * p->apart;
            if (l) {
                in -= inputs * wide;
                transpose(inputs, n, in, wide, turned, width);
                for (int64_t j = 0; j < n; j++)
                    turned[j * width + inputs] = 1;
                by_example = turned;
            }
            float *sum = sums[l] + k * p->padded[l + 1] * across;
            for (int64_t i = 0; i < outputs * across; i++)
                sum[i] = beta == 0 ? 0 : sum[i] * beta;
            int64_t apart = l ? width : across, some = chain(n);
            for (int64_t j = 0; j < n; j += some) {
                product(outputs, inputs + 1, MIN(n - j, some), here + j, wide, 1, by_example + j * apart, apart, found, width, 0, 0);
                for (int64_t o = 0; o < outputs; o++) {
                    for (int64_t i = 0; i < inputs; i++)
                        sum[o * across + i] += found[o * width + i];
                    sum[(o + 1) * across - 1] += found[o * width + inputs];
                }
            }
            if (l) {
                some = chain(p->padded[l + 1]);
                for (int64_t o = 0; o < outputs; o += some)
                    product(inputs, n, MIN(outputs - o, some), w + o * across, 1, across, here + o * wide, wide, below, wide, 0, o > 0);
                for (int64_t j = 0; j < inputs * wide; j++)
                    below[j] = in[j] <= 0 ? 0 : below[j];
                float *other = here;
                here = below;
                below = other;
            }
            for (int64_t i = 0; i < outputs * across && move; i++)
                w[i] -= sum[i];
        }
    }
}

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define FMA(a, b, c) __builtin_fmaf(a, b, c)
#else /* elsewhere it would be a call of a function for each weight */
#define FMA(a, b, c) ((a) * (b) + (c))
#endif

/* It rounds where PyTorch's operations do: Adam makes whole steps of gradients that are nothing but rounding. */
static inline __attribute__((always_inline)) void adam_one(
    int64_t count, float *restrict w, const float *restrict g, float *restrict mean, float *restrict square, const float *restrict factor,
    float rate, float first, float second, float added, float told, float epsilon)
{
    for (int64_t i = 0; i < count; i++) {
        mean[i] = FMA(first, g[i] - mean[i], mean[i]);
        square[i] = FMA(added * g[i], g[i], second * square[i]);
        float step = mean[i] / (__builtin_sqrtf(square[i] / told) + epsilon);
        w[i] = FMA(-(factor ? step * factor[i] : step), rate, w[i]);
    }
}

/* Adam for `count` weights of each network, which have a mean and a mean square of their gradients each, a rate for each network and a
   factor of the step (if any) for each weight. `first` is 1 - beta1, `second` beta2, `added` 1 - beta2, `told` 1 - beta2 to the number of steps. */
void adam(
    int64_t networks, int64_t count, float *weights, const float *gradients, float *means, float *squares, const float *rates,
    const float *factors, float first, float second, float added, float told, float epsilon)
{
#define ONE(factor) \
    adam_one(count, weights + here, gradients + here, means + here, squares + here, factor, rates[k], first, second, added, told, epsilon)
    for (int64_t k = 0, here = 0; k < networks; k++, here += count)
        if (factors) /* two loops, as the compiler makes vectors of neither in one */
            ONE(factors + here);
        else
            ONE(0);
}
"""


class _Pass(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int64) for name in ("networks", "examples", "layers", "kept", "apart")),
        *((name, ctypes.c_void_p) for name in ("units", "padded", "inputs", "outputs", "work")),
    ]


@functools.cache
def library() -> ctypes.CDLL | None:
    """The compiled functions, kept for this processor in the folder `paths.cache()`; None where they cannot be had."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    try:
        folder = paths.cache() / "compiled"
        files = folder.glob(f"{_digest()}-*.so") if folder.is_dir() else ()
        kept = [file for file in files if _is_whole(file)]
        found = ctypes.CDLL(str(kept[0])) if kept else _built(compiler, folder)
        pointer, whole = ctypes.c_void_p, ctypes.c_int64
        found.gather.argtypes = [pointer, pointer, pointer, whole]
        found.forward.argtypes = [pointer, pointer]
        found.backward.argtypes = [
            pointer,
            pointer,
            pointer,
            pointer,
            whole,
            pointer,
            whole,
            pointer,
            ctypes.c_float,
            whole,
        ]
        found.adam.argtypes = [whole] * 2 + [pointer] * 6 + [ctypes.c_float] * 5
    except (OSError, ValueError, AttributeError, subprocess.SubprocessError):
        return None
    return found


def _built(compiler: str, folder: Path) -> ctypes.CDLL:
    """The functions, compiled and kept under a name that tells their bytes, where they can be."""
    with tempfile.TemporaryDirectory() as private:
        source, made = Path(private, "dense.c"), Path(private, "dense.so")
        source.write_text(_SOURCE, encoding="utf-8")
        subprocess.run([compiler, *_FLAGS, "-o", made, source], check=True, capture_output=True, timeout=30)
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as beside:
                beside.write(made.read_bytes())
            Path(beside.name).replace(folder / f"{_digest()}-{_sum(made)}.so")
        return ctypes.CDLL(str(made))


def _is_whole(file: Path) -> bool:
    """Whether it has the bytes that its name tells, and nobody but this user can have put them there."""
    private = not hasattr(os, "getuid") or all(
        path.stat().st_uid in (0, os.getuid()) and not path.stat().st_mode & 0o022 for path in (file, file.parent)
    )
    return private and file.stem.endswith(f"-{_sum(file)}")


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def _digest() -> str:
    """What the compiled functions depend on: their text, the flags, and the instructions that the processor has."""
    features = platform.processor()
    with contextlib.suppress(OSError):  # only Linux has this file
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        features += " ".join(sorted({line for line in lines if line.startswith(("flags", "Features"))}))
    parts = _SOURCE, *_FLAGS, platform.system(), platform.machine(), features
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


class CompiledPass:
    """Memory for examples on their way through all layers and back, as `passes.Pass`, with the two ways in one call each."""

    def __init__(
        self, functions: ctypes.CDLL, layers: Sequence[Layer], networks: Sequence[Sequence[Layer]], examples: int
    ) -> None:
        self.functions, count = functions, len(networks)
        self.padded = _units(layers)
        self.units = np.stack([_units(own) for own in networks])
        features, classes = int(self.padded[0]), int(self.padded[-1])
        across, wide = features + 1, _up(examples)
        # Whole vectors are read beyond the last example, and whole blocks of 8 examples.
        held = torch.ones(count * examples * across + LANES * (across + 1))
        self.inputs = held[: count * examples * across].view(count, examples, across)
        self.features = self.inputs[..., :features]
        self.outputs = torch.empty(count, classes, examples)
        kept = int(self.padded[1:].sum()) * wide
        self.work = torch.zeros(count * kept + scratch(layers, examples))
        self.structure = _Pass(
            count, examples, len(layers), kept, 0, self.units.ctypes.data, self.padded.ctypes.data,
            self.inputs.data_ptr(), self.outputs.data_ptr(), self.work.data_ptr(),
        )  # fmt: skip
        self.here = ctypes.addressof(self.structure)
        self.addresses: dict[int, ctypes.Array] = {}  # of lists of tensors, by that of their first

    def gather(self, pool: Tensor, rows: Tensor) -> None:
        """Take in the examples in these rows [network, example] of the pool [example, feature]."""
        self.structure.apart = self.inputs.stride(0)
        self.functions.gather(self.here, pool.data_ptr(), rows.data_ptr(), rows.stride(0))

    def gather_shared(self, x: Tensor) -> None:
        """Take in the same examples x [example, feature] for all networks."""
        self.structure.apart = 0
        self.features[0].copy_(x)

    def enter(self) -> None:
        """Let the examples enter as they now stand in ``features``: there is nothing to do."""

    def forward(self, weights: Sequence[Tensor]) -> Tensor:
        """The outputs [network, output, example], which the next call overwrites."""
        self.functions.forward(self.here, self._addresses(weights))
        return self.outputs

    def backward(
        self,
        weights: Sequence[Tensor],
        predictions: Tensor,
        classes: Tensor | None,
        example_weights: Tensor,
        sums: Sequence[Tensor],
        beta: float,
        move: bool,
    ) -> None:
        """Make ``sums`` β times themselves plus the gradient in the weights; with ``move`` subtract them from the weights.

        It begins with the predictions [network, output, example], less 1 at the class [network, example] where there are
        classes, times the weights of the examples [network, 1, example].
        """
        labels = (0, 0) if classes is None else (classes.data_ptr(), classes.stride(0))
        shares = example_weights.data_ptr(), example_weights.stride(0)
        addresses = self._addresses(weights), predictions.data_ptr(), *labels, *shares, self._addresses(sums)
        self.functions.backward(self.here, *addresses, beta, move)

    def _addresses(self, tensors: Sequence[Tensor]) -> ctypes.Array:
        """Where the tensors are, which stay there as long as this memory is used."""
        first = tensors[0].data_ptr()
        if first not in self.addresses:
            self.addresses[first] = (ctypes.c_void_p * len(tensors))(*(tensor.data_ptr() for tensor in tensors))
        return self.addresses[first]


def adam(
    functions: ctypes.CDLL, tensors: Sequence[Tensor | None], betas: tuple[float, float], epsilon: float, steps: int
) -> None:
    """Step number ``steps`` of Adam (Kingma and Ba 2015), in place; weight decay comes before it.

    The tensors are weights [network, …], and as these their gradients, the means and the mean squares of the gradients; rates [network],
    divided by what corrects the means; factors of the steps, as the weights, or None.
    """
    weights = tensors[0]
    assert weights is not None
    where = (None if tensor is None else tensor.data_ptr() for tensor in tensors)
    numbers = 1 - betas[0], betas[1], 1 - betas[1], 1 - betas[1] ** steps, epsilon
    functions.adam(len(weights), weights[0].numel(), *where, *numbers)


def scratch(layers: Sequence[Layer], examples: int) -> int:
    """Floats for one network at a time."""
    most, wide = _up(int(_units(layers).max()) + 1), _up(examples)
    return 3 * most * wide + max(layer.outputs * _up(layer.fan_in + 1) for layer in layers) + LANES * wide


def _units(layers: Sequence[Layer]) -> np.ndarray:
    return np.array([layers[0].inputs * layers[0].length, *(layer.outputs for layer in layers)], np.int64)


def _up(number: int) -> int:
    return -(-number // LANES) * LANES

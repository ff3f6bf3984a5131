// The types that the core shares with the kernels of all instruction sets.
#pragma once
#include <cstddef>
#include <cstdint>

namespace backprop {

// The rows of the tables. Their order has no meaning, because R refers to them by name.
enum class Activation : int {
#define BACKPROP_ACTIVATION(NAME, ...) NAME,
#define BACKPROP_ACTIVATION_OF_LAYER(NAME, ...) NAME,
#include "activation_table.h"
};
enum class Loss : int {
#define BACKPROP_LOSS(NAME, ...) NAME,
#define BACKPROP_LOSS_FROM_INPUT_ONLY(NAME) NAME,
#define BACKPROP_LOSS_FROM_INPUT(...)
#define BACKPROP_LOSS_OF_LAYER(...)
#include "loss_table.h"
};
enum class Rule : int {
#define BACKPROP_RULE(NAME, ...) NAME,
#include "rule_table.h"
};

// A line is 64 bytes: 8 doubles or 16 floats. See core/panels.h.
template <class T> constexpr std::size_t line = 64 / sizeof(T);

// The constants of one update by a first-order rule; the formulas are in rule_table.h.
template <class T> struct Step {
  T rate;
  T decay, decay2;   // decay rates of the moments
  T epsilon;         // added to a root to avoid division by 0
  T corrected_rate;  // rate / (1 - decay^t) in step t
  T correction2;     // 1 / sqrt(1 - decay2^t)
  T less, more;      // factors of the step size of a weight
  T least, most;     // limits of this step size
  T scale;           // factor of the gradient
};

// The weights of a product: the weight of unit u and step k is numbers[u * unit_stride + k *
// step_stride] or, if `packed`, at the place where the kernel `pack` stored it.
template <class T> struct Weights {
  const T* numbers;
  std::size_t unit_stride, step_stride;
  bool packed;
};

// The number of rows whose gradient is summed at once, and the number of units by which work is
// divided among threads: a multiple of the tile size of each set.
template <class T> constexpr std::size_t gradient_rows = 2048 / sizeof(T);
constexpr std::size_t unit_share = 24;

// A network whose rows fit in one panel. Each unit has `stride` numbers, a multiple of a line: its
// weights, its bias, and zeros. below[k] is the line that number k is multiplied by: the values of
// the previous layer, ones for the bias, zeros for the padding. `input`, `output` and `delta` are
// computed by the layer (units x line).
template <class T> struct SmallLayer {
  Activation activation;
  std::size_t inputs, units, stride;
  T* weights;
  const T* const* below;
  T *input, *output, *delta;
};
template <class T> struct SmallNetwork {
  const SmallLayer<T>* layers;
  std::size_t count, rows;
  Loss loss;
  const T* loss_parameters;  // one for each output
  const T *target, *weight_of_row;
};

// The kernels of one instruction set. Arrays are aligned to 64 bytes, and numbers of elements are
// multiples of a line.
template <class T> struct Kernels {
  void (*product)(std::size_t panels, std::size_t depth, std::size_t units, const T* left,
                  const Weights<T>& weight, const T* start, T* result) noexcept;
  void (*pack)(std::size_t units, std::size_t steps, const T* numbers, std::size_t unit_stride,
               std::size_t step_stride, std::size_t depth, std::size_t first, T* packed) noexcept;
  void (*transpose)(std::size_t panels, std::size_t units, const T* from, std::size_t depth,
                    std::size_t first, T* to) noexcept;
  void (*wide_gradient)(std::size_t rows, std::size_t units, std::size_t inputs, std::size_t depth,
                        const T* delta, const T* input, T* gradient, bool add) noexcept;
  void (*weight_gradient)(std::size_t panels, std::size_t units, std::size_t inputs, const T* delta,
                          const T* input, T* gradient, bool add) noexcept;
  void (*bias_gradient)(std::size_t panels, std::size_t units, const T* delta, T* gradient,
                        bool add) noexcept;
  void (*inner_products)(std::size_t panels, std::size_t columns, const T* matrix, std::size_t a,
                         std::size_t a_count, std::size_t b, std::size_t b_count,
                         T* result) noexcept;
  void (*subtract_products)(std::size_t panels, std::size_t columns, T* matrix, std::size_t a,
                            std::size_t a_count, std::size_t b, std::size_t b_count,
                            const T* factors) noexcept;
  void (*activate)(Activation kind, std::size_t panels, std::size_t units, const T* input,
                   T* output) noexcept;
  void (*multiply_slope)(Activation kind, std::size_t panels, std::size_t units, const T* input,
                         const T* output, T* delta) noexcept;
  double (*loss)(Loss kind, Activation output_kind, const T* parameters, std::size_t panels,
                 std::size_t units, const T* input, const T* output, const T* target,
                 const T* weight, T* delta) noexcept;
  void (*update)(Rule rule, const Step<T>& step, std::size_t count, T* weights, T* gradient,
                 T* moment, T* moment2) noexcept;
  void (*small_epochs)(const SmallNetwork<T>& network, std::size_t epochs, const T* rates, T scale,
                       double* losses) noexcept;
};

}  // namespace backprop

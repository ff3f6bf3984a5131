// What the core and every instruction set's kernels agree on: plain numbers, no functions.
#pragma once
#include <cstddef>
#include <cstdint>

namespace backprop {

// The order is that of the tables in R/activations.R and R/losses.R.
enum class Activation : int {
  sigmoid,
  tanh,
  relu,
  leaky_relu,
  elu,
  selu,
  gelu,
  silu,
  softplus,
  identity,
  exp,
  softmax
};
enum class Loss : int { squared_error, cross_entropy, absolute, huber, poisson, quantile };
enum class Rule : int { gradient_descent, momentum, nesterov, rmsprop, adam, rprop };

// A line is 64 bytes: 8 doubles or 16 floats. Rows of data stand in panels of one line each.
template <class T> constexpr std::size_t line = 64 / sizeof(T);

// One step of a first-order rule; what each number means stands beside the formula in
// simd/update.h.
template <class T> struct Step {
  Rule rule;
  T rate, decay, decay2, epsilon, correction, correction2;
  T scale;  // the gradient is multiplied by it first
};

// The weights of a product: weight(unit, k) = numbers[unit * unit + k * step], or as the kernel
// `pack` leaves them.
template <class T> struct Weights {
  const T* numbers;
  std::size_t unit, step;
  bool packed;
};

// How many rows' gradient is summed at once, and in how many units work is divided among threads: a
// multiple of every set's tiles.
template <class T> constexpr std::size_t gradient_rows = 2048 / sizeof(T);
constexpr std::size_t unit_share = 24;

// A network whose rows fill one panel at most. A unit's weights stand `stride` apart, a multiple of
// a line, its bias after them and zeros after that; below[k] is the line that weight k multiplies,
// of ones for the bias, of zeros after it. A layer makes `input`, `output` and `delta` (units x
// line).
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
  T loss_parameter;
  const T *target, *weight_of_row;
};

// One instruction set's kernels. Arrays are 64-byte aligned, counts of elements are multiples of a
// line.
template <class T> struct Kernels {
  void (*product)(std::size_t panels, std::size_t depth, std::size_t units, const T* left,
                  const Weights<T>& weight, const T* start, T* result) noexcept;
  void (*pack)(std::size_t units, std::size_t steps, const T* numbers, std::size_t unit,
               std::size_t step, std::size_t depth, std::size_t first, T* packed) noexcept;
  void (*transpose)(std::size_t panels, std::size_t units, const T* from, std::size_t depth,
                    std::size_t first, T* to) noexcept;
  void (*wide_gradient)(std::size_t rows, std::size_t units, std::size_t inputs, std::size_t depth,
                        const T* delta, const T* input, T* gradient, bool add) noexcept;
  void (*weight_gradient)(std::size_t panels, std::size_t units, std::size_t inputs, const T* delta,
                          const T* input, T* gradient, bool add) noexcept;
  void (*bias_gradient)(std::size_t panels, std::size_t units, const T* delta, T* gradient,
                        bool add) noexcept;
  void (*activate)(Activation kind, std::size_t panels, std::size_t units, const T* input,
                   T* output) noexcept;
  void (*multiply_slope)(Activation kind, std::size_t panels, std::size_t units, const T* input,
                         const T* output, T* delta) noexcept;
  double (*loss)(Loss kind, Activation output_kind, T parameter, std::size_t panels,
                 std::size_t units, const T* input, const T* output, const T* target,
                 const T* weight, T* delta) noexcept;
  void (*update)(const Step<T>& step, std::size_t count, T* weights, T* gradient, T* moment,
                 T* moment2) noexcept;
  void (*small_epochs)(const SmallNetwork<T>& network, std::size_t epochs, const T* rates, T scale,
                       double* losses) noexcept;
};

}  // namespace backprop

// What the core and every instruction set's kernels agree on: plain numbers, no functions.
#pragma once
#include <cstddef>
#include <cstdint>

namespace backprop {

// The order is that of the tables in R/activations.R and R/losses.R.
enum class Activation : int { sigmoid, tanh, relu, leaky_relu, elu, selu, gelu, silu, softplus, identity, exp, softmax };
enum class Loss : int { squared_error, cross_entropy, absolute, huber, poisson, quantile };
enum class Rule : int { gradient_descent, momentum, nesterov, rmsprop, adam, rprop };

// A line is 64 bytes: 8 doubles or 16 floats. Rows of data stand in panels of one line each.
template <class T> constexpr std::size_t line = 64 / sizeof(T);

// One step of a first-order rule; what each number means stands beside the formula in simd/update.h.
template <class T> struct Step {
  Rule rule;
  T rate, decay, decay2, epsilon, correction, correction2;
};

// One instruction set's kernels. Arrays are 64-byte aligned, counts of elements are multiples of a line.
template <class T> struct Kernels {
  void (*product)(std::size_t panels, std::size_t depth, std::size_t units, const T* left, const T* weight, std::size_t weight_unit,
                  std::size_t weight_step, const T* start, T* result) noexcept;
  void (*weight_gradient)(std::size_t panels, std::size_t units, std::size_t inputs, const T* delta, const T* input, T* gradient,
                          bool add) noexcept;
  void (*bias_gradient)(std::size_t panels, std::size_t units, const T* delta, T* gradient, bool add) noexcept;
  void (*activate)(Activation kind, std::size_t panels, std::size_t units, const T* input, T* output) noexcept;
  void (*multiply_slope)(Activation kind, std::size_t panels, std::size_t units, const T* input, const T* output, T* delta) noexcept;
  double (*loss)(Loss kind, Activation output_kind, T parameter, std::size_t panels, std::size_t units, const T* input, const T* output,
                 const T* target, const T* weight, T* delta) noexcept;
  void (*update)(const Step<T>& step, std::size_t count, T* weights, T* gradient, T* moment, T* moment2) noexcept;
};

}  // namespace backprop

// Activations and losses that are functions of the caller. They are called on the thread that
// called the core, once for a piece of rows, and must not throw: a caller that fails returns NaN,
// and reports its error when the call of the core has ended.
//
// Arrays are rows x units by column, as in R.
#pragma once
#include <cstddef>
#include <vector>

namespace backprop {

class CustomActivation {
 public:
  virtual ~CustomActivation() = default;
  virtual void value(std::size_t rows, std::size_t units, const std::vector<double>& input,
                     std::vector<double>& output) noexcept = 0;
  virtual void slope(std::size_t rows, std::size_t units, const std::vector<double>& input,
                     std::vector<double>& slope) noexcept = 0;
  // A pointer to one of the two.
  using Quantity = decltype(&CustomActivation::value);
};

class CustomLoss {
 public:
  virtual ~CustomLoss() = default;
  // `losses`: one number for each row.
  virtual void value(std::size_t rows, std::size_t units, const std::vector<double>& output,
                     const std::vector<double>& target, std::vector<double>& losses) noexcept = 0;
  // With respect to the output.
  virtual void slope(std::size_t rows, std::size_t units, const std::vector<double>& output,
                     const std::vector<double>& target, std::vector<double>& slope) noexcept = 0;
};

}  // namespace backprop

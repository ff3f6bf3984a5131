// The data to train on or to judge by: inputs and targets row by row, at the precision of the training.
#pragma once
#include <utility>

#include "buffer.h"

namespace backprop {

template <class T> struct Rows {
  std::size_t count, inputs, outputs;
  Buffer<T> x, y;          // count x inputs, count x outputs, row by row
  Buffer<T> weight;        // one for each row
  Buffer<T> offset;        // count x outputs, added to the output layer's input; empty for none
  double total_weight = 0;

  Rows(std::size_t count, std::size_t inputs, std::size_t outputs, bool with_offset)
      : count(count), inputs(inputs), outputs(outputs), x(count * inputs), y(count * outputs), weight(count), offset(with_offset ? count * outputs : 0) {}
};

}  // namespace backprop

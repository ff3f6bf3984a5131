// The data to train on or to judge by: inputs and targets row by row, at the precision of the
// training.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "buffer.h"

namespace backprop {

// The numbers of a sparse matrix: those of row r are values[begin[r]], ..., values[begin[r + 1] -
// 1], and `columns` beside them says where they stand. All others are 0.
template <class T> struct SparseRows {
  std::vector<std::size_t> begin;  // one more than there are rows
  std::vector<std::uint32_t> columns;
  std::vector<T> values;
};

template <class T> struct Rows {
  std::size_t count, inputs, outputs;
  SparseRows<T> sparse_x;  // where the inputs are sparse, instead of x
  Buffer<T> x, y;          // count x inputs, count x outputs, row by row
  Buffer<T> weight;        // one for each row
  Buffer<T> offset;        // count x outputs, added to the output layer's input; empty for none
  double total_weight = 0;

  Rows(std::size_t count, std::size_t inputs, std::size_t outputs, bool with_offset, bool sparse)
      : count(count),
        inputs(inputs),
        outputs(outputs),
        x(sparse ? 0 : count * inputs, Buffer<T>::Unset::yes),
        y(count * outputs),
        weight(count),
        offset(with_offset ? count * outputs : 0) {}
  bool sparse() const { return !sparse_x.begin.empty(); }
};

}  // namespace backprop

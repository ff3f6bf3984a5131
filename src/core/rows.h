// Training or validation data: row-major inputs and targets at the precision of training.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "buffer.h"

namespace backprop {

// A sparse matrix by row: row r has the values values[begin[r]], ..., values[begin[r + 1] - 1] in
// the columns columns[begin[r]], ..., columns[begin[r + 1] - 1].
template <class T> struct SparseRows {
  std::vector<std::size_t> begin;  // number of rows + 1 elements
  std::vector<std::uint32_t> columns;
  std::vector<T> values;
};

// Processes that train together have consecutive rows: `before` of all `all` rows come before those
// of this process. The total weights are those of all rows.
template <class T> struct Rows {
  std::size_t count, inputs, outputs, before = 0, all;
  SparseRows<T> sparse_x;  // sparse inputs, which replace x
  Buffer<T> x, y;          // count x inputs, count x outputs, by row
  Buffer<T> weight;        // one for each row, in the loss
  Buffer<T> case_weight;   // one for each row, for the proportion of correctly classified rows;
                           // empty if the same as `weight`
  Buffer<T> offset;        // count x outputs, added to the input of the output layer; may be empty
  double total_weight = 0, total_case_weight = 0;

  Rows(std::size_t count, std::size_t inputs, std::size_t outputs, bool with_offset, bool sparse)
      : count(count),
        inputs(inputs),
        outputs(outputs),
        all(count),
        x(sparse ? 0 : count * inputs, Buffer<T>::Unset::yes),
        y(count * outputs),
        weight(count),
        offset(with_offset ? count * outputs : 0) {}
  bool sparse() const { return !sparse_x.begin.empty(); }
  const Buffer<T>& case_weights() const { return case_weight.empty() ? weight : case_weight; }
};

}  // namespace backprop

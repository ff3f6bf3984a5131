// Training or validation data: row-major inputs and targets at the precision of training.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "buffer.h"
#include "stored_file.h"

namespace backprop {

// A sparse matrix by row: row r has the values values[begin[r]], ..., values[begin[r + 1] - 1] in
// the columns columns[begin[r]], ..., columns[begin[r + 1] - 1]. The other values are zeros or, in
// coded rows, those of `common`, such as that of a centred column where its level does not occur.
template <class T> struct SparseRows {
  std::vector<std::size_t> begin;  // number of rows + 1 elements
  std::vector<std::uint32_t> columns;
  std::vector<T> values;
  std::vector<T> common;  // the most common value of each column, or empty
};

// Rows in a file that contains nothing but `width` numbers for each of its records.
template <class T> struct StoredRows {
  std::shared_ptr<StoredFile> file;
  std::size_t width = 0;
  std::vector<std::uint32_t> record;  // that of each row; empty if row r is record r

  std::size_t record_of(std::size_t row) const { return record.empty() ? row : record[row]; }
  std::uint64_t place(std::size_t record) const {
    return std::uint64_t{record} * width * sizeof(T);
  }

  // Blocks of consecutive rows that were read at once: `size` rows in each, and where the first
  // record of a block is among `numbers`; `none` if it was not read.
  struct Held {
    static constexpr std::size_t none = SIZE_MAX;
    std::size_t size = 0;
    std::vector<std::size_t> at;  // one for each block of the rows
    std::vector<T> numbers;
  };
  mutable Held held;

  // Reads these blocks of `size` of all `count` rows, and forgets those before. Does nothing if
  // memory is too short.
  void hold(const std::uint32_t* blocks, std::size_t many, std::size_t size,
            std::size_t count) const {
    held.at.assign(count / size + 1, Held::none);
    held.size = size;
    auto span = [&](std::size_t block) {
      const std::size_t begin = block * size, end = std::min(count, begin + size);
      const bool ordered =
          record.empty() || std::is_sorted(record.data() + begin, record.data() + end);
      return std::pair(record_of(begin),
                       ordered ? record_of(end - 1) + 1 - record_of(begin) : std::size_t{0});
    };
    std::size_t records = 0;
    for (std::size_t b = 0; b < many; ++b) records += span(blocks[b]).second;
    if (!file->may_hold(records * width * sizeof(T)) || records > 2 * many * size) return;
    held.numbers.clear();  // no copy of the former numbers when it grows
    held.numbers.resize(records * width);
    std::size_t at = 0;
    for (std::size_t b = 0; b < many; ++b) {
      const auto [first, length] = span(blocks[b]);
      file->read(place(first), length * width * sizeof(T), held.numbers.data() + at);
      if (length > 0) held.at[blocks[b]] = at;
      at += length * width;
    }
  }
  // The numbers of a row that is held, or nullptr.
  const T* held_row(std::size_t row) const {
    if (held.size == 0) return nullptr;
    const std::size_t block = row / held.size;
    if (held.at[block] == Held::none) return nullptr;
    return held.numbers.data() + held.at[block] +
           (record_of(row) - record_of(block * held.size)) * width;
  }

  // Sets to[k] to the numbers of row rows[k], in the mapped file or copied to `copies`.
  void locate(const std::uint32_t* rows, std::size_t count, std::vector<T>& copies,
              std::vector<const T*>& to) const {
    to.resize(count);
    // of blocks that were read, only the last rows of those before are still to come: the system
    // would read far more around them in a mapped file
    const char* const mapped = held.size > 0 ? nullptr : file->mapped();
    if (!mapped) copies.resize(count * width);
    for (std::size_t k = 0, run; k < count; k += run) {
      run = 1;
      if ((to[k] = held_row(rows[k]))) continue;
      if (mapped) {
        to[k] = reinterpret_cast<const T*>(mapped + place(record_of(rows[k])));
        continue;
      }
      const std::size_t first = record_of(rows[k]);
      while (k + run < count && record_of(rows[k + run]) == first + run) ++run;
      file->read(place(first), run * width * sizeof(T), copies.data() + k * width);
      for (std::size_t r = k; r < k + run; ++r) to[r] = copies.data() + r * width;
    }
  }
  // Tells the system that the rows first, ..., first + count - 1 will be used soon.
  void expect(std::size_t first, std::size_t count) const {
    if (count == 0) return;
    const std::size_t begin = record_of(first), end = record_of(first + count - 1) + 1;
    file->expect(place(begin), place(end - begin));
  }
};

// Targets that are computed from the class of a row, if `first` is not 0: that of output c is
// whether the class is first + c, or `above` that. A row then has one number for its class, not one
// for each output.
struct ClassTargets {
  std::size_t first = 0;
  bool above = false;
  bool used() const { return first > 0; }
  bool operator()(std::size_t number, std::size_t output) const {
    return above ? number > first + output : number == first + output;
  }
};

// Processes that train together have consecutive rows: `before` of all `all` rows come before those
// of this process. The total weights are those of all rows.
template <class T> struct Rows {
  std::size_t count, inputs, outputs, before = 0, all;
  SparseRows<T> sparse_x;  // sparse inputs, which replace x
  StoredRows<T> stored_x;  // inputs in a file, which replace x
  // The other numbers of each row in a file, which replace y, weight, case_weight and offset: the
  // targets, or the class, the weight, then the case weight and the offsets if there are any.
  StoredRows<T> stored_rest;
  ClassTargets class_targets;
  bool with_case_weight = false, with_offset;
  Buffer<T> x, y;         // count x inputs, count x outputs, by row
  Buffer<T> weight;       // one for each row, in the loss
  Buffer<T> case_weight;  // one for each row, for the proportion of correctly classified rows;
                          // empty if the same as `weight`
  Buffer<T> offset;       // count x outputs, added to the input of the output layer; may be empty
  double total_weight = 0, total_case_weight = 0;

  // `rest`: whether targets, weights and offsets are in memory.
  Rows(std::size_t count, std::size_t inputs, std::size_t outputs, bool with_offset, bool dense,
       bool rest = true)
      : count(count),
        inputs(inputs),
        outputs(outputs),
        all(count),
        with_offset(with_offset),
        x(dense ? count * inputs : 0, Buffer<T>::Unset::yes),
        y(rest ? count * outputs : 0),
        weight(rest ? count : 0),
        offset(with_offset && rest ? count * outputs : 0) {}
  bool sparse() const { return !sparse_x.begin.empty(); }
  bool coded() const { return !sparse_x.common.empty(); }
  bool stored() const { return stored_x.file != nullptr; }
  bool rest_stored() const { return stored_rest.file != nullptr; }
  // How many of the stored numbers of a row are targets.
  std::size_t stored_targets() const { return class_targets.used() ? 1 : outputs; }
  // The case weight, or else the weight, of a row, whose stored numbers begin at `rest`.
  T case_weight_of(std::size_t row, const T* rest) const {
    if (rest) return rest[stored_targets() + (with_case_weight ? 1 : 0)];
    return (with_case_weight ? case_weight : weight).data()[row];
  }
};

}  // namespace backprop

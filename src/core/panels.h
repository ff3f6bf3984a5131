// Data into panels, as the kernels take them: a line of rows for each unit, zeros where a panel has
// no row.
#pragma once
#include "rows.h"

namespace backprop {

// Puts `count` rows of `units` numbers into panels; row(r) is where a row begins.
template <class T, class Row>
void rows_to_panels(std::size_t count, std::size_t units, Row row, T* panels) {
  const T* from[line<T>];
  for (std::size_t begin = 0; begin < count; begin += line<T>) {
    const std::size_t here = std::min(line<T>, count - begin);
    for (std::size_t r = 0; r < here; ++r) from[r] = row(begin + r);
    T* to = panels + begin * units;
    for (std::size_t u = 0; u < units; ++u, to += line<T>) {
      for (std::size_t r = 0; r < here; ++r) to[r] = from[r][u];
      for (std::size_t r = here; r < line<T>; ++r) to[r] = T(0);
    }
  }
}

// The same where a unit's numbers stand one after the other, and the units `stride` apart.
template <class T>
void columns_to_panels(std::size_t count, std::size_t units, std::size_t stride, const double* from,
                       T* panels) {
  for (std::size_t u = 0; u < units; ++u, from += stride)
    for (std::size_t begin = 0; begin < count; begin += line<T>) {
      const std::size_t here = std::min(line<T>, count - begin);
      T* to = panels + begin * units + u * line<T>;
      for (std::size_t r = 0; r < here; ++r) to[r] = static_cast<T>(from[begin + r]);
      std::fill_n(to + here, line<T> - here, T(0));
    }
}

// The same for sparse rows: row(r) is a row's number.
template <class T, class Row>
void sparse_to_panels(const SparseRows<T>& rows, std::size_t count, std::size_t units, Row row,
                      T* panels) {
  std::fill_n(panels, round_up(count, line<T>) * units, T(0));
  for (std::size_t r = 0; r < count; ++r) {
    T* to = panels + r / line<T> * line<T> * units + r % line<T>;
    const std::size_t from = row(r);
    for (std::size_t k = rows.begin[from]; k < rows.begin[from + 1]; ++k)
      to[rows.columns[k] * line<T>] = rows.values[k];
  }
}

}  // namespace backprop

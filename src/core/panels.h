// Rows of data in panels, as the kernels take them. A panel holds a line of rows (8 doubles or 16
// floats): for each unit the numbers of its rows, side by side. Where a panel has no row it has
// zeros.
//
//   panel 0                        panel 1
//   unit 0: row 0 row 1 ... row 7  unit 0: row 8 ... row 15   ...
//   unit 1: row 0 row 1 ... row 7  unit 1: row 8 ... row 15
//
// The kernels, which are compiled apart, have the same arithmetic in products-inl.h.
#pragma once
#include "rows.h"

namespace backprop {

template <class T> std::size_t panels_for(std::size_t rows) {
  return round_up(rows, line<T>) / line<T>;
}
// Where a panel begins, in panels of `units` units; with a number of panels, how long these are.
template <class T> std::size_t panel_at(std::size_t panel, std::size_t units) {
  return panel * units * line<T>;
}
// Where a panel's numbers of one unit begin.
template <class T> std::size_t line_at(std::size_t panel, std::size_t unit, std::size_t units) {
  return panel_at<T>(panel, units) + unit * line<T>;
}
// Where the number of one row and unit stands.
template <class T> std::size_t element_at(std::size_t row, std::size_t unit, std::size_t units) {
  return line_at<T>(row / line<T>, unit, units) + row % line<T>;
}

// Puts `count` rows of `units` numbers into panels; row(r) is where a row begins.
template <class T, class Row>
void rows_to_panels(std::size_t count, std::size_t units, Row row, T* panels) {
  const T* from[line<T>];
  for (std::size_t panel = 0; panel < panels_for<T>(count); ++panel) {
    const std::size_t begin = panel * line<T>, here = std::min(line<T>, count - begin);
    for (std::size_t r = 0; r < here; ++r) from[r] = row(begin + r);
    T* to = panels + panel_at<T>(panel, units);
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
    for (std::size_t panel = 0; panel < panels_for<T>(count); ++panel) {
      const std::size_t begin = panel * line<T>, here = std::min(line<T>, count - begin);
      T* to = panels + line_at<T>(panel, u, units);
      for (std::size_t r = 0; r < here; ++r) to[r] = static_cast<T>(from[begin + r]);
      std::fill_n(to + here, line<T> - here, T(0));
    }
}

// The same for sparse rows: row(r) is a row's number.
template <class T, class Row>
void sparse_to_panels(const SparseRows<T>& rows, std::size_t count, std::size_t units, Row row,
                      T* panels) {
  std::fill_n(panels, panel_at<T>(panels_for<T>(count), units), T(0));
  for (std::size_t r = 0; r < count; ++r) {
    T* to = panels + element_at<T>(r, 0, units);
    const std::size_t from = row(r);
    for (std::size_t k = rows.begin[from]; k < rows.begin[from + 1]; ++k)
      to[rows.columns[k] * line<T>] = rows.values[k];
  }
}

}  // namespace backprop

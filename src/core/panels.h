// The memory layout of data for the kernels. A panel contains one line for each unit: the values of
// 8 (double) or 16 (single precision) consecutive rows. Missing rows of the last panel are zeros.
//
//   panel 0                        panel 1
//   unit 0: row 0 row 1 ... row 7  unit 0: row 8 ... row 15   ...
//   unit 1: row 0 row 1 ... row 7  unit 1: row 8 ... row 15
//
// The kernels are compiled separately and repeat this index arithmetic in products-inl.h.
#pragma once
#include "rows.h"

namespace backprop {

template <class T> std::size_t panels_for(std::size_t rows) {
  return round_up(rows, line<T>) / line<T>;
}
// The index of the first element of a panel with `units` units, or the length of `panel` panels.
template <class T> std::size_t panel_at(std::size_t panel, std::size_t units) {
  return panel * units * line<T>;
}
// The index of the first element of a unit in a panel.
template <class T> std::size_t line_at(std::size_t panel, std::size_t unit, std::size_t units) {
  return panel_at<T>(panel, units) + unit * line<T>;
}
// The index of the element for a row and a unit.
template <class T> std::size_t element_at(std::size_t row, std::size_t unit, std::size_t units) {
  return line_at<T>(row / line<T>, unit, units) + row % line<T>;
}

// Copies `count` rows of `units` numbers to panels; row(r) is a pointer to row r.
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

// The same from a column-major matrix, whose columns are `stride` apart.
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

// Copies `count` rows of panels to a column-major matrix, whose columns are `stride` apart.
template <class T>
void panels_to_columns(std::size_t count, std::size_t units, const T* panels, std::size_t stride,
                       double* to) {
  for (std::size_t u = 0; u < units; ++u, to += stride)
    for (std::size_t panel = 0; panel < panels_for<T>(count); ++panel) {
      const std::size_t begin = panel * line<T>;
      std::copy_n(panels + line_at<T>(panel, u, units), std::min(line<T>, count - begin),
                  to + begin);
    }
}

// Copies sparse rows to panels; row(r) is the index of row r.
template <class T, class Row>
void sparse_to_panels(const SparseRows<T>& rows, std::size_t count, std::size_t units, Row row,
                      T* panels) {
  std::fill_n(panels, panel_at<T>(panels_for<T>(count), units), T(0));
  for (std::size_t r = 0; r < count; ++r) {
    T* to = panels + element_at<T>(r, 0, units);
    for (std::size_t u = 0; u < rows.common.size(); ++u) to[u * line<T>] = rows.common[u];
    const std::size_t from = row(r);
    for (std::size_t k = rows.begin[from]; k < rows.begin[from + 1]; ++k)
      to[rows.columns[k] * line<T>] = rows.values[k];
  }
}

}  // namespace backprop

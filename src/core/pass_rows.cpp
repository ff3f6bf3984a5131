// Copies rows of data into a pass, and its quantities out of it.
#include "panels.h"
#include "pass.h"

namespace backprop {

template <class T>
void Pass<T>::load(const Rows<T>& rows, const std::uint32_t* order, std::size_t begin,
                   std::size_t count) {
  if (!order && loaded_ == &rows && loaded_in_order_ && loaded_begin_ == begin && rows_ == count)
    return;
  loaded_ = &rows;
  loaded_in_order_ = !order;
  loaded_begin_ = begin;
  rows_ = count;
  rows_before_ = rows.before;
  panels_ = panels_for<T>(count);
  has_offset_ = rows.with_offset;
  for (std::size_t r = 0; r < count; ++r)
    ids_[r] = order ? order[begin + r] : static_cast<std::uint32_t>(begin + r);
  auto from = [&](const Buffer<T>& numbers, std::size_t units) {
    return [&numbers, units, this](std::size_t r) { return numbers.data() + ids_[r] * units; };
  };
  if (coded_) {
    coded_rows_ = &rows.sparse_x;
  } else if (rows.sparse()) {
    sparse_to_panels(
        rows.sparse_x, count, rows.inputs, [&](std::size_t r) { return ids_[r]; }, x_.data());
  } else {
    if (rows.stored()) {
      rows.stored_x.locate(ids_.data(), count, copies_, places_);
      if (!order) rows.stored_x.expect(begin + count, std::min(count, rows.count - begin - count));
    }
    team_.run([&](const Team::Share& share) {
      share.part_of(count, line<T>, [&](std::size_t first, std::size_t last) {
        auto row = [&](std::size_t r) {
          return rows.stored() ? places_[first + r] : rows.x.data() + ids_[first + r] * rows.inputs;
        };
        rows_to_panels(last - first, rows.inputs, row,
                       x_.data() + panel_at<T>(first / line<T>, rows.inputs));
      });
    });
  }
  if (rows.rest_stored()) {
    rows.stored_rest.locate(ids_.data(), count, copies_of_rest_, rest_);
    if (!order) rows.stored_rest.expect(begin + count, std::min(count, rows.count - begin - count));
    auto rest = [&](std::size_t at) { return [this, at](std::size_t r) { return rest_[r] + at; }; };
    if (rows.class_targets.used()) {
      targets_.resize(count * rows.outputs);
      for (std::size_t r = 0; r < count; ++r)
        for (std::size_t c = 0; c < rows.outputs; ++c)
          targets_[r * rows.outputs + c] =
              rows.class_targets(static_cast<std::size_t>(rest_[r][0]), c);
      rows_to_panels(
          count, rows.outputs, [&](std::size_t r) { return &targets_[r * rows.outputs]; },
          y_.data());
    } else {
      rows_to_panels(count, rows.outputs, rest(0), y_.data());
    }
    const std::size_t targets = rows.stored_targets();
    rows_to_panels(count, 1, rest(targets), weight_of_row_.data());
    if (has_offset_)
      rows_to_panels(count, rows.outputs, rest(targets + 1 + rows.with_case_weight),
                     offset_.data());
  } else {
    rest_.clear();
    rows_to_panels(count, rows.outputs, from(rows.y, rows.outputs), y_.data());
    rows_to_panels(count, 1, from(rows.weight, 1), weight_of_row_.data());
    if (has_offset_)
      rows_to_panels(count, rows.outputs, from(rows.offset, rows.outputs), offset_.data());
  }
  weight_ = 0;
  for (std::size_t r = 0; r < count; ++r) weight_ += weight_of_row_.data()[r];
}

template <class T>
void Pass<T>::load_columns(const double* x, std::size_t x_stride, const double* offset,
                           std::size_t stride, std::size_t begin, std::size_t count) {
  load_offset(offset, stride, begin, count);
  columns_to_panels(count, network_.inputs(), x_stride, x, x_.data());
}

template <class T>
void Pass<T>::load_sparse(const SparseRows<T>& x, const double* offset, std::size_t stride,
                          std::size_t begin, std::size_t count) {
  load_offset(offset, stride, begin, count);
  if (coded_) {
    coded_rows_ = &x;
    for (std::size_t r = 0; r < count; ++r) ids_[r] = static_cast<std::uint32_t>(begin + r);
    return;
  }
  sparse_to_panels(
      x, count, network_.inputs(), [&](std::size_t r) { return begin + r; }, x_.data());
}

template <class T>
void Pass<T>::load_offset(const double* offset, std::size_t stride, std::size_t begin,
                          std::size_t count) {
  loaded_ = nullptr;
  rows_ = count;
  panels_ = panels_for<T>(count);
  has_offset_ = offset != nullptr;
  if (offset) columns_to_panels(count, network_.outputs(), stride, offset + begin, offset_.data());
}

template <class T>
double Pass<T>::input_at(std::size_t l, std::size_t row, std::size_t unit) const {
  return inputs_of(l)[element_at<T>(row, unit, network_.layers[l].inputs)];
}

template <class T> const Buffer<T>& Pass<T>::panels_of(Part part, std::size_t l) const {
  const LayerValues& values = values_[l];
  return part == Part::input    ? values.input
         : part == Part::output ? values.output
         : part == Part::error  ? values.error
                                : values.delta;
}

template <class T>
double Pass<T>::at(Part part, std::size_t l, std::size_t row, std::size_t unit) const {
  return panels_of(part, l).data()[element_at<T>(row, unit, network_.layers[l].units)];
}

template <class T>
void Pass<T>::copy(Part part, std::size_t l, std::size_t stride, double* to) const {
  panels_to_columns(rows_, network_.layers[l].units, panels_of(part, l).data(), stride, to);
}

template <class T> double Pass<T>::correct() const {
  const std::size_t outputs = network_.outputs();
  double sum = 0;
  for (std::size_t r = 0; r < rows_; ++r) {
    const std::size_t first = element_at<T>(r, 0, outputs);
    const T *output = values_.back().output.data() + first, *target = y_.data() + first;
    std::size_t guess = 0, truth = 0;
    for (std::size_t i = line<T>; i < outputs * line<T>; i += line<T>) {
      if (output[i] > output[guess]) guess = i;
      if (target[i] > target[truth]) truth = i;
    }
    const bool right = outputs > 1 ? guess == truth : (output[0] > T(0.5)) == (target[0] > T(0.5));
    if (right) sum += loaded_->case_weight_of(ids_[r], rest_.empty() ? nullptr : rest_[r]);
  }
  return sum;
}

// The rest of the class is instantiated in pass.cpp.
template void Pass<double>::load(const Rows<double>&, const std::uint32_t*, std::size_t,
                                 std::size_t);
template void Pass<float>::load(const Rows<float>&, const std::uint32_t*, std::size_t, std::size_t);
template void Pass<double>::load_columns(const double*, std::size_t, const double*, std::size_t,
                                         std::size_t, std::size_t);
template void Pass<float>::load_columns(const double*, std::size_t, const double*, std::size_t,
                                        std::size_t, std::size_t);
template void Pass<double>::load_sparse(const SparseRows<double>&, const double*, std::size_t,
                                        std::size_t, std::size_t);
template void Pass<float>::load_sparse(const SparseRows<float>&, const double*, std::size_t,
                                       std::size_t, std::size_t);
template double Pass<double>::at(Part, std::size_t, std::size_t, std::size_t) const;
template double Pass<float>::at(Part, std::size_t, std::size_t, std::size_t) const;
template void Pass<double>::copy(Part, std::size_t, std::size_t, double*) const;
template void Pass<float>::copy(Part, std::size_t, std::size_t, double*) const;
template double Pass<double>::input_at(std::size_t, std::size_t, std::size_t) const;
template double Pass<float>::input_at(std::size_t, std::size_t, std::size_t) const;
template double Pass<double>::correct() const;
template double Pass<float>::correct() const;

}  // namespace backprop

#include "pass.h"

namespace backprop {

namespace {

bool slope_needs_input(Activation kind) { return kind == Activation::gelu || kind == Activation::silu; }

std::size_t padded(std::size_t rows) { return round_up(std::min(rows, piece_rows), line<double> * 2); }

// Puts `count` rows of `units` numbers into panels; source(row) is where a row begins, its numbers `step` apart.
template <class T, class Source, class Row>
void pack(std::size_t count, std::size_t units, std::size_t step, Row row, T* panels) {
  const Source* from[line<T>];
  for (std::size_t begin = 0; begin < count; begin += line<T>) {
    const std::size_t here = std::min(line<T>, count - begin);
    for (std::size_t r = 0; r < here; ++r) from[r] = row(begin + r);
    T* to = panels + begin * units;
    for (std::size_t u = 0; u < units; ++u, to += line<T>) {
      for (std::size_t r = 0; r < here; ++r) to[r] = static_cast<T>(from[r][u * step]);
      for (std::size_t r = here; r < line<T>; ++r) to[r] = T(0);
    }
  }
}

// The same for sparse rows: row(r) is a row's number.
template <class T, class Row> void scatter(const SparseRows<T>& rows, std::size_t count, std::size_t units, Row row, T* panels) {
  std::fill_n(panels, round_up(count, line<T>) * units, T(0));
  for (std::size_t r = 0; r < count; ++r) {
    T* to = panels + r / line<T> * line<T> * units + r % line<T>;
    const std::size_t from = row(r);
    for (std::size_t k = rows.begin[from]; k < rows.begin[from + 1]; ++k) to[rows.columns[k] * line<T>] = rows.values[k];
  }
}

}  // namespace

template <class T> double Pass<T>::bytes(const Network& network, std::size_t rows, bool keep_all) {
  double numbers = static_cast<double>(network.inputs());
  for (std::size_t l = 0; l < network.layers(); ++l) numbers += static_cast<double>(network.units[l + 1]) * (keep_all ? 4 : 3);
  return numbers * static_cast<double>(padded(rows)) * sizeof(T);
}

template <class T>
Pass<T>::Pass(const Network& network, std::size_t rows, bool keep_all, bool with_dropout)
    : network_(network),
      kernels_(kernels<T>()),
      keep_all_(keep_all),
      layers_(network.layers()),
      x_(padded(rows) * network.inputs()),
      y_(padded(rows) * network.outputs()),
      weight_of_row_(padded(rows)),
      offset_(padded(rows) * network.outputs()),
      ids_(padded(rows)) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const std::size_t size = padded(rows) * network.units[l + 1];
    const bool last = l + 1 == layers_.size();
    Layer& layer = layers_[l];
    layer.weights_at = network.weights_at(l);
    layer.biases_at = network.biases_at(l);
    layer.separate_input = keep_all || last || slope_needs_input(network.activations[l]);
    if (layer.separate_input) layer.input = Buffer<T>(size);
    layer.output = Buffer<T>(size);
    layer.delta = Buffer<T>(size);
    if (keep_all && !last) layer.error = Buffer<T>(size);
    if (with_dropout && !last) {
      layer.mask = Buffer<T>(size);
      layer.dropped = Buffer<T>(size);
    }
  }
}

template <class T> void Pass<T>::load(const Rows<T>& rows, const std::uint32_t* order, std::size_t begin, std::size_t count) {
  if (!order && loaded_ == &rows && loaded_in_order_ && loaded_begin_ == begin && rows_ == count) return;
  loaded_ = &rows;
  loaded_in_order_ = !order;
  loaded_begin_ = begin;
  rows_ = count;
  panels_ = round_up(count, line<T>) / line<T>;
  has_offset_ = !rows.offset.empty();
  for (std::size_t r = 0; r < count; ++r) ids_[r] = order ? order[begin + r] : static_cast<std::uint32_t>(begin + r);
  auto from = [&](const Buffer<T>& numbers, std::size_t units) {
    return [&numbers, units, this](std::size_t r) { return numbers.data() + ids_[r] * units; };
  };
  if (rows.sparse()) {
    scatter(rows.sparse_x, count, rows.inputs, [&](std::size_t r) { return ids_[r]; }, x_.data());
  } else {
    pack<T, T>(count, rows.inputs, 1, from(rows.x, rows.inputs), x_.data());
  }
  pack<T, T>(count, rows.outputs, 1, from(rows.y, rows.outputs), y_.data());
  pack<T, T>(count, 1, 1, from(rows.weight, 1), weight_of_row_.data());
  if (has_offset_) pack<T, T>(count, rows.outputs, 1, from(rows.offset, rows.outputs), offset_.data());
  weight_ = 0;
  for (std::size_t r = 0; r < count; ++r) weight_ += weight_of_row_.data()[r];
}

template <class T>
void Pass<T>::load_columns(const double* x, const double* offset, std::size_t stride, std::size_t begin, std::size_t count) {
  load_offset(offset, stride, begin, count);
  pack<T, double>(count, network_.inputs(), stride, [&](std::size_t r) { return x + begin + r; }, x_.data());
}

template <class T>
void Pass<T>::load_sparse(const SparseRows<T>& x, const double* offset, std::size_t stride, std::size_t begin, std::size_t count) {
  load_offset(offset, stride, begin, count);
  scatter(x, count, network_.inputs(), [&](std::size_t r) { return begin + r; }, x_.data());
}

template <class T> void Pass<T>::load_offset(const double* offset, std::size_t stride, std::size_t begin, std::size_t count) {
  loaded_ = nullptr;
  rows_ = count;
  panels_ = round_up(count, line<T>) / line<T>;
  has_offset_ = offset != nullptr;
  if (offset) pack<T, double>(count, network_.outputs(), stride, [&](std::size_t r) { return offset + begin + r; }, offset_.data());
}

template <class T> const T* Pass<T>::inputs_of(std::size_t l) const {
  if (l == 0) return x_.data();
  return dropping_ && !layers_[l - 1].dropped.empty() ? layers_[l - 1].dropped.data() : layers_[l - 1].output.data();
}

template <class T> void Pass<T>::draw_mask(std::size_t l, const Dropout& dropout) {
  const std::size_t units = network_.units[l + 1];
  const double rate = dropout.rates[l];
  const T kept = static_cast<T>(1 / (1 - rate));
  const auto threshold = static_cast<std::uint64_t>(rate * 4294967296.0);
  T* mask = layers_[l].mask.data();
  for (std::size_t r = 0; r < rows_; ++r)
    for (std::size_t u = 0; u < units; u += 4) {
      const Counter words = philox({static_cast<std::uint32_t>(u / 4), dropout.epoch, ids_[r], stream_dropout + static_cast<std::uint32_t>(l)}, dropout.seed);
      for (std::size_t i = u; i < std::min(u + 4, units); ++i)
        mask[r / line<T> * units * line<T> + i * line<T> + r % line<T>] = words[i - u] < threshold ? T(0) : kept;
    }
}

template <class T> void Pass<T>::forward(const T* weights, const Dropout* dropout) {
  dropping_ = dropout && !dropout->rates.empty();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    const std::size_t units = network_.units[l + 1];
    T* input = (layer.separate_input ? layer.input : layer.output).data();
    kernels_.product(panels_, network_.units[l], units, inputs_of(l), weights + layer.weights_at, network_.units[l], 1,
              weights + layer.biases_at, input);
    const bool last = l + 1 == layers_.size();
    if (last && has_offset_)
      for (std::size_t i = 0; i < panels_ * units * line<T>; ++i) input[i] += offset_.data()[i];
    kernels_.activate(network_.activations[l], panels_, units, input, layer.output.data());
    if (dropping_ && !last) {
      draw_mask(l, *dropout);
      for (std::size_t i = 0; i < panels_ * units * line<T>; ++i) layer.dropped.data()[i] = layer.output.data()[i] * layer.mask.data()[i];
    }
  }
}

template <class T> double Pass<T>::loss(const Objective& objective) {
  Layer& last = layers_.back();
  return kernels_.loss(objective.loss, network_.output_activation(), static_cast<T>(objective.loss_parameter), panels_, network_.outputs(),
                           last.input.data(), last.output.data(), y_.data(), weight_of_row_.data(), last.delta.data());
}

template <class T> void Pass<T>::take_delta_of_output(std::size_t unit) {
  Layer& last = layers_.back();
  const std::size_t units = network_.outputs();
  for (std::size_t panel = 0; panel < panels_; ++panel)
    for (std::size_t u = 0; u < units; ++u) std::fill_n(last.delta.data() + (panel * units + u) * line<T>, line<T>, T(u == unit));
  kernels_.multiply_slope(network_.output_activation(), panels_, units, last.input.data(), last.output.data(), last.delta.data());
}

template <class T> void Pass<T>::backward(const T* weights) {
  for (std::size_t l = layers_.size() - 1; l > 0; --l) {
    Layer& below = layers_[l - 1];
    const std::size_t units = network_.units[l], count = panels_ * units * line<T>;
    T* delta = below.delta.data();
    kernels_.product(panels_, network_.units[l + 1], units, layers_[l].delta.data(), weights + layers_[l].weights_at, 1, units, nullptr, delta);
    if (dropping_)
      for (std::size_t i = 0; i < count; ++i) delta[i] *= below.mask.data()[i];
    if (keep_all_) std::copy_n(delta, count, below.error.data());
    kernels_.multiply_slope(network_.activations[l - 1], panels_, units, (below.separate_input ? below.input : below.output).data(), below.output.data(), delta);
  }
}

template <class T> void Pass<T>::gradient(T* gradient, bool add) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const T* delta = layers_[l].delta.data();
    kernels_.weight_gradient(panels_, network_.units[l + 1], network_.units[l], delta, inputs_of(l), gradient + layers_[l].weights_at, add);
    kernels_.bias_gradient(panels_, network_.units[l + 1], delta, gradient + layers_[l].biases_at, add);
  }
}

template <class T> double Pass<T>::input_at(std::size_t l, std::size_t row, std::size_t unit) const {
  return inputs_of(l)[row / line<T> * network_.units[l] * line<T> + unit * line<T> + row % line<T>];
}

template <class T> double Pass<T>::at(Part part, std::size_t l, std::size_t row, std::size_t unit) const {
  const Layer& layer = layers_[l];
  const Buffer<T>& numbers = part == Part::input ? layer.input : part == Part::output ? layer.output : part == Part::error ? layer.error : layer.delta;
  return numbers.data()[row / line<T> * network_.units[l + 1] * line<T> + unit * line<T> + row % line<T>];
}

template <class T> double Pass<T>::correct() const {
  const std::size_t last = layers_.size() - 1, outputs = network_.outputs();
  auto target = [&](std::size_t r, std::size_t u) { return y_.data()[r / line<T> * outputs * line<T> + u * line<T> + r % line<T>]; };
  double sum = 0;
  for (std::size_t r = 0; r < rows_; ++r) {
    std::size_t guess = 0, truth = 0;
    for (std::size_t u = 1; u < outputs; ++u) {
      if (at(Part::output, last, r, u) > at(Part::output, last, r, guess)) guess = u;
      if (target(r, u) > target(r, truth)) truth = u;
    }
    const bool right = outputs > 1 ? guess == truth : (at(Part::output, last, r, 0) > 0.5) == (target(r, 0) > 0.5);
    if (right) sum += weight_of_row_.data()[r];
  }
  return sum;
}

template class Pass<double>;
template class Pass<float>;

}  // namespace backprop

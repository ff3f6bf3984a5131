#include "pass.h"

#include "panels.h"
#include "tables.h"

namespace backprop {

namespace {

std::size_t padded(std::size_t rows) {
  return round_up(std::min(rows, piece_rows), line<double> * 2);
}

// Sizes of the scratch memory for the largest layer: packed weights, a transposed block of inputs,
// and a packed block of deltas.
struct Scratch {
  double weights = 0, inputs = 0, deltas = 0;
  Scratch(const Network& network, std::size_t rows, std::size_t block, bool coded) {
    for (const Layer& layer : network.layers) {
      if (coded && &layer == &network.layers.front()) continue;
      const double below = static_cast<double>(round_up(layer.inputs, line<float>)),
                   units = static_cast<double>(layer.units);
      weights = std::max(weights, below * units);
      inputs = std::max(inputs, below * static_cast<double>(std::min(rows, block)));
      deltas = std::max(deltas, units * static_cast<double>(std::min(rows, block)));
    }
  }
};
template <class T> Scratch scratch(const Network& network, std::size_t rows, bool coded) {
  return Scratch(network, padded(rows), gradient_rows<T>, coded);
}
std::size_t whole(double numbers) { return static_cast<std::size_t>(numbers); }

// The inputs of an output layer that has those of the network, too; 0 for others.
std::size_t joined_inputs(const Network& network) {
  return network.skips() ? network.layers.back().inputs : 0;
}

}  // namespace

template <class T>
double Pass<T>::bytes(const Network& network, std::size_t rows, bool keep_all, bool coded) {
  coded = coded && !network.skips();
  double numbers = (coded ? 0 : static_cast<double>(network.inputs())) +
                   static_cast<double>(joined_inputs(network));
  for (const Layer& layer : network.layers)
    numbers += static_cast<double>(layer.units) * (keep_all ? 4 : 3);
  const Scratch room = scratch<T>(network, rows, coded);
  return (numbers * static_cast<double>(padded(rows)) + room.weights + room.inputs + room.deltas) *
         sizeof(T);
}

template <class T>
Pass<T>::Pass(const Network& network, std::size_t rows, bool keep_all, bool with_dropout,
              Team& team, bool coded)
    : network_(network),
      kernels_(kernels<T>()),
      team_(team),
      keep_all_(keep_all),
      coded_(coded && !network.skips()),
      values_(network.layers.size()),
      x_(coded_ ? 0 : padded(rows) * network.inputs()),
      y_(padded(rows) * network.outputs()),
      weight_of_row_(padded(rows)),
      offset_(padded(rows) * network.outputs()),
      loss_parameters_(network.outputs()),
      joined_(padded(rows) * joined_inputs(network)),
      packed_weights_(whole(scratch<T>(network, rows, coded_).weights)),
      transposed_inputs_(whole(scratch<T>(network, rows, coded_).inputs)),
      packed_delta_(whole(scratch<T>(network, rows, coded_).deltas)),
      ids_(padded(rows)) {
  for (std::size_t l = 0; l < values_.size(); ++l) {
    const Layer& layer = network.layers[l];
    const std::size_t size = padded(rows) * layer.units;
    const bool last = l + 1 == values_.size();
    LayerValues& values = values_[l];
    values.separate_input = keep_all || last || slope_needs_input(layer.activation);
    if (values.separate_input) values.input = Buffer<T>(size);
    values.output = Buffer<T>(size);
    values.delta = Buffer<T>(size);
    if (keep_all && !last) values.error = Buffer<T>(size);
    if (with_dropout && !last) {
      values.mask = Buffer<T>(size);
      values.dropped = Buffer<T>(size);
    }
  }
}

template <class T> const T* Pass<T>::inputs_of(std::size_t l) const {
  if (l == 0) return x_.data();
  return network_.layers[l].skip > 0 ? joined_.data() : outputs_below(l);
}

template <class T> const T* Pass<T>::outputs_below(std::size_t l) const {
  const LayerValues& below = values_[l - 1];
  return dropping_ && !below.dropped.empty() ? below.dropped.data() : below.output.data();
}

// Copies the outputs of the layer below and the inputs of the network side by side, for the panels
// begin, ..., end - 1.
template <class T> void Pass<T>::join_inputs(std::size_t l, std::size_t begin, std::size_t end) {
  const Layer& layer = network_.layers[l];
  for (std::size_t panel = begin; panel < end; ++panel) {
    T* to = joined_.data() + panel_at<T>(panel, layer.inputs);
    to = std::copy_n(outputs_below(l) + panel_at<T>(panel, layer.from_below()),
                     panel_at<T>(1, layer.from_below()), to);
    std::copy_n(x_.data() + panel_at<T>(panel, layer.skip), panel_at<T>(1, layer.skip), to);
  }
}

template <class T>
void Pass<T>::draw_mask(std::size_t l, const Dropout& dropout, std::size_t begin, std::size_t end) {
  const std::size_t units = network_.layers[l].units;
  const double rate = dropout.rates[l];
  const T kept = static_cast<T>(1 / (1 - rate));
  const auto threshold = static_cast<std::uint64_t>(rate * 4294967296.0);
  const std::uint32_t stream = stream_dropout + static_cast<std::uint32_t>(l);
  T* mask = values_[l].mask.data();
  for (std::size_t r = begin; r < end; ++r) {
    const auto row = static_cast<std::uint32_t>(rows_before_ + ids_[r]);
    for (std::size_t u = 0; u < units; u += 4) {
      const Counter words =
          philox({static_cast<std::uint32_t>(u / 4), dropout.epoch, row, stream}, dropout.seed);
      for (std::size_t i = u; i < std::min(u + 4, units); ++i)
        mask[element_at<T>(r, i, units)] = words[i - u] < threshold ? T(0) : kept;
    }
  }
}

template <class T> void Pass<T>::forward(const T* weights, const Dropout* dropout) {
  dropping_ = dropout && !dropout->rates.empty();
  team_.run([&](const Team::Share& share) {
    if (coded_) prepare_coded(share, weights);
    for (std::size_t l = 0; l < values_.size(); ++l) {
      share.part_of(panels_, 1, [&](std::size_t begin, std::size_t end) {
        forward_layer(l, weights, dropout, begin, end);
      });
      if (!network_.layers[l].custom) continue;
      share.meet();
      if (share.first()) activate_custom(l);
      share.meet();
      share.part_of(panels_, 1, [&](std::size_t begin, std::size_t end) {
        if (dropping_ && l + 1 < values_.size()) drop_units(l, *dropout, begin, end);
      });
    }
  });
}

// Processes the panels begin, ..., end - 1.
template <class T>
void Pass<T>::forward_layer(std::size_t l, const T* weights, const Dropout* dropout,
                            std::size_t begin, std::size_t end) {
  const Layer& layer = network_.layers[l];
  LayerValues& values = values_[l];
  const bool last = l + 1 == values_.size();
  const std::size_t first = panel_at<T>(begin, layer.units), after = panel_at<T>(end, layer.units);
  T* input = values.input_or_output();
  if (layer.skip > 0) join_inputs(l, begin, end);
  if (coded_ && l == 0) {
    forward_coded(weights, begin, end, input);
  } else {
    Weights<T> weight{};
    weight.numbers = weights + layer.weights_at;
    weight.unit_stride = layer.inputs;
    weight.step_stride = 1;
    kernels_.product(end - begin, layer.inputs, layer.units,
                     inputs_of(l) + panel_at<T>(begin, layer.inputs), weight,
                     weights + layer.biases_at, input + first);
  }
  if (last && has_offset_)
    for (std::size_t i = first; i < after; ++i) input[i] += offset_.data()[i];
  if (layer.custom) return;
  kernels_.activate(layer.activation, end - begin, layer.units, input + first,
                    values.output.data() + first);
  if (dropping_ && !last) drop_units(l, *dropout, begin, end);
}

template <class T>
void Pass<T>::drop_units(std::size_t l, const Dropout& dropout, std::size_t begin,
                         std::size_t end) {
  LayerValues& values = values_[l];
  const std::size_t units = network_.layers[l].units;
  draw_mask(l, dropout, begin * line<T>, std::min(rows_, end * line<T>));
  for (std::size_t i = panel_at<T>(begin, units); i < panel_at<T>(end, units); ++i)
    values.dropped.data()[i] = values.output.data()[i] * values.mask.data()[i];
}

template <class T> void Pass<T>::multiply_output_slope() {
  LayerValues& last = values_.back();
  if (network_.layers.back().custom) return multiply_custom_slope(values_.size() - 1);
  kernels_.multiply_slope(network_.output_activation(), panels_, network_.outputs(),
                          last.input.data(), last.output.data(), last.delta.data());
}

template <class T> double Pass<T>::loss(const Objective& objective) {
  if (objective.custom) return custom_loss(objective);
  LayerValues& last = values_.back();
  std::copy(objective.loss_parameters.begin(), objective.loss_parameters.end(),
            loss_parameters_.data());
  auto sum_of_losses = [&] {
    return kernels_.loss(objective.loss, network_.output_activation(), loss_parameters_.data(),
                         panels_, network_.outputs(), last.input.data(), last.output.data(),
                         y_.data(), weight_of_row_.data(), last.delta.data());
  };
  auto activate = [&] {
    kernels_.activate(network_.output_activation(), panels_, network_.outputs(), last.input.data(),
                      last.output.data());
  };
  double sum = sum_of_losses();
  if (network_.layers.back().custom) {
    multiply_custom_slope(values_.size() - 1);
    return sum;
  }
  if (std::isfinite(sum) && std::abs(sum) >= tiny_loss<T>) return sum;
  {  // the losses may be denormal, or logarithms of denormal outputs
    const KeepDenormals keep;
    activate();
    sum = sum_of_losses();
  }
  activate();
  return sum;
}

template <class T> void Pass<T>::start_from_output(std::size_t unit) {
  LayerValues& last = values_.back();
  const std::size_t units = network_.outputs();
  for (std::size_t panel = 0; panel < panels_; ++panel)
    for (std::size_t u = 0; u < units; ++u)
      std::fill_n(last.delta.data() + line_at<T>(panel, u, units), line<T>, T(u == unit));
  multiply_output_slope();
}

template <class T> void Pass<T>::backward(const T* weights) {
  team_.run([&](const Team::Share& share) {
    for (std::size_t l = values_.size() - 1; l > 0; --l) {
      const Weights<T> weight = backward_weights(share, l, weights);
      share.part_of(panels_, 1, [&](std::size_t begin, std::size_t end) {
        backward_layer(l, weight, begin, end);
      });
      if (!network_.layers[l - 1].custom) continue;
      share.meet();
      if (share.first()) multiply_custom_slope(l - 1);
      share.meet();
    }
  });
}

// The transposed weights of a layer for the backward pass. Their memory access has a large stride,
// so they are packed first if the layer is large and there are many rows.
template <class T>
Weights<T> Pass<T>::backward_weights(const Team::Share& share, std::size_t l, const T* weights) {
  const Layer& layer = network_.layers[l];
  Weights<T> plain{};
  plain.numbers = weights + layer.weights_at;
  plain.unit_stride = 1;
  plain.step_stride = layer.inputs;
  if (panels_ < 4 || layer.weights() < 1024) return plain;
  share.meet();  // all threads have finished reading the weights of the next layer
  share.part_of(layer.from_below(), unit_share, [&](std::size_t begin, std::size_t end) {
    kernels_.pack(end - begin, layer.units, plain.numbers + begin, 1, layer.inputs, layer.units, 0,
                  packed_weights_.data() + begin * layer.units);
  });
  share.meet();
  Weights<T> packed{};
  packed.numbers = packed_weights_.data();
  packed.packed = true;
  return packed;
}

// Computes the delta of the previous layer from that of layer `l`, for panels begin, ..., end - 1.
template <class T>
void Pass<T>::backward_layer(std::size_t l, const Weights<T>& weight, std::size_t begin,
                             std::size_t end) {
  const Layer& layer = network_.layers[l];
  LayerValues& below = values_[l - 1];
  const std::size_t units = layer.from_below(), first = panel_at<T>(begin, units),
                    after = panel_at<T>(end, units);
  T* delta = below.delta.data();
  kernels_.product(end - begin, layer.units, units,
                   values_[l].delta.data() + panel_at<T>(begin, layer.units), weight, nullptr,
                   delta + first);
  if (dropping_)
    for (std::size_t i = first; i < after; ++i) delta[i] *= below.mask.data()[i];
  if (keep_all_) std::copy(delta + first, delta + after, below.error.data() + first);
  if (network_.layers[l - 1].custom) return;
  kernels_.multiply_slope(network_.layers[l - 1].activation, end - begin, units,
                          below.input_or_output() + first, below.output.data() + first,
                          delta + first);
}

template <class T> bool Pass<T>::is_wide(std::size_t l) const {
  return network_.layers[l].weights() >= 1024;
}

template <class T> void Pass<T>::gradient(T* gradient, bool add) {
  team_.run([&](const Team::Share& share) {
    for (std::size_t l = 0; l < values_.size(); ++l) {
      const Layer& layer = network_.layers[l];
      const T* delta = values_[l].delta.data();
      T* of_weights = gradient + layer.weights_at;
      const bool of_coded = coded_ && l == 0;
      if (of_coded)
        coded_gradient(share, of_weights, add);
      else if (is_wide(l))
        for (std::size_t begin = 0; begin < rows_; begin += gradient_rows<T>)
          add_wide_gradient(share, l, begin, std::min(gradient_rows<T>, rows_ - begin), of_weights,
                            add || begin > 0);
      if (!share.first()) continue;
      if (!of_coded && !is_wide(l))
        kernels_.weight_gradient(panels_, layer.units, layer.inputs, delta, inputs_of(l),
                                 of_weights, add);
      kernels_.bias_gradient(panels_, layer.units, delta, gradient + layer.biases_at, add);
    }
  });
}

// Adds the gradient of the rows begin, ..., begin + count - 1; `begin` is the first row of a panel.
template <class T>
void Pass<T>::add_wide_gradient(const Team::Share& share, std::size_t l, std::size_t begin,
                                std::size_t count, T* gradient, bool add) {
  const Layer& layer = network_.layers[l];
  const std::size_t units = layer.units, inputs = layer.inputs, panels = panels_for<T>(count),
                    depth = panels * line<T>;
  const T* delta = values_[l].delta.data() + panel_at<T>(begin / line<T>, units);
  const T* input = inputs_of(l) + panel_at<T>(begin / line<T>, inputs);
  share.meet();  // all threads have finished reading the previous layer's transposed inputs
  share.part_of(panels, 1, [&](std::size_t from, std::size_t to) {
    kernels_.transpose(to - from, inputs, input + panel_at<T>(from, inputs), depth, from * line<T>,
                       transposed_inputs_.data());
    for (std::size_t panel = from; panel < to; ++panel)
      kernels_.pack(units, line<T>, delta + panel_at<T>(panel, units), line<T>, 1, depth,
                    panel * line<T>, packed_delta_.data());
  });
  share.meet();
  share.part_of(units, unit_share, [&](std::size_t from, std::size_t to) {
    kernels_.wide_gradient(count, to - from, inputs, depth, packed_delta_.data() + from * depth,
                           transposed_inputs_.data(), gradient + from * inputs, add);
  });
}

template class Pass<double>;
template class Pass<float>;

}  // namespace backprop

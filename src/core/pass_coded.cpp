// The first layer of a pass over coded rows. They are x = common + d with a d that has few non-zero
// values, so that the product with the weights is that of `common`, which all rows share, plus that
// of d. Sums are in the order of columns and rows, whatever the number of threads.
#include "panels.h"
#include "pass.h"

namespace backprop {

template <class T> void Pass<T>::prepare_coded(const Team::Share& share, const T* weights) {
  const Layer& layer = network_.layers[0];
  const T* const common = coded_rows_->common.data();
  if (share.first()) common_inputs_.resize(layer.units);
  share.meet();
  share.part_of(layer.units, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t u = begin; u < end; ++u) {
      const T* const weight = weights + layer.weights_at + u * layer.inputs;
      T sums[4] = {};  // several sums, which do not wait for each other
      std::size_t c = 0;
      for (; c + 4 <= layer.inputs; c += 4)
        for (std::size_t k = 0; k < 4; ++k) sums[k] += common[c + k] * weight[c + k];
      for (; c < layer.inputs; ++c) sums[0] += common[c] * weight[c];
      common_inputs_[u] =
          weights[layer.biases_at + u] + ((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
  });
  share.meet();
}

// The inputs of the first layer's units, for the panels begin, ..., end - 1.
template <class T>
void Pass<T>::forward_coded(const T* weights, std::size_t begin, std::size_t end, T* input) const {
  const Layer& layer = network_.layers[0];
  const SparseRows<T>& x = *coded_rows_;
  for (std::size_t panel = begin; panel < end; ++panel)
    for (std::size_t u = 0; u < layer.units; ++u)
      std::fill_n(input + line_at<T>(panel, u, layer.units), line<T>, common_inputs_[u]);
  for (std::size_t r = begin * line<T>; r < std::min(rows_, end * line<T>); ++r) {
    T* const to = input + element_at<T>(r, 0, layer.units);
    for (std::size_t k = x.begin[ids_[r]]; k < x.begin[ids_[r] + 1]; ++k) {
      const T* const weight = weights + layer.weights_at + x.columns[k];
      const T value = x.values[k] - x.common[x.columns[k]];
      for (std::size_t u = 0; u < layer.units; ++u)
        to[u * line<T>] += value * weight[u * layer.inputs];
    }
  }
}

template <class T>
void Pass<T>::coded_gradient(const Team::Share& share, T* gradient, bool add) const {
  const Layer& layer = network_.layers[0];
  const SparseRows<T>& x = *coded_rows_;
  const T* const delta = values_[0].delta.data();
  share.part_of(layer.units, 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t u = first; u < last; ++u) {
      T* const to = gradient + u * layer.inputs;
      T sum = 0;
      for (std::size_t r = 0; r < rows_; ++r) sum += delta[element_at<T>(r, u, layer.units)];
      if (!add) std::fill_n(to, layer.inputs, T(0));
      for (std::size_t c = 0; c < layer.inputs; ++c) to[c] += x.common[c] * sum;
      for (std::size_t r = 0; r < rows_; ++r) {
        const T d = delta[element_at<T>(r, u, layer.units)];
        for (std::size_t k = x.begin[ids_[r]]; k < x.begin[ids_[r] + 1]; ++k)
          to[x.columns[k]] += (x.values[k] - x.common[x.columns[k]]) * d;
      }
    }
  });
}

// The rest of the class is instantiated in pass.cpp.
template void Pass<double>::prepare_coded(const Team::Share&, const double*);
template void Pass<float>::prepare_coded(const Team::Share&, const float*);
template void Pass<double>::forward_coded(const double*, std::size_t, std::size_t, double*) const;
template void Pass<float>::forward_coded(const float*, std::size_t, std::size_t, float*) const;
template void Pass<double>::coded_gradient(const Team::Share&, double*, bool) const;
template void Pass<float>::coded_gradient(const Team::Share&, float*, bool) const;

}  // namespace backprop

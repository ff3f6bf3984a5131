// The steps of a pass that call custom activations and losses (custom.h).
#include "pass.h"

#include "panels.h"

namespace backprop {

template <class T>
void Pass<T>::take_columns(const T* panels, std::size_t units, std::vector<double>& columns) const {
  columns.resize(rows_ * units);
  panels_to_columns(rows_, units, panels, rows_, columns.data());
}

template <class T>
template <class Put>
void Pass<T>::put_columns(T* panels, std::size_t units, const Put& put) const {
  for (std::size_t u = 0; u < units; ++u)
    for (std::size_t r = 0; r < rows_; ++r)
      put(panels[element_at<T>(r, u, units)], static_cast<T>(custom_result_[u * rows_ + r]), r);
}

// Rows that pad the last panel have weight 0.
template <class T> void Pass<T>::clear_panels(T* panels, std::size_t units) const {
  std::fill_n(panels, panel_at<T>(panels_, units), T(0));
}

template <class T>
void Pass<T>::call_custom_activation(std::size_t l, CustomActivation::Quantity quantity) {
  const Layer& layer = network_.layers[l];
  take_columns(values_[l].input.data(), layer.units, custom_input_);
  custom_result_.resize(custom_input_.size());
  const KeepDenormals keep;
  (layer.custom.get()->*quantity)(rows_, layer.units, custom_input_, custom_result_);
}

template <class T> void Pass<T>::activate_custom(std::size_t l) {
  const std::size_t units = network_.layers[l].units;
  T* output = values_[l].output.data();
  call_custom_activation(l, &CustomActivation::value);
  clear_panels(output, units);
  put_columns(output, units, [](T& number, T value, std::size_t) { number = value; });
}

template <class T> void Pass<T>::multiply_custom_slope(std::size_t l) {
  call_custom_activation(l, &CustomActivation::slope);
  put_columns(values_[l].delta.data(), network_.layers[l].units,
              [](T& number, T slope, std::size_t) { number *= slope; });
}

template <class T> double Pass<T>::custom_loss(const Objective& objective) {
  LayerValues& last = values_.back();
  const std::size_t units = network_.outputs();
  const T* weights = weight_of_row_.data();
  take_columns(last.output.data(), units, custom_input_);
  take_columns(y_.data(), units, custom_target_);
  custom_result_.resize(rows_);
  double sum = 0;
  {
    const KeepDenormals keep;
    objective.custom->value(rows_, units, custom_input_, custom_target_, custom_result_);
    for (std::size_t r = 0; r < rows_; ++r) {
      const double weight = static_cast<double>(weights[r]);
      if (weight != 0) sum += weight * custom_result_[r];
    }
    custom_result_.resize(custom_input_.size());
    objective.custom->slope(rows_, units, custom_input_, custom_target_, custom_result_);
  }
  clear_panels(last.delta.data(), units);
  put_columns(last.delta.data(), units, [weights](T& number, T slope, std::size_t r) {
    if (weights[r] != 0) number = weights[r] * slope;
  });
  multiply_output_slope();
  return sum;
}

// The rest of the class is instantiated in pass.cpp.
template void Pass<double>::activate_custom(std::size_t);
template void Pass<float>::activate_custom(std::size_t);
template void Pass<double>::multiply_custom_slope(std::size_t);
template void Pass<float>::multiply_custom_slope(std::size_t);
template double Pass<double>::custom_loss(const Objective&);
template double Pass<float>::custom_loss(const Objective&);

}  // namespace backprop

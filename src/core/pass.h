// Forward and backward pass for at most `piece_rows` rows at a time. All memory is allocated by the
// constructor.
#pragma once
#include <cmath>
#include <vector>

#include "../simd/instruction_sets.h"
#include "buffer.h"
#include "denormals.h"
#include "network.h"
#include "random.h"
#include "rows.h"
#include "team.h"

namespace backprop {

// Larger batches are split into pieces of this many rows, whose sums are added in order.
constexpr std::size_t piece_rows = 1024;

// Calls f(first, count) for each piece of the rows begin, ..., begin + count - 1.
template <class F> void for_each_piece(std::size_t begin, std::size_t count, F&& f) {
  for (std::size_t done = 0; done < count; done += piece_rows)
    f(begin + done, std::min(piece_rows, count - done));
}

// Inverted dropout (Srivastava et al. 2014): each hidden unit is set to 0 with probability `rate`
// and divided by 1 - rate otherwise.
struct Dropout {
  std::vector<double> rates;  // one for each hidden layer, or empty
  Key seed{};
  std::uint32_t epoch = 0;
};

// Smaller sums of losses may depend on denormals.
template <class T> constexpr double tiny_loss = sizeof(T) == 8 ? 1e-280 : 1e-30;

// a + b and a / b, exact also for denormals while these are flushed. Volatile variables keep the
// compiler from computing the results in the other mode.
inline double add_losses(double a, double b) {
  const double fast = a + b;
  if (!(std::abs(fast) < tiny_loss<double>)) return fast;
  volatile double x = a;
  const KeepDenormals keep;
  const volatile double sum = x + b;
  return sum;
}
inline double mean_loss(double a, double weight) {
  const double fast = a / weight;
  if (!(std::abs(fast) < tiny_loss<double>)) return fast;
  volatile double x = a;
  const KeepDenormals keep;
  const volatile double mean = x / weight;
  return mean;
}

template <class T> class SmallNetworkPass;
class HessianProduct;

template <class T> class Pass {
 public:
  // Bytes that a pass over at most `rows` rows allocates, as double to avoid overflow.
  static double bytes(const Network& network, std::size_t rows, bool keep_all, bool coded = false);

  // `keep_all` stores input and error of each layer, which training does not need. `coded`: all
  // rows that are loaded are coded, and the first layer computes with their values other than the
  // common ones only. Then there are no panels of inputs,
  // which a network needs that connects them with the outputs.
  Pass(const Network& network, std::size_t rows, bool keep_all, bool with_dropout, Team& team,
       bool coded = false);

  // Loads rows order[begin], ..., order[begin + count - 1], or begin, ..., begin + count - 1 if
  // `order` is nullptr. Does nothing if these rows are loaded already.
  void load(const Rows<T>& rows, const std::uint32_t* order, std::size_t begin, std::size_t count);
  // Loads `count` rows of column-major inputs, whose columns are `x_stride` apart, and the offsets
  // from row `begin`, whose columns are `stride` apart (or nullptr), without targets.
  void load_columns(const double* x, std::size_t x_stride, const double* offset, std::size_t stride,
                    std::size_t begin, std::size_t count);
  // The same for sparse inputs, from row `begin`. Coded rows must exist as long as they are loaded.
  void load_sparse(const SparseRows<T>& x, const double* offset, std::size_t stride,
                   std::size_t begin, std::size_t count);

  void forward(const T* weights, const Dropout* dropout);
  // The weighted sum of the loss over the rows. Computes the delta of the last layer. The sum is
  // exact also if it is a denormal number, or a logarithm of denormal outputs.
  double loss(const Objective& objective);
  // Computes the delta of the last layer from one output instead of the loss, for the Jacobian.
  void start_from_output(std::size_t unit);
  void backward(const T* weights);
  // Writes or adds the gradient of the summed loss, in the order of the parameters.
  void gradient(T* gradient, bool add);

  double weight() const { return weight_; }

  // A quantity of a layer for one row and unit. Layer 0 is the first hidden layer.
  enum class Part { input, output, error, delta };
  double at(Part part, std::size_t layer, std::size_t row, std::size_t unit) const;
  // The same for all loaded rows and units, column-major with columns that are `stride` apart.
  void copy(Part part, std::size_t layer, std::size_t stride, double* to) const;
  // An input of a layer: an input of the network or an output of the previous layer.
  double input_at(std::size_t layer, std::size_t row, std::size_t unit) const;
  // The sum of the case weights of the correctly classified rows. The class is the largest output,
  // or whether a single output is above 1/2.
  double correct() const;

 private:
  friend class SmallNetworkPass<T>;
  friend class HessianProduct;
  // The quantities of a layer for the loaded rows, in panels.
  struct LayerValues {
    Buffer<T> input, output, error, delta, mask, dropped;
    bool separate_input;
    T* input_or_output() { return (separate_input ? input : output).data(); }
  };
  const T* inputs_of(std::size_t layer) const;
  const T* outputs_below(std::size_t layer) const;
  void join_inputs(std::size_t layer, std::size_t begin, std::size_t end);
  const Buffer<T>& panels_of(Part part, std::size_t layer) const;
  void multiply_output_slope();
  void drop_units(std::size_t layer, const Dropout& dropout, std::size_t begin, std::size_t end);
  void draw_mask(std::size_t layer, const Dropout& dropout, std::size_t begin, std::size_t end);
  void forward_layer(std::size_t layer, const T* weights, const Dropout* dropout, std::size_t begin,
                     std::size_t end);
  Weights<T> backward_weights(const Team::Share& share, std::size_t layer, const T* weights);
  // The first layer of coded rows.
  void prepare_coded(const Team::Share& share, const T* weights);
  void forward_coded(const T* weights, std::size_t begin, std::size_t end, T* input) const;
  void coded_gradient(const Team::Share& share, T* gradient, bool add) const;
  void backward_layer(std::size_t layer, const Weights<T>& weight, std::size_t begin,
                      std::size_t end);
  bool is_wide(std::size_t layer) const;
  void add_wide_gradient(const Team::Share& share, std::size_t layer, std::size_t begin,
                         std::size_t count, T* gradient, bool add);
  void load_offset(const double* offset, std::size_t stride, std::size_t begin, std::size_t count);
  // Custom functions (pass_custom.cpp), which take and return rows x units by column, here of the
  // loaded rows. put(number, result, row) stores one of the results.
  void activate_custom(std::size_t layer);
  void multiply_custom_slope(std::size_t layer);
  double custom_loss(const Objective& objective);
  void call_custom_activation(std::size_t layer, CustomActivation::Quantity quantity);
  void take_columns(const T* panels, std::size_t units, std::vector<double>& columns) const;
  template <class Put> void put_columns(T* panels, std::size_t units, const Put& put) const;
  void clear_panels(T* panels, std::size_t units) const;

  Network network_;
  const Kernels<T>& kernels_;
  Team& team_;
  bool keep_all_, coded_;
  std::vector<LayerValues> values_;  // for each layer of the network
  const SparseRows<T>* coded_rows_ = nullptr;
  std::vector<T> common_inputs_;  // of the units of the first layer, from the common values
  Buffer<T> x_, y_, weight_of_row_, offset_, loss_parameters_;
  Buffer<T> joined_;  // outputs of the last hidden layer and inputs, if the output layer has both
  Buffer<T> packed_weights_, transposed_inputs_, packed_delta_;
  std::vector<std::uint32_t> ids_;
  std::vector<double> custom_input_, custom_target_, custom_result_;
  std::size_t rows_ = 0, panels_ = 0, loaded_begin_ = 0, rows_before_ = 0;
  std::vector<const T*> places_;  // of the loaded rows, if they are stored in a file
  std::vector<T> copies_;
  std::vector<const T*> rest_;  // their targets, weights and offsets, if they are stored
  std::vector<T> copies_of_rest_, targets_;
  const Rows<T>* loaded_ = nullptr;
  bool loaded_in_order_ = false, has_offset_ = false, dropping_ = false;
  double weight_ = 0;
};

}  // namespace backprop

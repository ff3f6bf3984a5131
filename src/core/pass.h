// Forward and backward through the network for at most `piece_rows` rows at a time. All memory is
// taken when a pass is made.
#pragma once
#include <cmath>
#include <vector>

#include "../simd/instruction_sets.h"
#include "buffer.h"
#include "network.h"
#include "random.h"
#include "rows.h"
#include "team.h"

namespace backprop {

// Batches of more rows are cut into pieces of this many, and the pieces' sums are added in order.
constexpr std::size_t piece_rows = 1024;

// Calls f(first, count) for each piece of the rows begin, ..., begin + count - 1.
template <class F> void for_each_piece(std::size_t begin, std::size_t count, F&& f) {
  for (std::size_t done = 0; done < count; done += piece_rows)
    f(begin + done, std::min(piece_rows, count - done));
}

// Inverted dropout: each hidden unit is 0 with probability `rate`, else divided by 1 - rate
// (Srivastava et al. 2014).
struct Dropout {
  std::vector<double> rates;  // one for each hidden layer; empty for none
  Key seed{};
  std::uint32_t epoch = 0;
};

template <class T> class SmallNetworkPass;

template <class T> class Pass {
 public:
  // Bytes that a pass over at most `rows` rows takes, in double so that it cannot overflow.
  static double bytes(const Network& network, std::size_t rows, bool keep_all);

  // `keep_all` keeps every layer's input and error, for those who want to see them.
  Pass(const Network& network, std::size_t rows, bool keep_all, bool with_dropout, Team& team);

  // Takes rows order[begin], ..., order[begin + count - 1], or begin, ... where order is nullptr;
  // nothing is done where they are there already.
  void load(const Rows<T>& rows, const std::uint32_t* order, std::size_t begin, std::size_t count);
  // Takes `count` rows from `begin` of inputs (and offsets, or nullptr) that stand column by
  // column, `stride` apart; no targets.
  void load_columns(const double* x, const double* offset, std::size_t stride, std::size_t begin,
                    std::size_t count);
  // The same for sparse inputs.
  void load_sparse(const SparseRows<T>& x, const double* offset, std::size_t stride,
                   std::size_t begin, std::size_t count);

  void forward(const T* weights, const Dropout* dropout);
  // The weighted sum of the loss over the rows; makes the last layer's delta.
  double loss(const Objective& objective);
  // Instead of the loss's: the delta of one output, for the derivatives of the outputs themselves.
  void take_delta_of_output(std::size_t unit);
  void backward(const T* weights);
  // Writes (or adds) the gradient of the summed loss, in the order of the weights.
  void gradient(T* gradient, bool add);

  double weight() const { return weight_; }

  // A layer's quantity for one row and unit, layers counted from 0, the first hidden one.
  enum class Part { input, output, error, delta };
  double at(Part part, std::size_t layer, std::size_t row, std::size_t unit) const;
  // What a layer is fed: the row's inputs, or the outputs of the layer below.
  double input_at(std::size_t layer, std::size_t row, std::size_t unit) const;
  // How much of the loaded rows' weight has its class right: the largest output, or for one output
  // the side of 1/2.
  double correct() const;

 private:
  friend class SmallNetworkPass<T>;
  // What a layer makes of the rows, in panels.
  struct Made {
    Buffer<T> input, output, error, delta, mask, dropped;
    bool separate_input;
    T* input_or_output() { return (separate_input ? input : output).data(); }
  };
  const T* inputs_of(std::size_t layer) const;
  void draw_mask(std::size_t layer, const Dropout& dropout, std::size_t begin, std::size_t end);
  void forward_layer(std::size_t layer, const T* weights, const Dropout* dropout, std::size_t begin,
                     std::size_t end);
  Weights<T> turned_weights(const Team::Share& share, std::size_t layer, const T* weights);
  void backward_layer(std::size_t layer, const Weights<T>& weight, std::size_t begin,
                      std::size_t end);
  bool is_wide(std::size_t layer) const;
  void add_wide_gradient(const Team::Share& share, std::size_t layer, std::size_t begin,
                         std::size_t count, T* gradient, bool add);
  void load_offset(const double* offset, std::size_t stride, std::size_t begin, std::size_t count);

  Network network_;
  const Kernels<T>& kernels_;
  Team& team_;
  bool keep_all_;
  std::vector<Made> made_;  // by each layer of the network
  Buffer<T> x_, y_, weight_of_row_, offset_;
  Buffer<T> packed_weights_, transposed_inputs_, packed_delta_;
  std::vector<std::uint32_t> ids_;
  std::size_t rows_ = 0, panels_ = 0, loaded_begin_ = 0;
  const Rows<T>* loaded_ = nullptr;
  bool loaded_in_order_ = false, has_offset_ = false, dropping_ = false;
  double weight_ = 0;
};

}  // namespace backprop

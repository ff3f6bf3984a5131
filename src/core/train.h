// Training, a chunk of epochs at a time: a state goes in, the next state comes out, and 50 + 50 epochs equal 100.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "network.h"
#include "pass.h"
#include "random.h"
#include "rows.h"

namespace backprop {

// The summed loss of `count` rows from `first`, which are one piece; where `gradient` is not nullptr the sum's gradient is written
// to it for the first piece, and added for the others.
template <class T>
double piece_loss(Pass<T>& pass, const Objective& objective, const T* weights, const Rows<T>& rows, std::size_t first, std::size_t count, T* gradient);

// penalty / 2 * sum(W^2) + penalty_l1 * sum(|W|)
template <class T> double penalty_value(const Network& network, const Objective& objective, const T* weights);
// gradient <- scale * gradient + share * the penalty's gradient
template <class T>
void finish_gradient(const Network& network, const Objective& objective, const T* weights, double scale, double share, T* gradient);

// A first-order method, with the names of its published formula (simd/update.h).
struct Method {
  Rule rule;
  double decay, decay2, epsilon;
  double factor_less, factor_more;  // rprop's
  double weight_decay;              // adamw's, decoupled
  double clip;                      // the largest norm of a gradient
};

struct Plan {
  std::size_t batch_size;     // at most the number of rows
  bool shuffle;
  Key seed;
  std::vector<double> dropout;  // a rate for each hidden layer; empty for none
  std::vector<double> rates;    // the learning rate of each epoch to run
  double patience, tolerance;   // epochs without an improvement by more than `tolerance`; infinity for no such rule
  bool track_best;              // keep the weights of the epoch with the lowest validation loss
  bool count_correct;           // also the share of rows whose class is right
  double seconds;               // after which the chunk ends
  bool (*interrupted)();        // polled now and then; nullptr for never
};

// What training goes on from. Numbers of either precision fit in doubles without loss.
struct State {
  std::vector<double> weights, moment, moment2;
  double steps = 0;                       // updates so far
  std::uint32_t epoch = 0;                // epochs completed
  struct UnderWay {                       // the epoch begun and not completed
    std::size_t batch = 0;                // batches done
    double loss = 0, weight = 0, correct = 0;  // their sums
  } under_way;
  std::vector<double> best_weights;       // empty until there is a best epoch
  std::uint32_t best_epoch = 0;
  double best_loss = std::numeric_limits<double>::infinity();
  double reference = std::numeric_limits<double>::infinity();  // the loss that the next improvement is measured from
  double stale = 0;                       // epochs since that improvement
};

enum class Stop : int { epochs, time, interrupted, patience, diverged };

struct Outcome {
  Stop stop = Stop::epochs;
  std::vector<double> loss, correct, validation_loss, validation_correct;  // a number for each epoch completed
};

// Runs plan.rates.size() epochs, or fewer. After divergence the state is that of the last epoch with finite numbers.
template <class T>
Outcome train(const Network& network, const Objective& objective, const Method& method, const Plan& plan, const Rows<T>& rows,
              const Rows<T>* validation, State& state);

}  // namespace backprop

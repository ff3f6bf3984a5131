// Training, a chunk of epochs at a time: a state goes in, the next state comes out, and 50 + 50
// epochs equal 100.
#pragma once
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "network.h"
#include "pass.h"
#include "random.h"
#include "rows.h"

namespace backprop {

// The summed loss of `count` rows from `first`, which are one piece; where `gradient` is not
// nullptr the sum's gradient is written to it for the first piece, and added for the others.
template <class T>
double piece_loss(Pass<T>& pass, const Objective& objective, const T* weights, const Rows<T>& rows,
                  std::size_t first, std::size_t count, T* gradient);

// penalty / 2 * sum(W^2) + penalty_l1 * sum(|W|)
template <class T>
double penalty_value(const Network& network, const Objective& objective, const T* weights);
// gradient <- scale * gradient + share * the penalty's gradient
template <class T>
void finish_gradient(const Network& network, const Objective& objective, const T* weights,
                     double scale, double share, T* gradient);

enum class Family : int { first_order, lbfgs, levenberg_marquardt };

// A method with the names of its published formula: first-order ones stand in simd/update.h.
struct Method {
  Family family;
  Rule rule;
  double decay, decay2, epsilon;
  double factor_less, factor_more;  // rprop's
  double weight_decay;              // adamw's, decoupled
  double clip;                      // the largest norm of a gradient
  double history;                   // lbfgs: how many pairs it remembers
  double
      gradient_tolerance;  // of the full-batch second-order methods, on the mean-reduced objective
};

struct Plan {
  std::size_t batch_size;  // at most the number of rows
  bool shuffle;
  Key seed;
  std::vector<double> dropout;  // a rate for each hidden layer; empty for none
  std::size_t epochs;           // to run
  std::vector<double> rates;    // the learning rate of each of them, or one for all
  double patience, tolerance;   // epochs without an improvement by more than `tolerance`; infinity
                                // for no such rule
  bool track_best;              // keep the weights of the epoch with the lowest validation loss
  bool count_correct;           // also the share of rows whose class is right
  std::size_t threads;          // who share the work; the results are the same for any number
  double seconds;               // after which the chunk ends
  bool (*interrupted)();        // polled now and then; nullptr for never

  double rate(std::size_t epoch) const { return rates[rates.size() == 1 ? 0 : epoch]; }
};

// What training goes on from. Numbers of either precision fit in doubles without loss.
struct State {
  std::vector<double> weights, moment, moment2;
  double steps = 0;                            // updates so far
  std::uint32_t epoch = 0;                     // epochs completed
  struct UnderWay {                            // the epoch begun and not completed
    std::size_t batch = 0;                     // batches done
    double loss = 0, weight = 0, correct = 0;  // their sums
  } under_way;
  std::vector<double> best_weights;  // empty until there is a best epoch
  std::uint32_t best_epoch = 0;
  double best_loss = std::numeric_limits<double>::infinity();
  double reference = std::numeric_limits<double>::infinity();  // the loss that the next improvement
                                                               // is measured from
  double stale = 0;                                            // epochs since that improvement

  // The second-order methods': what they know of the point `weights`, so that nothing is evaluated
  // again.
  std::vector<double> gradient;  // of the objective; empty before the first evaluation
  double objective = 0, data_loss = 0, correct = 0;  // its value; the loss per unit of weight
                                                     // without penalty; the share of right classes
  double evaluations = 0;
  std::vector<double> steps_taken,
      gradient_changes;  // lbfgs: s and y of the pairs, the oldest first, one after the other
  double damping = 0, damping_factor = 2;  // levenberg_marquardt's lambda, and what it grows by
  std::vector<double> scale;               // its largest column norms so far
};

enum class Stop : int { epochs, time, interrupted, patience, diverged, gradient, precision };

struct Outcome {
  Stop stop = Stop::epochs;
  std::vector<double> loss, correct, validation_loss,
      validation_correct;  // a number for each epoch completed
};

// What happens at the end of each epoch, whatever the method: history, validation, the best
// weights, patience.
template <class T> class Ledger {
 public:
  Ledger(const Network& network, const Objective& objective, const Plan& plan,
         const Rows<T>* validation, State& state, Outcome& outcome, Team& team);
  // True where patience has run out.
  bool epoch_completed(const T* weights, double loss, double correct);

 private:
  const Objective& objective_;
  const Plan& plan_;
  const Rows<T>* validation_;
  State& state_;
  Outcome& outcome_;
  std::unique_ptr<Pass<T>> judge_;
};

// Asks now and then whether to go on: time is looked at after some million operations, not at every
// batch.
class Watch {
 public:
  Watch(const Plan& plan, const Network& network);
  // True once the chunk is to end after `rows` more rows; `stop` then says why.
  bool ended(std::size_t rows, Stop& stop);

 private:
  const Plan& plan_;
  double work_of_row_, work_ = 0;
  std::chrono::steady_clock::time_point start_;
};

// Runs plan.epochs epochs, or fewer. After divergence the state is that of the last epoch with
// finite numbers.
template <class T>
Outcome train(const Network& network, const Objective& objective, const Method& method,
              const Plan& plan, const Rows<T>& rows, const Rows<T>* validation, State& state);

// Its families. For the full-batch second-order methods an epoch is an accepted iteration.
template <class T>
Outcome train_first_order(const Network& network, const Objective& objective, const Method& method,
                          const Plan& plan, const Rows<T>& rows, const Rows<T>* validation,
                          State& state);
template <class T>
Outcome train_lbfgs(const Network& network, const Objective& objective, const Method& method,
                    const Plan& plan, const Rows<T>& rows, const Rows<T>* validation, State& state);
template <class T>
Outcome train_levenberg_marquardt(const Network& network, const Objective& objective,
                                  const Method& method, const Plan& plan, const Rows<T>& rows,
                                  const Rows<T>* validation, State& state);

// The loss over all rows and the objective's value and gradient at weights in double, for methods
// that work on the full batch.
template <class T> class FullBatch {
 public:
  FullBatch(const Network& network, const Objective& objective, const Rows<T>& rows, Team& team);
  struct Value {
    double objective, data_loss, correct;
  };
  // `gradient` may be nullptr.
  Value at(const std::vector<double>& weights, std::vector<double>* gradient, bool count_correct);
  // The largest |gradient| max(1, |weight|) over max(1, objective), both mean-reduced.
  double relative_gradient(const std::vector<double>& weights, const std::vector<double>& gradient,
                           double objective) const;
  // The reduced loss is the sum over the rows times this.
  double scale() const { return objective_.mean ? 1 / rows_.total_weight : 1; }
  const T* rounded(const std::vector<double>& weights);
  Pass<T>& pass() { return pass_; }

 private:
  const Network& network_;
  const Objective& objective_;
  const Rows<T>& rows_;
  Pass<T> pass_;
  Buffer<T> weights_, gradient_;
};

}  // namespace backprop

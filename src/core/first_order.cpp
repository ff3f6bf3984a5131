// First-order methods: for each batch, compute the gradient and update the parameters.
#include <cmath>

#include "ledger.h"
#include "objective.h"
#include "small_network.h"
#include "train.h"
#include "update.h"

namespace backprop {

namespace {

// One call of train_first_order(). `finite_` is the state after the last epoch with finite numbers,
// which is restored if training diverges.
template <class T> class FirstOrder {
 public:
  FirstOrder(const Training<T>& training, State& state, Outcome& outcome, Team& team)
      : training_(training),
        plan_(training.plan),
        state_(state),
        now_(state.under_way),
        outcome_(outcome),
        team_(team),
        dropout_{plan_.dropout, plan_.seed, 0},
        batches_((training.rows.all + plan_.batch_size - 1) / plan_.batch_size),
        in_order_(!plan_.shuffle || batches_ == 1),
        pass_(training.network, plan_.batch_size, false, !dropout_.rates.empty(), team,
              training.rows.coded()),
        ledger_(training.network, training.objective, plan_, training.validation, state, outcome,
                team),
        watch_(plan_, training.network),
        parameters_(state),
        finite_(state),
        finite_under_way_(state.under_way),
        gradient_(state.weights.size()),
        update_(training, team),
        sums_(plan_, state.weights.size()) {
    for (std::size_t b = 0; is_part() && b <= batches_; ++b) {
      const std::size_t begin = std::min(b * plan_.batch_size, training.rows.all),
                        before = training.rows.before;
      batch_begin_.push_back(std::min(begin > before ? begin - before : 0, training.rows.count));
    }
    if (training.rows.stored())
      training.rows.stored_x.file->at_random(!in_order_ && !plan_.in_blocks);
    if (training.rows.rest_stored())
      training.rows.stored_rest.file->at_random(!in_order_ && !plan_.in_blocks);
  }

  void run() {
    for (std::size_t begun = is_small_descent() ? descend_small() : 0;
         begun < plan_.epochs && !outcome_.ended(); ++begun) {
      dropout_.epoch = state_.epoch + 1;
      if (!in_order_) shuffle();
      const bool completed = run_batches(plan_.rate(begun));
      if (!parameters_.are_finite()) outcome_.stop = Stop::diverged;
      if (!completed || outcome_.stop == Stop::diverged) break;
      complete_epoch();
    }
    if (outcome_.stop == Stop::diverged) {
      now_ = finite_under_way_;
      finite_.copy_to(state_);
    } else {
      parameters_.copy_to(state_);
    }
  }

 private:
  // Does this process have some of the rows only?
  bool is_part() const { return training_.rows.count != training_.rows.all; }
  // The first row of a batch, in the order of the epoch; the end of the last one for batches_.
  std::size_t batch_at(std::size_t batch) const {
    return is_part() ? batch_begin_[batch] : std::min(batch * plan_.batch_size, training_.rows.all);
  }

  // The order of all rows. Shuffled blocks are put in order as they are needed, unless the process
  // has some of the rows only: these are kept, and where its batches begin.
  void shuffle() {
    const Rows<T>& rows = training_.rows;
    const auto all = static_cast<std::uint32_t>(rows.all);
    ordered_from_ = ordered_blocks_ = expected_ = 0;
    order_.clear();
    if (!plan_.in_blocks) {
      order_ = row_order(plan_.seed, state_.epoch + 1, all);
    } else {
      blocks_ = block_order(plan_.seed, state_.epoch + 1, all, block_rows(rows.inputs));
    }
    if (!is_part()) return;
    if (plan_.in_blocks) order_until(0, rows.all);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rows.all; ++i) {
      if (i % plan_.batch_size == 0) batch_begin_[i / plan_.batch_size] = kept;
      const std::size_t row = order_[i];
      if (row >= rows.before && row - rows.before < rows.count)
        order_[kept++] = static_cast<std::uint32_t>(row - rows.before);
    }
    batch_begin_[batches_] = kept;
  }

  // Puts the rows of shuffled blocks in order as far as the place `end`. What comes before `begin`
  // is no longer needed.
  void order_until(std::size_t begin, std::size_t end) {
    const auto all = static_cast<std::uint32_t>(training_.rows.all);
    while (ordered_from_ + order_.size() < end) {
      const std::size_t gone = std::min(begin - ordered_from_, order_.size());
      order_.erase(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(gone));
      ordered_from_ += gone;
      append_block_rows(plan_.seed, state_.epoch + 1, all, block_rows(training_.rows.inputs),
                        blocks_, ordered_blocks_, order_);
      hold_blocks();
      ordered_blocks_ += blocks_at_once;
    }
  }

  // Reads the blocks that were just put in order: their rows are used one by one, in another order.
  // Also from a mapped file, where they would otherwise be read again, a page or more for each row,
  // if the system drops them too early.
  void hold_blocks() {
    const Rows<T>& rows = training_.rows;
    if (is_part()) return;
    const std::size_t size = block_rows(rows.inputs),
                      many = std::min(blocks_.size() - ordered_blocks_,
                                      static_cast<std::size_t>(blocks_at_once));
    auto hold = [&](const StoredRows<T>& stored) {
      stored.hold(blocks_.data() + ordered_blocks_, many, size, rows.count);
    };
    if (rows.stored()) hold(rows.stored_x);
    if (rows.rest_stored()) hold(rows.stored_rest);
  }

  // The numbers of the rows from the place `first` on.
  const std::uint32_t* order_at(std::size_t first, std::size_t count) {
    if (plan_.in_blocks && !is_part()) order_until(first, first + count);
    return order_.data() + (first - ordered_from_);
  }

  // Tells the system which blocks of stored rows are next: those of the batch that begins there and
  // of the batches that follow it within the next blocks.
  void expect_blocks(std::size_t begin) {
    const Rows<T>& rows = training_.rows;
    if (!plan_.in_blocks || in_order_ || !rows.stored() || is_part()) return;
    const std::size_t size = block_rows(rows.inputs), here = begin / (size * blocks_at_once);
    for (; expected_ < std::min(blocks_.size(), (here + 2) * blocks_at_once); ++expected_) {
      const std::size_t first = blocks_[expected_] * size;
      const std::size_t count = std::min(size, rows.count - first);
      rows.stored_x.expect(first, count);
      if (rows.rest_stored()) rows.stored_rest.expect(first, count);
    }
  }

  // Runs the remaining batches of the current epoch. False if it did not complete.
  bool run_batches(double rate) {
    while (now_.batch < batches_) {
      double loss = 0, weight = 0, correct = 0;
      if (!add_batch(loss, weight, correct)) return false;  // the incomplete batch is discarded
      if (!std::isfinite(loss)) {
        outcome_.stop = Stop::diverged;
        return false;
      }
      now_.loss = add_losses(now_.loss, loss);
      now_.weight += weight;
      now_.correct += correct;
      if (weight > 0) update_.apply(rate, weight, parameters_, gradient_);
      ++now_.batch;
      if (outcome_.ended()) break;
    }
    return now_.batch == batches_;
  }

  // Adds up the loss and the gradient of one batch. False if interrupted before its last piece, or
  // with several processes at any time.
  bool add_batch(double& loss, double& weight, double& correct) {
    const std::size_t begin = batch_at(now_.batch), count = batch_at(now_.batch + 1) - begin;
    bool ended = false;
    expect_blocks(begin);
    for_each_piece(begin, count, [&](std::size_t first, std::size_t piece) {
      if (ended) return;
      if (in_order_)
        pass_.load(training_.rows, nullptr, first, piece);
      else
        pass_.load(training_.rows, order_at(first, piece), 0, piece);
      pass_.forward(parameters_.weights.data(), &dropout_);
      loss = add_losses(loss, pass_.loss(training_.objective));
      weight += pass_.weight();
      if (plan_.count_correct) correct += pass_.correct();
      pass_.backward(parameters_.weights.data());
      pass_.gradient(gradient_.data(), first > begin);
      ended = watch_.ended(piece, outcome_.stop) && outcome_.stop == Stop::interrupted &&
              first + piece < begin + count;
    });
    if (sums_.alone()) return !ended;
    if (count == 0) std::fill_n(gradient_.data(), gradient_.size(), T(0));
    sums_.add_up(gradient_.data(), {&loss, &weight, &correct}, outcome_.stop);
    return outcome_.stop != Stop::interrupted;
  }

  void complete_epoch() {
    const Rows<T>& rows = training_.rows;
    const double loss = mean_loss(now_.loss, now_.weight),
                 correct = now_.correct / (!rows.with_case_weight && sums_.alone()
                                               ? now_.weight
                                               : rows.total_case_weight);
    now_ = finite_under_way_ = {};
    if (ledger_.epoch_completed(parameters_.weights.data(), loss, correct))
      outcome_.stop = Stop::patience;
    finite_.copy_from(parameters_);
  }

  // Whether SmallNetworkPass can run the epochs, with nothing to do between them.
  bool is_small_descent() const {
    return training_.method.rule == Rule::gradient_descent &&
           plan_.batch_size >= training_.rows.count && sums_.alone() &&
           !training_.objective.custom && !training_.rows.coded() &&
           SmallNetworkPass<T>::is_applicable(training_.network, training_.rows.count) &&
           update_.is_plain() && plan_.rate_factors.empty() && std::isinf(plan_.max_norm) &&
           plan_.dropout.empty() && !training_.rows.with_offset && !training_.validation &&
           !plan_.count_correct && std::isinf(plan_.patience);
  }

  // Runs epochs in rounds of 256 and returns their number. A round with numbers that are not finite
  // or with tiny losses is undone, and the general loop repeats it: to find the epoch that
  // diverged, and to compute the losses exactly.
  std::size_t descend_small() {
    pass_.load(training_.rows, nullptr, 0, training_.rows.count);
    if (!(pass_.weight() > 0)) return 0;
    SmallNetworkPass<T> small(pass_, training_.objective);
    std::vector<T> rates;
    std::vector<double> losses;
    std::size_t done = 0;
    while (done < plan_.epochs) {
      const std::size_t count = std::min<std::size_t>(plan_.epochs - done, 256);
      rates.resize(count);
      for (std::size_t i = 0; i < count; ++i) rates[i] = static_cast<T>(plan_.rate(done + i));
      small.run(rates, parameters_.weights.data(), losses);
      if (!all_finite(parameters_.weights) ||
          !std::all_of(losses.begin(), losses.end(),
                       [](double x) { return std::isfinite(x) && std::abs(x) >= tiny_loss<T>; })) {
        parameters_.copy_from(finite_);
        break;
      }
      parameters_.steps += static_cast<double>(count);
      for (double loss : losses)
        ledger_.epoch_completed(parameters_.weights.data(), loss / pass_.weight(), 0);
      finite_.copy_from(parameters_);
      done += count;
      if (watch_.ended(training_.rows.count * count, outcome_.stop)) break;
    }
    return done;
  }

  const Training<T>& training_;
  const Plan& plan_;
  State& state_;
  UnderWay& now_;
  Outcome& outcome_;
  Team& team_;
  Dropout dropout_;
  const std::size_t batches_;
  std::vector<std::size_t> batch_begin_;  // see batch_at(); empty unless is_part()
  const bool in_order_;
  Pass<T> pass_;
  Ledger<T> ledger_;
  Watch watch_;
  Parameters<T> parameters_, finite_;
  UnderWay finite_under_way_;
  Buffer<T> gradient_;
  Update<T> update_;
  Sums<T> sums_;
  std::vector<std::uint32_t> order_, blocks_;
  // the place of the first element of order_, and the numbers of blocks that have been put in order
  // and that have been announced
  std::size_t ordered_from_ = 0, ordered_blocks_ = 0, expected_ = 0;
};

}  // namespace

template <class T> Outcome train_first_order(const Training<T>& training, State& state) {
  Outcome outcome;
  Team team(training.plan.threads);
  FirstOrder<T>(training, state, outcome, team).run();
  return outcome;
}

template Outcome train_first_order<double>(const Training<double>&, State&);
template Outcome train_first_order<float>(const Training<float>&, State&);

}  // namespace backprop

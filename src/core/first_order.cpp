// First-order methods: for each batch, compute the gradient and update the parameters.
#include <cmath>

#include "ledger.h"
#include "objective.h"
#include "small_network.h"
#include "train.h"

namespace backprop {

namespace {

template <class T> bool all_finite(const Buffer<T>& numbers) {
  return std::all_of(numbers.data(), numbers.data() + numbers.size(),
                     [](T x) { return std::isfinite(x); });
}

// The parameters and moments, at the precision of training.
template <class T> struct Parameters {
  Buffer<T> weights, moment, moment2;
  double steps = 0;

  explicit Parameters(const State& state)
      : weights(state.weights.size()),
        moment(state.moment.size()),
        moment2(state.moment2.size()),
        steps(state.steps) {
    std::copy(state.weights.begin(), state.weights.end(), weights.data());
    std::copy(state.moment.begin(), state.moment.end(), moment.data());
    std::copy(state.moment2.begin(), state.moment2.end(), moment2.data());
  }
  void copy_from(const Parameters& other) {
    std::copy_n(other.weights.data(), weights.size(), weights.data());
    std::copy_n(other.moment.data(), moment.size(), moment.data());
    std::copy_n(other.moment2.data(), moment2.size(), moment2.data());
    steps = other.steps;
  }
  void copy_to(State& state) const {
    std::copy_n(weights.data(), state.weights.size(), state.weights.begin());
    std::copy_n(moment.data(), state.moment.size(), state.moment.begin());
    std::copy_n(moment2.data(), state.moment2.size(), state.moment2.begin());
    state.steps = steps;
  }
};

template <class T> double norm(const Buffer<T>& numbers) {
  double sum = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    sum += static_cast<double>(numbers.data()[i]) * static_cast<double>(numbers.data()[i]);
  return std::sqrt(sum);
}

// The constants of update `t`, counted from 1; the gradient is multiplied by `scale`.
template <class T> Step<T> step_of(const Method& method, double rate, double t, double scale) {
  Step<T> step;
  step.rate = static_cast<T>(rate);
  step.decay = static_cast<T>(method.decay);
  step.decay2 = static_cast<T>(method.decay2);
  step.epsilon = static_cast<T>(method.epsilon);
  step.corrected_rate = static_cast<T>(rate / (1 - std::pow(method.decay, t)));
  step.correction2 = static_cast<T>(1 / std::sqrt(1 - std::pow(method.decay2, t)));
  step.less = static_cast<T>(method.less);
  step.more = static_cast<T>(method.more);
  step.least = static_cast<T>(method.least);
  step.most = static_cast<T>(method.most);
  step.scale = static_cast<T>(scale);
  return step;
}

// One call of train_first_order(). `finite_` is the state after the last epoch with finite weights,
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
        batch_begin_(batches_ + 1),
        in_order_(!plan_.shuffle || batches_ == 1),
        plain_step_(!training.objective.has_penalty() && !std::isfinite(training.method.clip)),
        pass_(training.network, plan_.batch_size, false, !dropout_.rates.empty(), team,
              training.rows.coded()),
        ledger_(training.network, training.objective, plan_, training.validation, state, outcome,
                team),
        watch_(plan_, training.network),
        parameters_(state),
        finite_(state),
        finite_under_way_(state.under_way),
        gradient_(state.weights.size()),
        before_(plan_.rate_factors.size()),
        sums_(plan_, state.weights.size()) {
    for (std::size_t b = 0; b <= batches_; ++b) {
      const std::size_t begin = std::min(b * plan_.batch_size, training.rows.all),
                        before = training.rows.before;
      batch_begin_[b] = std::min(begin > before ? begin - before : 0, training.rows.count);
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
      if (!run_batches(plan_.rate(begun))) break;
      if (!all_finite(parameters_.weights)) {
        outcome_.stop = Stop::diverged;
        break;
      }
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
  // The order of all rows, of which those of this process are kept, and where its batches begin.
  void shuffle() {
    const Rows<T>& rows = training_.rows;
    const auto all = static_cast<std::uint32_t>(rows.all);
    if (plan_.in_blocks) {
      const std::uint32_t size = block_rows(rows.inputs);
      blocks_ = block_order(plan_.seed, state_.epoch + 1, all, size);
      order_ = row_order(plan_.seed, state_.epoch + 1, all, size, blocks_);
      expected_ = 0;
    } else {
      order_ = row_order(plan_.seed, state_.epoch + 1, all);
    }
    if (rows.count == rows.all) return;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < rows.all; ++i) {
      if (i % plan_.batch_size == 0) batch_begin_[i / plan_.batch_size] = kept;
      const std::size_t row = order_[i];
      if (row >= rows.before && row - rows.before < rows.count)
        order_[kept++] = static_cast<std::uint32_t>(row - rows.before);
    }
    batch_begin_[batches_] = kept;
  }

  // Tells the system which blocks of stored rows are next: those of the batch that begins there and
  // of the batches that follow it within the next blocks.
  void expect_blocks(std::size_t begin) {
    const Rows<T>& rows = training_.rows;
    if (!plan_.in_blocks || in_order_ || !rows.stored() || rows.count != rows.all) return;
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
      if (weight > 0) take_step(rate, weight);
      ++now_.batch;
      if (outcome_.ended()) break;
    }
    return now_.batch == batches_;
  }

  // Adds up the loss and the gradient of one batch. False if interrupted before its last piece, or
  // with several processes at any time.
  bool add_batch(double& loss, double& weight, double& correct) {
    const std::size_t begin = batch_begin_[now_.batch],
                      count = batch_begin_[now_.batch + 1] - begin;
    bool ended = false;
    expect_blocks(begin);
    for_each_piece(begin, count, [&](std::size_t first, std::size_t piece) {
      if (ended) return;
      pass_.load(training_.rows, in_order_ ? nullptr : order_.data(), first, piece);
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

  // Updates the parameters with the gradient of a batch with this total weight.
  void take_step(double rate, double weight) {
    const Objective& objective = training_.objective;
    const Method& method = training_.method;
    double scale = objective.mean ? 1 / weight : 1;
    // without penalty and clipping the update itself applies the scale
    if (!plain_step_) {
      const double share = objective.mean ? 1 : weight / training_.rows.total_weight;
      finish_gradient(training_.network, objective, parameters_.weights.data(), scale, share,
                      gradient_.data());
      scale = 1;
    }
    clear_frozen(plan_.rate_factors, gradient_.data());
    std::copy_n(parameters_.weights.data(), before_.size(), before_.data());
    if (std::isfinite(method.clip)) {
      const double size = norm(gradient_);
      if (size > method.clip)
        for (std::size_t i = 0; i < gradient_.size(); ++i)
          gradient_.data()[i] *= static_cast<T>(method.clip / size);
    }
    if (method.weight_decay > 0) {
      const T kept = static_cast<T>(1 - rate * method.weight_decay);
      for_each_weight(training_.network, parameters_.weights.data(),
                      [&](std::size_t i, T w) { parameters_.weights.data()[i] = w * kept; });
    }
    parameters_.steps += 1;
    const Step<T> step = step_of<T>(method, rate, parameters_.steps, scale);
    team_.run([&](const Team::Share& share) {
      share.part_of(parameters_.weights.size(), line<T>, [&](std::size_t begin, std::size_t end) {
        auto from = [&](Buffer<T>& numbers) {
          return numbers.empty() ? nullptr : numbers.data() + begin;
        };
        kernels<T>().update(method.rule, step, end - begin, from(parameters_.weights),
                            from(gradient_), from(parameters_.moment), from(parameters_.moment2));
      });
    });
    scale_step();
    if (std::isfinite(plan_.max_norm)) limit_norms();
  }

  // Multiplies the change of each parameter by its factor. Frozen ones keep their bits.
  void scale_step() {
    T* weights = parameters_.weights.data();
    for (std::size_t i = 0; i < plan_.rate_factors.size(); ++i) {  // before_ is padded
      const T factor = static_cast<T>(plan_.rate_factors[i]), old = before_.data()[i];
      if (factor == 0)
        weights[i] = old;
      else if (factor != 1)
        weights[i] = old + factor * (weights[i] - old);
    }
  }

  // Scales down the weights of each hidden unit with a norm above max_norm (Srivastava et al.
  // 2014). Units with frozen weights are left as they are.
  void limit_norms() {
    const std::vector<Layer>& layers = training_.network.layers;
    for (std::size_t l = 0; l + 1 < layers.size(); ++l)
      for (std::size_t u = 0; u < layers[l].units; ++u) {
        const std::size_t at = layers[l].weights_at + u * layers[l].inputs;
        T* weights = parameters_.weights.data() + at;
        double squares = 0;
        bool frozen = false;
        for (std::size_t k = 0; k < layers[l].inputs; ++k) {
          squares += static_cast<double>(weights[k]) * static_cast<double>(weights[k]);
          frozen = frozen || (before_.size() > 0 && plan_.rate_factors[at + k] == 0);
        }
        const double norm = std::sqrt(squares);
        if (frozen || !(norm > plan_.max_norm)) continue;
        const T factor = static_cast<T>(plan_.max_norm / norm);
        for (std::size_t k = 0; k < layers[l].inputs; ++k) weights[k] *= factor;
      }
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
           plain_step_ && plan_.rate_factors.empty() && std::isinf(plan_.max_norm) &&
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
  std::vector<std::size_t> batch_begin_;  // the first row of each batch, and the end of the last
  const bool in_order_, plain_step_;
  Pass<T> pass_;
  Ledger<T> ledger_;
  Watch watch_;
  Parameters<T> parameters_, finite_;
  UnderWay finite_under_way_;
  Buffer<T> gradient_, before_;
  Sums<T> sums_;
  std::vector<std::uint32_t> order_, blocks_;
  std::size_t expected_ = 0;  // the number of blocks that have been announced
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
